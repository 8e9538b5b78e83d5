"""torch.hub and its kin: files in torch's cache, under the name that the URL ends in.

Source: torch 2.13 ``hub.py``: ``<hub dir>/checkpoints/<name in the URL>``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.source.domain import patterns, strings
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.methods import join_paths
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Constant, Text, lift, unknown
from torchload_lint.source.libraries.builtins_known import parsed_url
from torchload_lint.source.project.called_objects import GIVING_BACK
from torchload_lint.source.state.evaluated_arguments import arguments, first

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

TORCH_CACHE = f"{patterns.HOME}/.cache/torch/hub"

_TO_TORCH_CACHE = (
    *("torch.hub.load_state_dict_from_url", "torch.utils.model_zoo.load_url"),
    *("timm.models.hub.download_cached_file", "torchvision.models.utils.load_state_dict_from_url"),
    *("torchvision._internally_replaced_utils.load_state_dict_from_url",),
)
_FACEXLIB = ("facexlib.utils.load_file_from_url", "facexlib.utils.misc.load_file_from_url")


def _timm_cache(*_: object) -> Values:
    return (Text(f"{TORCH_CACHE}/checkpoints", rung=Rung.DOWNLOAD),)


def _torch_hub_file(
    evaluator: Evaluator, call: ast.Call, frame: Frame, *, name_at: int = 5, saved_at: int = 1
) -> Values:
    """``<hub dir>/checkpoints/<file_name, or the name in the URL>``. ``name_at``, ``saved_at``: the
    places of the file's name, and of the folder that replaces the hub's.
    """
    given = arguments(evaluator, call, frame)
    folders = _some(given.at(saved_at, "model_dir" if saved_at == 1 else "save_dir"))
    names = _some(given.at(name_at, "file_name"))
    if not names:
        urls = map(as_text, given.at(0, "url"))
        names = tuple(_name_in_url(each) for each in urls if not _is_local(each))
    found = join_paths(folders or (Text(f"{TORCH_CACHE}/checkpoints"),), (names,))
    return lift(found, Rung.DOWNLOAD)


def _facexlib_file(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """Facexlib 0.3.0, ``utils/misc.py``: below its own folder, where ``save_dir`` is not given."""
    if len(call.args) < 5 and "save_dir" not in {each.arg for each in call.keywords}:  # noqa: PLR2004
        return unknown("a folder of facexlib's own")
    return _torch_hub_file(evaluator, call, frame, name_at=3, saved_at=4)


def _some(values: Values) -> Values:
    """Without ``None``."""
    return tuple(each for each in values if not isinstance(each, Constant))


def _is_local(url: Text) -> bool:
    """Whether it is a path of which the beginning is known, or that a written command line gives
    where there may be addresses.
    """
    is_known = url.rung is Rung.COMMAND_LINE or not url.text.startswith(patterns.HOLE)
    return is_known and "://" not in url.text


def _name_in_url(url: Text) -> Text:
    name = patterns.base(url.text.partition("?")[0].partition("#")[0])
    return strings.changed(url, name)


def _torch_home(*_: object) -> Values:
    return (Text(f"{patterns.HOME}/.cache/torch", rung=Rung.DOWNLOAD),)


def _hub_folder(*_: object) -> Values:
    return (Text(TORCH_CACHE, rung=Rung.DOWNLOAD),)


def _returns_nothing(*_: object) -> Values:
    return unknown("nothing is returned")


CALLS: dict[str, Known] = {
    **dict.fromkeys(_TO_TORCH_CACHE, _torch_hub_file),
    "basicsr.utils.download_util.load_file_from_url": partial(_torch_hub_file, name_at=3),
    **dict.fromkeys(_FACEXLIB, _facexlib_file),
    **dict.fromkeys(GIVING_BACK, first),
    "torch.hub.urlparse": parsed_url,
    "torch.hub.get_dir": _hub_folder,
    "torch.hub._get_torch_home": _torch_home,
    "torch.hub.download_url_to_file": _returns_nothing,
    "timm.models.hub.get_cache_dir": _timm_cache,
    "timm.models._hub.get_cache_dir": _timm_cache,
}
CERTAIN = frozenset({"torch.compile"})
