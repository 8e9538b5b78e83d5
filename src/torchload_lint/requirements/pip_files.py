"""Requirements files of pip, with the files that they include (``-r``) and bow to (``-c``)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.requirements.statement import Statement, from_requirement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.requirements.root_files import RootFiles

_INCLUDE = late_pattern(r"^\s*(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S+)\s*$")
_OPTION = late_pattern(r"\s--?[A-Za-z][\w-]*.*$")
_COMMENT = late_pattern(r"(^|\s)#.*$")
_MOST_FILES = 32


def read_requirements(files: RootFiles, name: str) -> list[Statement]:
    """What a requirements file says of torch, and the files that it includes."""
    return list(_read(files, name, set()))


def _read(files: RootFiles, name: str, seen: set[str]) -> Iterator[Statement]:
    text = files.text("", name)
    if text is None or name in seen or len(seen) >= _MOST_FILES:
        return
    seen.add(name)
    for row, line in logical_lines(text):
        include = _INCLUDE.match(line)
        if include is not None:
            inner = posixpath.normpath(posixpath.join(posixpath.dirname(name), include[1]))
            yield from _read(files, inner, seen)
            continue
        found = from_requirement(_OPTION.sub("", line), row)
        if found is not None:
            yield found._replace(file=name)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Rows without comments, a backslash joining two; with the number of the first."""
    begun, held = 0, ""
    for row, raw in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", raw)
        begun = begun or row
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        if (held + line).strip():
            yield begun, held + line
        begun, held = 0, ""
