"""Which modules a file imports when it is imported itself, read line by line without parsing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.index import ProjectIndex

_MOST_FILES_IN_A_CIRCLE = 400
_IMPORT = late_pattern(
    r"^(?P<indent>[ \t]*)(?:from[ \t]+(?P<module>[.\w]+)[ \t]+import[ \t]*"
    r"(?P<names>\([^)]*\)|[^\n]*)"
    r"|import[ \t]+(?P<modules>[^\n]*))",
    re.MULTILINE,
)
_RUNS_AT_IMPORT = late_pattern(r"(?:try|except|else|elif|finally|if|with)\b")
_COLUMN_ZERO = late_pattern(r"^[^\s#)\]}].*$", re.MULTILINE)


def absolute(target: str, level: int, name: str, path: str) -> str:
    """``from ..target import`` in the module ``name`` at ``path``, as an absolute dotted name."""
    if not level:
        return target
    package = name.split(".") if path.endswith("__init__.py") else name.split(".")[:-1]
    package = package[: len(package) - level + 1]
    return ".".join((*package, target)) if target else ".".join(package)


def closes_circle(project: ProjectIndex, importing_path: str, defining_module: str) -> bool:
    """Whether importing ``defining_module`` would come back to ``importing_path``, so that the
    import belongs inside the function.

    Walks the top-level imports of project files; where there are too many, the answer is yes.
    """
    waiting = list(_files_of(project, defining_module, importing_path))
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
    return _leads_to(project, script, path) is not False


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
    def find() -> tuple[str, ...]:
        text = "".join(
            (project.files.text(path) or "").splitlines(keepends=True)[: row and row - 1]
        )
        targets = _targets(text, project.module_name(path), path, certain)
        return tuple(
            each for target in dict.fromkeys(targets) for each in _files_of(project, target, path)
        )

    return project.remember(("imported files", path, certain, row), find)


def _files_of(project: ProjectIndex, dotted: str, near: str) -> Iterator[str]:
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


def _targets(text: str, name: str, path: str, certain: bool) -> Iterator[str]:
    """Every dotted name that the file may import a module by, when it is imported; ``certain``:
    only what it imports in no block.
    """
    openings = [match.start() for match in _COLUMN_ZERO.finditer(text)]
    for match in _IMPORT.finditer(text):
        if match["indent"] and (certain or not _runs_at_import(text, openings, match.start())):
            continue
        if match["modules"] is not None:
            for item in match["modules"].split(","):
                yield item.split("#")[0].split(" as ")[0].strip()
            continue
        dots = len(match["module"]) - len(match["module"].lstrip("."))
        base = absolute(match["module"].lstrip("."), dots, name, path)
        yield base
        for item in re.sub(r"#[^\n]*", "", match["names"]).strip("() \t\n\\").split(","):
            word = item.split(" as ")[0].strip()
            if word.isidentifier():
                yield f"{base}.{word}"


def _runs_at_import(text: str, openings: list[int], position: int) -> bool:
    """Whether the indented line at ``position`` belongs to a block that runs at import time."""
    before = [opening for opening in openings if opening < position]
    if not before:
        return False
    opening = text[before[-1] : text.find("\n", before[-1])]
    return _RUNS_AT_IMPORT.match(opening) is not None and "TYPE_CHECKING" not in opening
