"""Files that come from the net: where each downloader keeps its local copy.

Sources: huggingface_hub (``file_download.py``: ``models--org--name/snapshots/<commit>/<file>``),
torch 2.13 (``hub.py``: ``<hub dir>/checkpoints/<name in the URL>``), gdown, ``cached_path``
implementations whose names are hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import strings
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import HOLE, Rung
from torchload_lint.source.domain.values import Constant, Text, lift, union, unknown
from torchload_lint.source.libraries.downloaders import (
    _LOCAL_OR_HASHED,
    _joined,
    _local_or_hashed,
    _to_argument,
    _to_argument_in_tuple,
)
from torchload_lint.source.libraries.torch_hub import (
    _TO_TORCH_CACHE,
    TORCH_CACHE,
    _timm_cache,
    _torch_hub_file,
)
from torchload_lint.source.state.arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.arguments import Arguments
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

HUB_CACHE = "~/.cache/huggingface/hub"


def table() -> dict[str, Known]:
    """Canonical name → where the file is afterwards."""
    return {
        **dict.fromkeys(_HUB_FILES, _hub_file),
        **dict.fromkeys(_HUB_SNAPSHOTS, _hub_snapshot),
        **dict.fromkeys(_TO_TORCH_CACHE, _torch_hub_file),
        "torch.hub.get_dir": lambda *_: (Text(TORCH_CACHE, rung=Rung.DOWNLOAD),),
        "torch.hub._get_torch_home": lambda *_: (Text("~/.cache/torch", rung=Rung.DOWNLOAD),),
        "timm.models.hub.get_cache_dir": _timm_cache,
        "timm.models._hub.get_cache_dir": _timm_cache,
        "torch.hub.download_url_to_file": lambda *_: unknown("nothing is returned"),
        "gdown.download": _to_argument,
        "urllib.request.urlretrieve": _to_argument_in_tuple,
        "wget.download": _to_argument,
        **dict.fromkeys(_LOCAL_OR_HASHED, _local_or_hashed),
    }


_HUB_FILES = (
    *("huggingface_hub.hf_hub_download", "huggingface_hub.file_download.hf_hub_download"),
    *("huggingface_hub.cached_download", "modelscope.hub.file_download.model_file_download"),
    *("transformers.utils.cached_file", "transformers.utils.hub.cached_file"),
    "huggingface_hub.try_to_load_from_cache",
)
_HUB_SNAPSHOTS = (
    *("huggingface_hub.snapshot_download", "modelscope.snapshot_download"),
    "modelscope.hub.snapshot_download.snapshot_download",
)


def _hub_file(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``hf_hub_download(repo_id, filename)`` in the hub's cache, or in ``local_dir``."""
    given = arguments(evaluator, call, frame)
    names = given.at(1, "filename") or unknown("the file's name")
    folders = given.named.get("local_dir", ())
    folders = tuple(folder for folder in folders if not isinstance(folder, Constant))
    repositories = given.at(0, "repo_id") or unknown("the repository")
    if not folders:
        folders = union(*(_snapshot(as_text(each), given) for each in repositories))
    return _joined(folders, names)


def _snapshot(repository: Text, given: Arguments) -> Values:
    cached = given.named.get("cache_dir", ())
    cached = tuple(each for each in cached if not isinstance(each, Constant))
    name = repository.text.replace("/", "--")
    inside = strings.changed(repository, f"models--{name}/snapshots/{HOLE}")
    inside = Text(inside.text, why=("the commit of the hub",), rung=Rung.DOWNLOAD)
    return _joined(cached or (Text(HUB_CACHE),), (inside,))


def _hub_snapshot(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    local = tuple(each for each in given.named.get("local_dir", ()) if isinstance(each, Text))
    repositories = given.at(0, "repo_id") or unknown("the repository")
    found = local or union(*(_snapshot(as_text(each), given) for each in repositories))
    return lift(found, Rung.DOWNLOAD)
