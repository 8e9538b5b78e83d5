"""torch.hub and its kin: files in torch's cache, under the name that the URL ends in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import patterns, strings
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Constant, Text
from torchload_lint.source.libraries.downloaders import _joined
from torchload_lint.source.state.arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator

TORCH_CACHE = "~/.cache/torch/hub"

_TO_TORCH_CACHE = (
    *("torch.hub.load_state_dict_from_url", "torch.utils.model_zoo.load_url"),
    *("timm.models.hub.download_cached_file", "torchvision.models.utils.load_state_dict_from_url"),
    *("torchvision._internally_replaced_utils.load_state_dict_from_url",),
    *("basicsr.utils.download_util.load_file_from_url", "facexlib.utils.load_file_from_url"),
)


def _timm_cache(*_: object) -> Values:
    return (Text(f"{TORCH_CACHE}/checkpoints", rung=Rung.DOWNLOAD),)


def _torch_hub_file(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``<hub dir>/checkpoints/<file_name, or the name in the URL>``."""
    given = arguments(evaluator, call, frame)
    folders = given.at(1, "model_dir")
    folders = tuple(each for each in folders if not isinstance(each, Constant))
    names = tuple(each for each in given.named.get("file_name", ()) if isinstance(each, Text))
    if not names:
        names = tuple(_name_in_url(as_text(url)) for url in given.at(0, "url"))
    return _joined(folders or (Text(f"{TORCH_CACHE}/checkpoints"),), names)


def _name_in_url(url: Text) -> Text:
    name = patterns.base(url.text.partition("?")[0].partition("#")[0])
    return strings.changed(url, name)
