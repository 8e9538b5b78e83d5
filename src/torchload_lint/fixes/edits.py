"""Offsets, rows and the smallest text edits: the arithmetic that every fixer shares.

Fixers compute with offsets into the text (``Change``); the rest of the program speaks of rows and
columns (``Edit``). ``ast`` counts columns in UTF-8 bytes; ``Source`` converts from that too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Edit, Span
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.text import Lines

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    Located = ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias | ast.ExceptHandler


class Change(NamedTuple):
    """Replace ``text[start:end]`` by ``content``; offsets in code points."""

    start: int
    end: int
    content: str


class Source(Lines):
    """One text, and where its rows start."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.newline = _first_newline(text)

    def row(self, number: int) -> str:
        """The text of a row (from 1), with its newline."""
        return self.text[self.row_start(number) : self.row_start(number + 1)]

    def row_start(self, number: int) -> int:
        """The offset where a row starts; behind the last row, the end of the text."""
        return self.starts[number - 1] if number <= len(self.starts) else len(self.text)

    def row_of(self, offset: int) -> int:
        """The row that an offset lies in."""
        return self.position(offset).row

    def start(self, node: Located) -> int:
        """The offset where a node starts."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Located) -> int:
        """The offset just behind a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.end_lineno, node.end_col_offset)

    def slice(self, node: Located) -> str:
        """The text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def indentation(self, offset: int) -> str:
        """The white space that starts the row of an offset."""
        row = self.row(self.row_of(offset))
        return row[: len(row) - len(row.lstrip(" \t\f"))]

    def edits(self, changes: Iterable[Change]) -> tuple[Edit, ...]:
        """Changes as edits, each once, in the order given."""
        return tuple(
            Edit(Span(self.position(start), self.position(end)), content)
            for start, end, content in dict.fromkeys(changes)
        )


def _first_newline(text: str) -> str:
    """The newline that ends the first row; a line feed where there is only one row."""
    place = min((text.find(one) for one in "\r\n" if one in text), default=-1)
    return "\n" if place < 0 else "\r\n" if text.startswith("\r\n", place) else text[place]


@lru_cache(maxsize=8)
def source_of(text: str) -> Source:
    """The ``Source`` of a text; the last few are kept, as a file with many loads is asked often."""
    return Source(text)


def past_blank_rows(source: Source, start: int, end: int) -> int:
    """Where to cut when rows are taken out, so that no more blank rows stay than one side had."""
    row = source.row_of(start)
    above = 0
    while row - above > 1 and not source.row(row - above - 1).strip():
        above += 1
    if row - above == 1:
        above = len(source.starts)  # nothing stands above: no blank row need stay
    while end < len(source.text) and above and not source.row(source.row_of(end)).strip():
        end = source.row_start(source.row_of(end) + 1)
        above -= 1
    return end


def apply_changes(text: str, changes: Iterable[Change]) -> str:
    """Apply changes that do not overlap; those at the same place in the order given."""
    pieces: list[str] = []
    done = 0
    for start, end, content in sorted(changes, key=lambda change: change[:2]):
        assert start >= done, "changes overlap"
        pieces += [text[done:start], content]
        done = end
    return "".join([*pieces, text[done:]])


def changes_inside(changes: Iterable[Change], start: int, end: int) -> list[Change]:
    """The changes within ``start:end``, counted from ``start``."""
    return [
        Change(one.start - start, one.end - start, one.content)
        for one in changes
        if start <= one.start and one.end <= end
    ]


def smallest_change(start: int, old: str, new: str, up_to: int = 0) -> Change:
    """The change from ``old`` (at ``start``) to ``new`` without their common tail.

    The head is kept: two structural fixes of one statement both start at its first character, so
    that they overlap and are never applied together. ``up_to`` is an offset that the change has to
    reach, so that it meets other fixes which edit what it has edited there.
    """
    limit = min(len(old) - 1, len(new) - 1, start + len(old) - up_to)
    tail = 0
    while tail < limit and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    # Never between the two characters of a CRLF.
    if tail and old[len(old) - tail] == "\n" and old[len(old) - tail - 1] == "\r":
        tail -= 1
    return Change(start, start + len(old) - tail, new[: len(new) - tail])
