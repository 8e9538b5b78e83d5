"""A configuration file and those that it builds on (``extend``) → the settings that hold.

Which file is named may be a stranger's word: what lies outside of the repository is read only
where the user has named the first file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.config import ConfigError
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_EXTENDED = 20
"""How many files a configuration may build on."""
_TABLES = frozenset({"checkpoints", "loads", "renames", "per_file_ignores"})
"""Settings that are tuples of entries, each with its key first."""
_ADDING_UP = frozenset({"extend_select", "extend_ignore", "extend_exclude"})


class Layer(NamedTuple):
    """One file, and what it says itself, by the fields of Config."""

    file: Path
    settings: dict[str, Any]


def layers(
    file: Path,
    settings: dict[str, Any],
    read: Callable[[Path], dict[str, Any]],
    *,
    is_named: bool,
) -> list[Layer]:
    """A file and those that it builds on, the nearest first.

    ``is_named``: whether the user has named the first one. Raises ConfigError for a file that is
    not there, says nothing, lies elsewhere, or builds on itself, and what ``read`` raises.
    """
    repository = None if is_named else _repository(file)
    found = [Layer(file, settings)]
    while name := found[-1].settings.get("extend"):
        following = found[-1].file.parent / name
        try:
            _refuse_wrong(following, found, repository)
            found.append(Layer(following, read(following)))
        except ConfigError as error:
            error.extended = (*(layer.file for layer in found[1:]), following)
            raise
    return found


def joined(found: Sequence[Layer]) -> dict[str, Any]:
    """The settings of all layers together, their files, and which entries come from those."""
    settings: dict[str, Any] = {}
    for layer in reversed(found):
        settings = _over(settings, layer.settings)
    own, extended = found[0].settings, tuple(layer.file for layer in found[1:])
    shared = {
        entry[0]
        for key in ("loads", "renames")
        for entry in settings.get(key, ())
        if entry not in own.get(key, ())
    }
    return {**settings, "extended": extended, "shared": frozenset(shared)}


def _repository(file: Path) -> Path:
    """The closest folder above a file that holds a ``.git``; else the file's own."""
    folder = Path(os.path.realpath(file.parent))
    above = (folder, *folder.parents)
    return next((one for one in above if os.path.lexists(one / ".git")), folder)


def _refuse_wrong(file: Path, found: Sequence[Layer], repository: Path | None) -> None:
    """Raises ConfigError for a file that cannot be built on."""
    if why := _what_is_wrong(file, found, repository):
        raise ConfigError(f"{found[-1].file}: extend names {file}, which {why}")


def _what_is_wrong(file: Path, found: Sequence[Layer], repository: Path | None) -> str:
    """Why a file cannot be built on; empty where it can."""
    real = Path(os.path.realpath(file))
    if repository is not None and repository not in real.parents:
        return f"lies outside of {repository} (`--config {found[0].file}` allows that)"
    if any(os.path.realpath(layer.file) == str(real) for layer in found):
        return "builds on this one: " + " -> ".join(str(layer.file) for layer in found)
    if len(found) > MOST_EXTENDED:
        return f"is one too many: a configuration builds on {MOST_EXTENDED} files at most"
    return "" if os.path.isfile(real) else "is not a file that is there"


def _over(below: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The settings of a file over those that it builds on."""
    both = below.keys() & own.keys()
    merged = {**below, **own}
    for key in both & _ADDING_UP:
        merged[key] = (*below[key], *own[key])
    for key in both & _TABLES:
        known = {entry[0] for entry in own[key]}
        merged[key] = (*own[key], *(entry for entry in below[key] if entry[0] not in known))
    return merged
