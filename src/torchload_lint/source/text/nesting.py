"""How deep is a text nested? Asked of its tokens, before a parser in native code sees it.

Such parsers recurse once for each level, and a few thousand levels can end the process: no
exception, nothing to catch. A level is a bracket, an operator, a prefix (``not``, ``lambda:``), an
attribute, a string beside another or a choice (``else``). Levels are counted up to the next comma
or row, so that the count is never too low, and in time in proportion to the text. Strings are
looked into: what is a string to one Python is code in an f-string to a later one (PEP 701).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 200
"""For libcst, which survives a thousand levels and not three thousand (1.8). ``MAXLEVEL`` of
CPython's tokenizer allows as many brackets."""
DEEPEST_TO_AST = 5000
"""For ``ast`` of CPython 3.10, which gives up by itself at some thousand levels, but not at a
hundred thousand calls of methods in a row. Later ones always give up; this only finds the row."""
_MOST_BRANCHES = 300
"""``elif`` after one ``if``: to a syntax tree, each lies in the one before."""
_MOST_BLOCKS = 100
"""``MAXINDENT`` of CPython's tokenizer."""

_WORDS = ("await", "and", "else", "for", "if", "in", "is", "lambda", "not", "or", "yield")
_SIGNS = "-+*/%@&|^~<>=!."
_LINK = rf"\b(?:{'|'.join(_WORDS)})\b|[{re.escape(_SIGNS)}]"
_TOKEN = late_pattern(
    rf"""
      (?P<string>
          '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'''|\\?\Z)
        | \"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:\"""|\\?\Z)
        | '[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*'?
        | "[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"?
      )
    | (?P<joined>\\\r?\n | \#[^\r\n]*) | (?P<row>[\r\n]+)
    | (?P<open>[(\[{{]) | (?P<close>[)\]}}]) | (?P<comma>,) | (?P<semicolon>;) | (?P<colon>:)
    | (?P<link>{_LINK})
    """,
    re.VERBOSE | re.DOTALL,
)
_INSIDE = late_pattern(rf"(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<link>{_LINK})")
_BRACKET = late_pattern(r"(?P<open>[(\[{])|(?P<close>[)\]}])")
_FORMATTED = frozenset("fFtT")
_DEEP_ROW = late_pattern(rf"^[ \t\f]{{{_MOST_BLOCKS},}}\S", re.MULTILINE)
_ROW_START = late_pattern(r"^([ \t\f]*)(elif\b|else\b|[^\s#])", re.MULTILINE)


class TooDeepError(RecursionError):
    """Code that is nested deeper than a parser is given; ``row`` says where."""

    def __init__(self, row: int) -> None:
        super().__init__("the code is nested too deeply to be parsed")
        self.row = row


def refuse_too_deep(text: str, deepest: int = DEEPEST) -> None:
    """Raise TooDeepError where a text is nested deeper than so many levels."""
    refuse_too_many_branches(text)
    if _signs(text) > deepest:
        place = next((at for at, depth in _depths(text) if depth > deepest), None)
        if place is not None:
            raise TooDeepError(_row_of(place, text))


def refuse_too_many_branches(text: str) -> None:
    """Raise TooDeepError for too many branches of one ``if``, or blocks in blocks: their tree is
    too deep to go through even where a parser makes it.
    """
    place = _place_of_branches(text)
    if place is not None:
        raise TooDeepError(_row_of(place, text))


def _row_of(place: int, text: str) -> int:
    return 1 + len(re.findall(r"\r\n|\r|\n", text[:place]))


def _signs(text: str) -> int:
    """How many signs and words there are that may each be a level: quicker than to look at them."""
    return sum(map(text.count, (*_SIGNS, *_WORDS, *"([{'\"")))


def _place_of_branches(text: str) -> int | None:
    """Where too many branches follow one ``if``, or too many blocks lie one in the other."""
    may_be_deep = " " * _MOST_BLOCKS in text or "\t" in text or "\f" in text
    is_deep = may_be_deep and _DEEP_ROW.search(text) is not None
    if not is_deep and text.count("elif") <= _MOST_BRANCHES:
        return None
    blocks: list[list[int]] = []  # how far each is indented, and its branches so far
    for row in _ROW_START.finditer(text):
        indent = len(row[1].expandtabs())
        while blocks and blocks[-1][0] > indent:
            blocks.pop()
        if not blocks or blocks[-1][0] < indent:
            blocks.append([indent, 0])
        if row[2] == "elif":
            blocks[-1][1] += 1
        elif row[2] != "else":
            blocks[-1][1] = 0
        if len(blocks) > _MOST_BLOCKS + 1 or blocks[-1][1] > _MOST_BRANCHES:
            return row.start()
    return None


class _Level:
    """What stands in one bracket, up to here."""

    def __init__(self, below: int) -> None:
        self.below = below
        """Levels around the bracket."""
        self.links = 0
        """Levels since the last comma."""
        self.parameters = 0
        """Lambdas whose colon is still to come: their commas end nothing."""


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """The levels at each token that adds some, with its offset."""
    levels = [_Level(0)]
    for token in _TOKEN.finditer(text):
        kind, level = token.lastgroup, levels[-1]
        if kind == "string":
            formatted = text[max(token.start() - 2, 0) : token.start()]
            inside, left = _inside(token[0], formatted=not _FORMATTED.isdisjoint(formatted))
            yield token.start(), level.below + level.links + 1 + inside
            level.links += 1
            level.below += left
        elif kind == "open":
            levels.append(_Level(level.below + level.links + 1))
            yield token.start(), levels[-1].below
            level.links += 1  # a call or an index of what stands before it
        elif kind == "close":
            if len(levels) > 1:
                levels.pop()
        elif kind == "link":
            level.links += 1
            level.parameters += token[0] == "lambda"
            yield token.start(), level.below + level.links
        elif kind == "colon":
            level.parameters = max(level.parameters - 1, 0)
        elif kind == "comma" and not level.parameters:
            level.links = 0
        elif kind == "semicolon" or (kind == "row" and len(levels) == 1):
            levels = [_Level(0)]


def _inside(string: str, *, formatted: bool) -> tuple[int, int]:
    """The levels in a string if it is code, and how many brackets it leaves open."""
    opened = links = deepest = 0
    for token in (_INSIDE if formatted else _BRACKET).finditer(string):
        if token.lastgroup == "open":
            opened += 1
        elif token.lastgroup == "close":
            opened = max(opened - 1, 0)
        links = links + (formatted or token.lastgroup == "link") if opened else 0
        deepest = max(deepest, opened + links)
    return deepest, opened
