"""``torch.hub.load(repository, model)``: what the ``hubconf.py`` of well-known repositories fetch.

Source: pytorch/vision 0.20 and rwightman/pytorch-pretrained-gluonresnet (the model's name and a
digest), facebookresearch/deit (the same), facebookresearch/dinov2 ``hub/backbones.py``,
facebookresearch/esm ``esm/pretrained.py``, and ``hubconf.py`` of isl-org/MiDaS 3.1,
isl-org/ZoeDepth, facebookresearch/dino, facebookresearch/barlowtwins, bshall/hubert 0.2,
tarepan/SpeechMOS, ultralytics/yolov5 7.0 and WongKinYiu/yolov7. The code is fetched anew: no name
is certain.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import HOLE, Rung, is_exact
from torchload_lint.source.domain.values import Text, unknown
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_DIGESTED = frozenset(
    {"pytorch/vision", "rwightman/pytorch-pretrained-gluonresnet", "facebookresearch/deit"}
)
"""Repositories whose files are called like the model, with a digest."""
_ONLY_IF_ASKED = _DIGESTED | {"isl-org/ZoeDepth"}
"""Repositories that load nothing unless they are asked to."""
_FILES = {
    "facebookresearch/barlowtwins": {"resnet50": "resnet50.pth"},
    "facebookresearch/dino": {
        "dino_vits16": "dino_deitsmall16_pretrain.pth",
        "dino_vits8": "dino_deitsmall8_pretrain.pth",
        "dino_vitb16": "dino_vitbase16_pretrain.pth",
        "dino_vitb8": "dino_vitbase8_pretrain.pth",
    },
    "isl-org/MiDaS": {
        "DPT_Large": "dpt_large_384.pt",
        "DPT_Hybrid": "dpt_hybrid_384.pt",
        "DPT_BEiT_L_512": "dpt_beit_large_512.pt",
        "DPT_BEiT_L_384": "dpt_beit_large_384.pt",
        "DPT_SwinV2_L_384": "dpt_swin2_large_384.pt",
        "DPT_SwinV2_T_256": "dpt_swin2_tiny_256.pt",
        "MiDaS": "midas_v21_384.pt",
        "MiDaS_small": "midas_v21_small_256.pt",
    },
    "isl-org/ZoeDepth": {
        "ZoeD_N": "ZoeD_M12_N.pt",
        "ZoeD_K": "ZoeD_M12_K.pt",
        "ZoeD_NK": "ZoeD_M12_NK.pt",
    },
    "bshall/hubert": {
        "hubert_soft": f"hubert-soft-{HOLE}.pt",
        "hubert_discrete": f"hubert-discrete-{HOLE}.pt",
        "kmeans100": f"kmeans100-{HOLE}.pt",
    },
    "tarepan/SpeechMOS": {"utmos22_strong": "utmos22_strong_step7459_v1.pt"},
}
"""Repository → model → file."""
_NAMED_LIKE_MODEL = {
    "facebookresearch/dinov2": f"{HOLE}_pretrain.pth",
    "facebookresearch/dino": "_pretrain.pth",
    "facebookresearch/esm": ".pt",
}
"""Repositories whose files are called like the model, and how they go on."""
_ALSO_CALLED = {"intel-isl/MiDaS": "isl-org/MiDaS", "intel-isl/ZoeDepth": "isl-org/ZoeDepth"}
_YOLO = {"ultralytics/yolov5": "path", "WongKinYiu/yolov7": "path_or_model"}
"""Repositories that keep their files in the current folder, and open the one that ``custom`` is
given under this name.
"""
_FETCHED = ("what the repository's own code fetches",)
_ASKING = frozenset({"pretrained", "weights"})


def _fetched(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """The file that the model is restored from, in torch's cache."""
    given = arguments(evaluator, call, frame)
    asked = [each.value for each in call.keywords if each.arg in _ASKING]
    if any(isinstance(each, ast.Constant) and not each.value for each in asked):
        return unknown("the model is not restored")
    found: list[Value] = []
    for repository in map(_repository, given.at(0, "repo_or_dir")):
        for model in given.at(1, "model"):
            if repository in _YOLO and isinstance(model, Text) and model.text == "custom":
                found += given.at(2, _YOLO[repository])
            elif name := _name(repository, model, asks=bool(asked)):
                found.append(Text(name, why=_FETCHED, rung=Rung.DOWNLOAD))
    return tuple(found) or unknown("the call does not say which file")


def _repository(value: Value) -> str:
    name = value.text.partition(":")[0] if isinstance(value, Text) else ""
    return _ALSO_CALLED.get(name, name)


def _name(repository: str, model: Value, *, asks: bool) -> str:
    """Where a model's file is; empty where that is not known."""
    if not isinstance(model, Text) or not is_exact(model.text):
        return ""
    if repository in _ONLY_IF_ASKED and not asks:
        return ""
    if repository in _YOLO:
        return f"{model.text}.pt" if model.text.startswith("yolo") else ""
    name = _FILES.get(repository, {}).get(model.text, "")
    if repository in _DIGESTED:
        name = f"{model.text}{HOLE}-{HOLE}.pth"
    elif not name and repository in _NAMED_LIKE_MODEL:
        name = f"{model.text.removesuffix('_lc')}{_NAMED_LIKE_MODEL[repository]}"
    return f"{HOLE}/checkpoints/{name}" if name else ""


CALLS: dict[str, Known] = {"torch.hub.load": _fetched}
