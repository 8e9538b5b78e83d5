"""The source around a finding, numbered, with carets under what is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from torchload_lint.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Span
    from torchload_lint.reports.colors import Palette

CONTEXT_ROWS = 2
MAX_ROWS = 12
"""A finding over more rows than this is shown by its first and its last ones."""
MAX_WIDTH = 200
"""Longer lines (minified code, data in a literal) are cut."""
TAB = 4


def snippet(lines: Sequence[str], span: Span, palette: Palette) -> list[str]:
    """The rows of ``span`` with two rows before it; nothing where the text is not at hand."""
    first, last = span.start.row, span.end.row
    if last > first and span.end.column == 1:
        last -= 1  # an exclusive end at the start of a row does not touch that row
    if not 1 <= first <= last <= len(lines):
        return []
    gutter = len(str(last))
    bar = palette.blue("|")
    framed = [f"{'':{gutter}} {bar}"]
    for row in _rows(first, last):
        if row is None:
            framed.append(palette.blue("..."))
            continue
        line = _shown(lines[row - 1])
        framed.append(f"{palette.blue(f'{row:>{gutter}}')} {bar} {line}".rstrip())
        if row >= first:
            marks = _carets(lines[row - 1], *_columns(lines[row - 1], row, span))
            framed.append(f"{'':{gutter}} {bar} {marks.replace('^', '')}{_red(palette, marks)}")
    framed.append(f"{'':{gutter}} {bar}")
    return framed


def _red(palette: Palette, marks: str) -> str:
    return palette.red(marks.strip(" "), bold=True)


def _rows(first: int, last: int) -> Iterator[int | None]:
    """The rows to show; None stands for those left out."""
    start = max(1, first - CONTEXT_ROWS)
    if last - first < MAX_ROWS:
        yield from range(start, last + 1)
        return
    half = MAX_ROWS // 2
    yield from range(start, first + half)
    yield None
    yield from range(last - half + 1, last + 1)


def _columns(line: str, row: int, span: Span) -> tuple[int, int]:
    """The columns (from 1, end exclusive) of ``span`` on one row; indentation is not marked."""
    indent = len(line) - len(line.lstrip()) + 1
    start = span.start.column if row == span.start.row else indent
    end = span.end.column if row == span.end.row else len(line) + 1
    return start, max(end, start + 1)


def _carets(line: str, start: int, end: int) -> str:
    before = _width(_shown(line[: start - 1]))
    marked = _width(_shown(line[start - 1 : end - 1])) or 1
    return " " * min(before, MAX_WIDTH) + "^" * min(marked, max(MAX_WIDTH - before, 1))


def _shown(line: str) -> str:
    """What the terminal gets: tabs as spaces, nothing that moves the cursor, not endless."""
    text = printable(line.replace("\t", " " * TAB))
    return text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 1] + "…"


def _width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in {"W", "F"} else 1 for char in text
    )
