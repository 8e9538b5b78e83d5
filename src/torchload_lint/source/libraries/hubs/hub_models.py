"""``torch.hub.load(repository, model)``: what the ``hubconf.py`` of well-known repositories fetch.

Source: pytorch/vision 0.20 and rwightman/pytorch-pretrained-gluonresnet (the model's name and a
digest), facebookresearch/deit (the same), facebookresearch/dinov2 ``hub/backbones.py``, and
isl-org/MiDaS 3.1 ``hubconf.py``. The code is fetched anew, so that no name is certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import HOLE, Rung, is_exact
from torchload_lint.source.domain.values import Text, unknown
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_DIGESTED = frozenset(
    {"pytorch/vision", "rwightman/pytorch-pretrained-gluonresnet", "facebookresearch/deit"}
)
"""Repositories whose files are called like the model, with a digest, and which load nothing unless
they are asked to."""
_MIDAS = {
    "DPT_Large": "dpt_large_384.pt",
    "DPT_Hybrid": "dpt_hybrid_384.pt",
    "MiDaS": "midas_v21_384.pt",
    "MiDaS_small": "midas_v21_small_256.pt",
}
_OF_MIDAS = frozenset({"intel-isl/MiDaS", "isl-org/MiDaS"})
_ASKING = frozenset({"pretrained", "weights"})


def _fetched(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """The file that the model is restored from, in torch's cache."""
    given = arguments(evaluator, call, frame)
    asks = any(keyword.arg in _ASKING for keyword in call.keywords)
    names = [
        name
        for repository in given.at(0, "repo_or_dir")
        for model in given.at(1, "model")
        if (name := _name(repository, model, asks=asks))
    ]
    if not names:
        return unknown("the call does not say which file")
    why = ("what the repository's own code fetches",)
    return tuple(Text(f"{HOLE}/checkpoints/{name}", why=why, rung=Rung.DOWNLOAD) for name in names)


def _name(repository: Value, model: Value, *, asks: bool) -> str:
    """What a model's file is called; empty where that is not known."""
    if not isinstance(repository, Text) or not isinstance(model, Text) or not is_exact(model.text):
        return ""
    name = repository.text.partition(":")[0]
    if name in _DIGESTED and asks:
        return f"{model.text}{HOLE}-{HOLE}.pth"
    if name == "facebookresearch/dinov2":
        return f"{model.text.removesuffix('_lc')}{HOLE}_pretrain.pth"
    return _MIDAS.get(model.text, "") if name in _OF_MIDAS else ""


CALLS: dict[str, Known] = {"torch.hub.load": _fetched}
