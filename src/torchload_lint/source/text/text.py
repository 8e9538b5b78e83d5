r"""Bytes and text: encodings, and the three ways of counting places in a line.

A Python file is bytes in an encoding of its own (PEP 263), with a byte-order mark or without, and
with lines that end in ``\n``, ``\r\n`` or ``\r``. What is decoded here is never normalised, so
that encoding it again gives the same bytes, or is refused.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Position, Span
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.word_places import WordPlaces

if TYPE_CHECKING:
    import ast

_NEWLINE = late_pattern(r"\r\n|\r|\n")


class Decoded(NamedTuple):
    """A file's text, and what is needed to write it back byte by byte."""

    text: str
    """Without the byte-order mark."""
    encoding: str
    """A codec name; never ``utf-8-sig``."""
    bom: bool
    exact: bool = True
    """Whether the text, encoded again, gives the bytes that it was read from."""

    def encode(self, text: str) -> bytes:
        """``text`` in this file's encoding, with its byte-order mark.

        Raises UnicodeEncodeError where the encoding lacks a character, or where it would write
        others of the file's characters in another way than they are written.
        """
        if not self.exact:
            reason = "bytes that are not to be changed would be others"
            raise UnicodeEncodeError(self.encoding, text, 0, len(text), reason)
        return (codecs.BOM_UTF8 if self.bom else b"") + text.encode(self.encoding)


def decode(data: bytes) -> Decoded:
    """Decode a source file as Python would: byte-order mark, then PEP 263, then UTF-8.

    Raises SyntaxError for an unknown encoding and UnicodeDecodeError for bytes that are not in
    it; both say what is wrong.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    encoding = _stated_encoding(_first_lines(data)) or "utf-8"
    held = data[3 if bom else 0 :]
    try:
        text = held.decode(encoding)
        return Decoded(text, encoding, bom, encoding == "utf-8" or _gives(text, encoding, held))
    except UnicodeDecodeError:
        raise
    except (LookupError, UnicodeError) as error:  # a codec, but for no text: zip, hex, undefined
        raise SyntaxError(f"unknown encoding: {encoding}") from error


def _gives(text: str, encoding: str, data: bytes) -> bool:
    """Whether encoding gives these bytes: ``unicode_escape`` writes each end of a row as an escape
    sequence, and other codecs have several ways to write one character.
    """
    try:
        return text.encode(encoding) == data
    except UnicodeError:
        return False


def _stated_encoding(head: bytes) -> str | None:
    """The encoding that the first two lines state. Raises SyntaxError for an unknown one."""
    if head.isascii() and b"coding" not in head and b"\0" not in head:
        return None
    import io  # noqa: PLC0415 - most files state none
    import tokenize  # noqa: PLC0415

    encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _first_lines(data: bytes) -> bytes:
    """The first two lines, where lone carriage returns end lines too."""
    head = data[:4096]
    return head if b"\n" in head else head.replace(b"\r", b"\n")


def line_starts(text: str) -> tuple[int, ...]:
    """Offset in code points of each row's first character, for Python's idea of a line."""
    if "\r" in text:
        return (0, *(match.end() for match in _NEWLINE.finditer(text)))
    return (0, *accumulate(map((1).__add__, map(len, text.split("\n")[:-1]))))


def rows(text: str) -> list[str]:
    """The rows without their ends, as Python counts them: ``str.splitlines`` also ends rows at
    form feeds, U+2028 and more, which stand within a row of Python.
    """
    found = _NEWLINE.split(text)
    return found if found[-1] else found[:-1]


class Lines:
    """Converts between ast's places (rows and UTF-8 bytes), offsets and positions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = line_starts(text)
        self.words = WordPlaces(text)
        self._ascii = text.isascii()

    def offset(self, row: int, utf8_column: int) -> int:
        """The offset in the text of ast's ``lineno`` and ``col_offset``."""
        start = self.starts[row - 1]
        if self._ascii or utf8_column == 0:
            return start + utf8_column
        end = self.starts[row] if row < len(self.starts) else len(self.text)
        line = self.text[start:end].encode("utf-8", "surrogatepass")[:utf8_column]
        return start + len(line.decode("utf-8", "ignore"))

    def position(self, offset: int) -> Position:
        """The row and column (from 1, code points) of an offset."""
        row = bisect_right(self.starts, offset)
        return Position(row, offset - self.starts[row - 1] + 1)

    def offset_of(self, position: Position) -> int:
        """The offset of a row and column."""
        return self.starts[position.row - 1] + position.column - 1

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias) -> Span:
        """Where a node stands."""
        return Span(
            self.position(self.offset(node.lineno, node.col_offset)),
            self.position(
                self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
            ),
        )

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        start = self.offset(node.lineno, node.col_offset)
        return self.text[start : self.offset(node.end_lineno or 1, node.end_col_offset or 0)]
