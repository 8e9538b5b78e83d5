"""Places as the Language Server Protocol counts them: from 0, in units that were agreed on.

The units are UTF-8 bytes, UTF-16 units or code points, whichever the client and the server have
settled. Lines end at LF, CRLF and CR, for the protocol as for Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from torchload_lint.diagnostic import Position, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

_BYTES_A_UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


@dataclass(frozen=True, slots=True)
class Units:
    """The agreed units."""

    encoding: str = "utf-16"

    def count(self, text: str) -> int:
        """How many units a text takes."""
        if self.encoding == "utf-32":
            return len(text)
        codec = "utf-8" if self.encoding == "utf-8" else "utf-16-le"
        return len(text.encode(codec, "surrogatepass")) // _BYTES_A_UNIT[self.encoding]

    def position(self, place: Position, lines: Sequence[str]) -> types.Position:
        """The protocol's position of a row and column."""
        line = lines[place.row - 1] if place.row <= len(lines) else ""
        return types.Position(place.row - 1, self.count(line[: place.column - 1]))

    def range(self, span: Span, lines: Sequence[str]) -> types.Range:
        """The protocol's range of a span."""
        return types.Range(self.position(span.start, lines), self.position(span.end, lines))

    def place(self, position: types.Position, lines: Sequence[str]) -> Position:
        """The row and column of the protocol's position; past the end of a line is its end."""
        line = lines[position.line] if position.line < len(lines) else ""
        taken = 0
        for column, char in enumerate(line, start=1):
            if taken >= position.character:
                return Position(position.line + 1, column)
            taken += self.count(char)
        return Position(position.line + 1, len(line) + 1)

    def span(self, span: types.Range, lines: Sequence[str]) -> Span:
        """The span of the protocol's range."""
        return Span(self.place(span.start, lines), self.place(span.end, lines))
