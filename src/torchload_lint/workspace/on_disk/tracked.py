"""Whether git tracks the modules that checked files import because a fix wrote them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchload_lint.fixes.restoring import helper_place
from torchload_lint.helper_module import NAME
from torchload_lint.regular_files import read_regular
from torchload_lint.workspace.on_disk.git_files import files_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def untracked_helpers(files: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file that imports a module which is there and which git does not track, with it.

    The fixed file would be committed, and not the module.
    """
    places = ((file, _place(file)) for file in files)
    answers: dict[Path, bool] = {}
    for file, place in places:
        if place is not None and place not in answers:
            answers[place] = _is_tracked(place)
        if place is not None and not answers[place]:
            yield file, place


def _place(file: Path) -> Path | None:
    """Where the module lies that a file imports; None where it imports none, or none is there."""
    try:
        data = read_regular(os.fspath(file))
    except (OSError, ValueError):
        return None
    if NAME.encode() not in data:
        return None
    place = helper_place(file, data.decode("utf-8", "replace"))
    return place if place is not None and place.exists() else None


def _is_tracked(path: Path) -> bool:
    """Whether git says so; where git cannot be asked, it does not."""
    return bool(files_known(path.parent, "--cached", "--", path.name))
