"""huggingface_hub and modelscope: files in the hub's cache, or where they are put.

Source: huggingface_hub ``file_download.py``: ``models--org--name/snapshots/<commit>/<file>``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from torchload_lint.source.domain import strings
from torchload_lint.source.domain.conversions import as_text, combine
from torchload_lint.source.domain.methods import join_paths
from torchload_lint.source.domain.patterns import HOLE, HOME, Rung, is_exact
from torchload_lint.source.domain.values import Constant, Text, lift, union, unknown
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.arguments import Arguments
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

HUB_CACHE = f"{HOME}/.cache/huggingface/hub"


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
    inside = tuple(each for each in given.named.get("subfolder", ()) if isinstance(each, Text))
    names = join_paths(inside, (names,)) if inside else names
    folders = given.named.get("local_dir", ())
    folders = tuple(folder for folder in folders if not isinstance(folder, Constant))
    repositories = given.at(0, "repo_id") or unknown("the repository")
    if not folders:
        folders = union(*(_snapshot(as_text(each), given) for each in repositories))
    return _downloaded(folders, names)


def _file_of_hub(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """The same, with its address on the hub where the code says all of it."""
    given = arguments(evaluator, call, frame)
    name = given.at(1, "filename") or unknown("the file's name")
    parts = (given.named.get("subfolder", ()), name)
    return _from_hub(_hub_file(evaluator, call, frame), call, given, *parts)


def _snapshot_of_hub(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    return _from_hub(_hub_snapshot(evaluator, call, frame), call, given)


def _address(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``hf_hub_url(repo_id, filename)``: the address, of which a download takes its name."""
    given = arguments(evaluator, call, frame)
    inside = tuple(each for each in given.named.get("subfolder", ()) if isinstance(each, Text))
    names = given.at(1, "filename") or unknown("the file's name")
    names = join_paths(inside, (names,)) if inside else names
    repositories = map(as_text, given.at(0, "repo_id") or unknown("the repository"))
    folders = [_folder_of_address(repository, given) for repository in repositories]
    return tuple(
        combine(folder, name, f"{folder.text}/{_quoted(name.text)}")
        for folder in folders
        for name in map(as_text, names)
    )


def _folder_of_address(repository: Text, given: Arguments) -> Text:
    asked = (given.named.get(key, ()) for key in ("repo_type", "revision", "endpoint"))
    kind, revision, endpoint = map(_only_text, asked)
    if kind is None or revision is None or endpoint != "":
        return Text(f"https://{HOLE}", why=("which address of the hub it is",))
    prefix = f"{kind}s/" if kind in {"dataset", "space"} else ""
    at = quote(revision or "main", safe="")
    return strings.changed(
        repository, f"https://huggingface.co/{prefix}{repository.text}/resolve/{at}"
    )


def _quoted(name: str) -> str:
    return quote(name) if is_exact(name) else name


def _model_file(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``_get_model_file(folder or repository, weights_name=…)`` of diffusers: the file of that
    name there, in the hub's cache, or the file that is given itself.
    """
    given = arguments(evaluator, call, frame)
    names = given.named.get("weights_name", ()) or unknown("the file's name")
    folder = Text(HOLE, why=("the folder of a model, or of the hub's cache",))
    return _downloaded((folder,), names)


def _from_hub(found: Values, call: ast.Call, given: Arguments, *inside: Values) -> Values:
    """What was found, with the address of what is ``inside`` a repository as its origin."""
    named = (given.named.get(key, ()) for key in ("repo_type", "revision"))
    texts = [_only_text(values) for values in (given.at(0, "repo_id"), *named, *inside)]
    known = [text for text in texts if text is not None]
    unpacked = any(keyword.arg is None for keyword in call.keywords)
    if len(found) != 1 or not isinstance(found[0], Text) or len(known) < len(texts) or unpacked:
        return found
    repository, kind, revision, *path = known
    if not repository:
        return found
    prefix = f"{kind}s/" if kind in {"dataset", "space"} else ""
    at = f"{repository}@{revision}" if revision else repository
    address = "/".join(filter(None, (f"hf://{prefix}{at}", *path)))
    return (found[0].changed(origin=address),)


def _only_text(values: Values) -> str | None:
    """The one text that is known; empty where nothing, or None, is given; else None."""
    texts = [each for each in values if not (isinstance(each, Constant) and each.value is None)]
    if not texts:
        return ""
    one = texts[0]
    is_known = len(texts) == len(values) == 1 and isinstance(one, Text) and is_exact(one.text)
    return one.text if is_known and isinstance(one, Text) else None


def _snapshot(repository: Text, given: Arguments) -> Values:
    cached = given.named.get("cache_dir", ())
    cached = tuple(each for each in cached if not isinstance(each, Constant))
    name = repository.text.replace("/", "--")
    inside = strings.changed(repository, f"models--{name}/snapshots/{HOLE}")
    inside = Text(inside.text, why=(*repository.why, "the commit of the hub"), rung=Rung.DOWNLOAD)
    return _downloaded(cached or (Text(HUB_CACHE),), (inside,))


def _hub_snapshot(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    local = tuple(each for each in given.named.get("local_dir", ()) if isinstance(each, Text))
    repositories = given.at(0, "repo_id") or unknown("the repository")
    found = local or union(*(_snapshot(as_text(each), given) for each in repositories))
    return lift(found, Rung.DOWNLOAD)


def _downloaded(folders: Values, names: Values) -> Values:
    return lift(join_paths(folders, (names,)), Rung.DOWNLOAD)


CALLS: dict[str, Known] = {
    **dict.fromkeys(_HUB_FILES, _hub_file),
    **{name: _file_of_hub for name in _HUB_FILES if name.startswith("huggingface_hub.")},
    **dict.fromkeys(_HUB_SNAPSHOTS, _hub_snapshot),
    "huggingface_hub.snapshot_download": _snapshot_of_hub,
    **dict.fromkeys(
        ("huggingface_hub.hf_hub_url", "huggingface_hub.file_download.hf_hub_url"), _address
    ),
    **{f"diffusers.utils.{rest}_get_model_file": _model_file for rest in ("", "hub_utils.")},
}
