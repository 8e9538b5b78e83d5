"""A long text, parsed in pieces: after a change, only the pieces that differ are parsed again.

A piece is a run of whole top-level statements. Where each piece is Python by itself, so is the
text, and its tree holds their statements one after the other: between two statements that begin a
row of their own, the parser remembers nothing. Python's parser lets no other thread run, so that
others never wait longer than for a piece.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Parse: TypeAlias = "Callable[[str], ast.Module | None]"
LONG = 200_000
"""A text of more characters is parsed in pieces."""
_SMALLEST = 24_000
"""How many characters a piece has, up to where a statement may begin."""
_LARGEST = 16 * _SMALLEST
"""Where so many characters are not Python by themselves, the text is parsed as a whole."""
_BEGINNING = late_pattern(r"\n(?=[^\W\d]|@)(?!(?:elif|else|except|finally)\b)")
"""Behind it a statement may begin. In a string it does not, nor behind a decorator: then what
stands before is not Python by itself."""


class ParsedPiece(NamedTuple):
    """Some statements of a text."""

    text: str
    row: int
    """How many rows of the text stand before it."""
    statements: list[ast.stmt]


class _NotPythonError(Exception):
    """A text has to be parsed as a whole."""


class Pieces:
    """What one text was like, the last time that it was Python."""

    def __init__(self) -> None:
        self._known: tuple[ParsedPiece, ...] = ()

    def tree(self, text: str, parse: Parse) -> ast.Module | None:
        """The tree of a text; None where that is not to be had in pieces. The statements of pieces
        that stand where they stood are the same objects as in the tree before.

        ``parse`` gives the tree of a piece; None for what is not Python. Several threads may ask.
        """
        if "\r" in text.replace("\r\n", ""):  # which would end rows, but no pieces
            return None
        before, after = _same(self._known, text)
        start = sum(len(piece.text) for piece in before)
        end = len(text) - sum(len(piece.text) for piece in after)
        row = before[-1].row + before[-1].text.count("\n") if before else 0
        found = list(before)
        try:
            for piece in _new(text[start:end], row, parse):
                found.append(piece)
                row = piece.row + piece.text.count("\n")
            for piece in after:
                found.append(piece if piece.row == row else _piece(piece.text, row, parse))
                row += piece.text.count("\n")
        except _NotPythonError:
            return None
        self._known = tuple(found)
        return ast.Module([one for piece in found for one in piece.statements], [])


@lru_cache(maxsize=4)
def pieces_of(path: str) -> Pieces:
    """The pieces of the file at a path, where it is one of the last that were asked for."""
    del path
    return Pieces()


def _same(known: Sequence[ParsedPiece], text: str) -> tuple[list[ParsedPiece], list[ParsedPiece]]:
    """The pieces with which the text begins and ends as before."""
    before: list[ParsedPiece] = []
    start, end = 0, len(text)
    for piece in known:
        if not text.startswith(piece.text, start) or not _ends(text, start + len(piece.text)):
            break
        before.append(piece)
        start += len(piece.text)
    after: list[ParsedPiece] = []
    for piece in reversed(known[len(before) :]):
        first = end - len(piece.text)
        if first < start or not text.startswith(piece.text, first) or not _ends(text, first):
            break
        after.insert(0, piece)
        end = first
    return before, after


def _new(text: str, row: int, parse: Parse) -> Iterator[ParsedPiece]:
    """The pieces of what was not there before. Raises _NotPythonError."""
    start = 0
    while start < len(text):
        size = _SMALLEST
        while True:
            beginning = _BEGINNING.search(text, start + size)
            end = beginning.end() if beginning else len(text)
            try:
                piece = _piece(text[start:end], row, parse)
                break
            except _NotPythonError:
                size *= 2
                if end == len(text) or size > _LARGEST:
                    raise
        yield piece
        row += piece.text.count("\n")
        start = end


def _piece(text: str, row: int, parse: Parse) -> ParsedPiece:
    tree = parse("\n" * row + text)  # so that each node has its own row
    if tree is None:
        raise _NotPythonError
    return ParsedPiece(text, row, tree.body)


def _ends(text: str, place: int) -> bool:
    """Whether a piece may end at a place."""
    return place in {0, len(text)} or bool(_BEGINNING.match(text, place - 1))
