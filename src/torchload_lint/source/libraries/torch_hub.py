"""torch.hub and its kin: files in torch's cache, under the name that the URL ends in.

Source: torch 2.13 ``hub.py``: ``<hub dir>/checkpoints/<name in the URL>``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import patterns, strings
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.methods import joined_paths
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Constant, Text, lift, unknown
from torchload_lint.source.libraries.builtins_known import parsed_url
from torchload_lint.source.project.called_objects import GIVING_BACK
from torchload_lint.source.state.evaluated_arguments import arguments, first

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

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
    found = joined_paths(folders or (Text(f"{TORCH_CACHE}/checkpoints"),), names)
    return lift(found, Rung.DOWNLOAD)


def _name_in_url(url: Text) -> Text:
    name = patterns.base(url.text.partition("?")[0].partition("#")[0])
    return strings.changed(url, name)


def _torch_home(*_: object) -> Values:
    return (Text("~/.cache/torch", rung=Rung.DOWNLOAD),)


def _hub_folder(*_: object) -> Values:
    return (Text(TORCH_CACHE, rung=Rung.DOWNLOAD),)


def _returns_nothing(*_: object) -> Values:
    return unknown("nothing is returned")


CALLS: dict[str, Known] = {
    **dict.fromkeys(_TO_TORCH_CACHE, _torch_hub_file),
    **dict.fromkeys(GIVING_BACK, first),
    "torch.hub.urlparse": parsed_url,
    "torch.hub.get_dir": _hub_folder,
    "torch.hub._get_torch_home": _torch_home,
    "torch.hub.download_url_to_file": _returns_nothing,
    "timm.models.hub.get_cache_dir": _timm_cache,
    "timm.models._hub.get_cache_dir": _timm_cache,
}
CERTAIN = frozenset({"torch.compile"})
