"""Which modules a file imports when it is imported itself, and what that leads to."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING

from torchload_lint.source.text.import_rows import import_targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.index import ProjectIndex

_MOST_FILES_IN_A_CIRCLE = 400


def closes_circle(project: ProjectIndex, importing_path: str, defining_module: str) -> bool:
    """Whether importing ``defining_module`` would come back to ``importing_path``, so that the
    import belongs inside the function.

    Walks the top-level imports of project files; where there are too many, the answer is yes.
    """
    waiting = list(files_named_by(project, defining_module, importing_path))
    # The packages around the importing file are being imported already: they are not run again.
    seen = {path for path in _packages_around(importing_path) if path != importing_path}
    while waiting:
        path = waiting.pop()
        if path == importing_path or len(seen) > _MOST_FILES_IN_A_CIRCLE:
            return True
        if path not in seen:
            seen.add(path)
            waiting += _imported_files(project, path)
    return False


def runs(project: ProjectIndex, script: str, path: str) -> bool:
    """Whether a file is another one, or imports it, itself or through others; where there are too
    many, the answer is yes.
    """
    found = project.remember(
        ("runs", script, path), lambda: _leads_to(project, script, path), stands=True
    )
    return found is not False


def is_imported_above(project: ProjectIndex, path: str, row: int, other: str) -> bool:
    """Whether a file certainly imports another one above a row: by statements that stand in no
    block, its own or those of files that it imports so; with too many of them, the answer is no.
    """
    return _leads_to(project, path, other, certain=True, row=row) is True


def _leads_to(
    project: ProjectIndex, start: str, path: str, *, certain: bool = False, row: int | None = None
) -> bool | None:
    """Whether imports lead from a file to another one; None where there are too many to say."""
    waiting, seen = [start], {start}
    while waiting:
        one = waiting.pop()
        if one == path:
            return True
        if len(seen) > _MOST_FILES_IN_A_CIRCLE:
            return None
        above = row if one == start else None
        found = _imported_files(project, one, certain, above)
        waiting += (further := [each for each in found if each not in seen])
        seen.update(further)
    return False


def _imported_files(
    project: ProjectIndex, path: str, certain: bool = False, row: int | None = None
) -> tuple[str, ...]:
    """The files that a file imports, above a row where one is given."""

    def find() -> tuple[str, ...]:
        names = dict.fromkeys(name for _, name in _targets_in(project, path, certain)[:count])
        return tuple(each for name in names for each in files_named_by(project, name, path))

    targets = _targets_in(project, path, certain)
    count = len(targets) if row is None else bisect_left(targets, row, key=itemgetter(0))
    return project.remember(("imported files", path, certain, count), find, stands=True)


def _targets_in(project: ProjectIndex, path: str, certain: bool) -> list[tuple[int, str]]:
    """What a file may import a module by, each with the row that it stands in."""

    def find() -> list[tuple[int, str]]:
        text = project.files.text(path) or ""
        return import_targets(text, project.module_name(path), path, certain=certain)

    return project.remember(("import targets", path, certain), find, stands=True)


def files_named_by(project: ProjectIndex, dotted: str, near: str) -> Iterator[str]:
    """The files that importing a dotted name runs: the packages on the way, and the module."""
    parts = dotted.split(".")
    for length in range(1, len(parts) + 1):
        found = project.layout.locate(".".join(parts[:length]), near)
        if found is not None and found != near:
            yield found


def _packages_around(path: str) -> Iterator[str]:
    folders = path.split("/")[:-1]
    for length in range(1, len(folders) + 1):
        yield "/".join((*folders[:length], "__init__.py"))
