"""Which modules a text imports when it is imported itself, read row by row without parsing."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.imports_in_text import imports_in, joined_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNS_AT_IMPORT = late_pattern(r"(?:try|except|else|elif|finally|if|with)\b")
_RUNS_LATER = late_pattern(r"(?:async|def)\b")
_END_OF_ROW = late_pattern(r"\r\n?|\n")
_COLUMN_ZERO = late_pattern(r"^[^\s#)\]}].*$", re.MULTILINE)


def absolute(target: str, level: int, name: str, path: str) -> str:
    """``from ..target import`` in the module ``name`` at ``path``, as an absolute dotted name."""
    if not level:
        return target
    package = name.split(".") if path.endswith("__init__.py") else name.split(".")[:-1]
    package = package[: len(package) - level + 1]
    return ".".join((*package, target)) if target else ".".join(package)


def import_targets(text: str, name: str, path: str, *, certain: bool) -> list[tuple[int, str]]:
    """Every dotted name that a file may import a module by, when it is imported, each with the row
    that it stands in; ``certain``: only what it imports in no block.
    """
    starts = [0, *(match.end() for match in _END_OF_ROW.finditer(text))]
    found = _targets(text, name, path, certain)
    return [(bisect_right(starts, position), target) for position, target in found]


def _targets(text: str, name: str, path: str, certain: bool) -> Iterator[tuple[int, str]]:
    text = joined_rows(text)
    openings = [match.start() for match in _COLUMN_ZERO.finditer(text)]
    for each in imports_in(text):
        is_first = text[each.start - 1 : each.start] in {"", "\n", "\f"}
        if not is_first and (certain or not _runs_at_import(text, openings, each.start)):
            continue
        if not each.module:
            yield from ((each.start, imported) for imported, _ in each.names)
            continue
        dots = len(each.module) - len(each.module.lstrip("."))
        base = absolute(each.module.lstrip("."), dots, name, path)
        yield each.start, base
        yield from ((each.start, f"{base}.{word}") for word, _ in each.names if word != "*")


def _runs_at_import(text: str, openings: list[int], position: int) -> bool:
    """Whether what stands at ``position``, but not first in its row, runs at import time: behind
    something else, or in a block.
    """
    before = bisect_left(openings, position)
    if not before:
        return False
    start = openings[before - 1]
    opening = text[start : text.find("\n", start)]
    if text.find("\n", start, position) < 0:
        runs = _RUNS_LATER.match(opening) is None
    else:
        runs = _RUNS_AT_IMPORT.match(opening) is not None
    return runs and "TYPE_CHECKING" not in opening
