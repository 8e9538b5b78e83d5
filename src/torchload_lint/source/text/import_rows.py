"""Which modules a text imports when it is imported itself, read row by row without parsing."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_LIST = 20_000
"""Letters of a list in brackets; a text of many that nothing closes is not searched for each."""
_IMPORT = late_pattern(
    r"^(?P<indent>[ \t]*)(?:from[ \t]+(?P<module>[.\w]+)[ \t]+import[ \t]*"
    rf"(?P<names>\([^)]{{0,{_LONGEST_LIST}}}\)|[^\n]*)"
    r"|import[ \t]+(?P<modules>[^\n]*))",
    re.MULTILINE,
)
_RUNS_AT_IMPORT = late_pattern(r"(?:try|except|else|elif|finally|if|with)\b")
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
    openings = [match.start() for match in _COLUMN_ZERO.finditer(text)]
    for match in _IMPORT.finditer(text):
        if match["indent"] and (certain or not _runs_at_import(text, openings, match.start())):
            continue
        if match["modules"] is not None:
            for item in match["modules"].split(","):
                yield match.start(), item.split("#")[0].split(" as ")[0].strip()
            continue
        dots = len(match["module"]) - len(match["module"].lstrip("."))
        base = absolute(match["module"].lstrip("."), dots, name, path)
        yield match.start(), base
        for item in re.sub(r"#[^\n]*", "", match["names"]).strip("() \t\n\\").split(","):
            word = item.split(" as ")[0].strip()
            if word.isidentifier():
                yield match.start(), f"{base}.{word}"


def _runs_at_import(text: str, openings: list[int], position: int) -> bool:
    """Whether the indented line at ``position`` belongs to a block that runs at import time."""
    before = bisect_left(openings, position)
    if not before:
        return False
    start = openings[before - 1]
    opening = text[start : text.find("\n", start)]
    return _RUNS_AT_IMPORT.match(opening) is not None and "TYPE_CHECKING" not in opening
