"""The JSON of a notebook, with the place of every cell's source in it.

A notebook is never written anew: other programs' formatting, key order, numbers and outputs must
stay as they are. So the literals that hold a cell's source are found in the raw text, and only
those that change are replaced.
"""

from __future__ import annotations

import json
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SPACE = late_pattern(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_TOKEN = late_pattern(rf"{_HIGH}{_LOW}|\\u[0-9a-fA-F]{{4}}|\\.|[^\\]", re.DOTALL)
_HALF_A_PAIR = late_pattern(r"[\ud800-\udfff]")
_ESCAPED_LETTER = late_pattern(r"\\u(?!00[0-7])[0-9a-fA-F]{4}")


class Literal(NamedTuple):
    """One string of a cell's source: where it stands (with its quotes), and what it says."""

    start: int
    end: int
    value: str


class RawSource(NamedTuple):
    """A cell's source as the file writes it: one string, or a list of strings."""

    literals: tuple[Literal, ...]
    is_list: bool

    @property
    def text(self) -> str:
        """The cell's text."""
        return "".join(literal.value for literal in self.literals)


class RawCell(NamedTuple):
    """A cell: its JSON value, and where its source is written (None where there is none)."""

    value: dict[str, Any]
    source: RawSource | None


def read_cells(raw: str) -> tuple[dict[str, Any], list[RawCell]]:
    """The notebook's JSON value and its cells in order.

    Raises ``ValueError`` where the text is not JSON or not a notebook, ``RecursionError`` where it
    is nested too deeply.
    """
    document = _DECODER.decode(raw)
    if not isinstance(document, dict):
        raise ValueError("not a notebook: the JSON is not an object")
    if not isinstance(document.get("cells"), list):
        old = "worksheets" in document
        reason = "it has the old nbformat 3; `jupyter nbconvert --to notebook` converts it"
        raise ValueError(reason if old else "not a notebook: it has no list of cells")
    spans = {key: start for key, start, _ in _members(raw, _after_space(raw, 0))}
    return document, [_cell(raw, start) for start, _ in _items(raw, spans["cells"])]


def _cell(raw: str, start: int) -> RawCell:
    value, _ = _DECODER.raw_decode(raw, start)
    if not isinstance(value, dict):
        return RawCell({}, None)
    places = {key: (begin, end) for key, begin, end in _members(raw, start)}
    place = places.get("source")
    source = None if place is None else _source(raw, *place)
    return RawCell(value, source)


def _source(raw: str, start: int, end: int) -> RawSource | None:
    if raw[start] == '"':
        return RawSource((Literal(start, end, _DECODER.decode(raw[start:end])),), is_list=False)
    if raw[start] != "[":
        return None
    items = list(_items(raw, start))
    if any(raw[begin] != '"' for begin, _ in items):
        return None
    literals = tuple(Literal(a, b, _DECODER.decode(raw[a:b])) for a, b in items)
    return RawSource(literals, is_list=True)


def _members(raw: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Key, and span of the value, of each member of the object at ``start``."""
    at = _after_space(raw, start + 1)
    while raw[at] != "}":
        key, at = _DECODER.raw_decode(raw, at)
        value_start = _after_space(raw, _after_space(raw, at) + 1)
        _, value_end = _DECODER.raw_decode(raw, value_start)
        yield key, value_start, value_end
        at = _next(raw, value_end)


def _items(raw: str, start: int) -> Iterator[tuple[int, int]]:
    """The span of each item of the list at ``start``."""
    at = _after_space(raw, start + 1)
    while raw[at] != "]":
        _, end = _DECODER.raw_decode(raw, at)
        yield at, end
        at = _next(raw, end)


def _next(raw: str, at: int) -> int:
    """Past the comma after a value, where there is one."""
    at = _after_space(raw, at)
    return _after_space(raw, at + 1) if raw[at] == "," else at


def _after_space(raw: str, at: int) -> int:
    found = _SPACE.match(raw, at)
    return found.end() if found else at


class CellChange(NamedTuple):
    """Replace the characters ``start`` to ``end`` of a cell's text."""

    start: int
    end: int
    content: str


def replacements(
    raw: str, source: RawSource, changes: Sequence[CellChange], new_text: str
) -> list[tuple[int, int, str]]:
    """What to replace in the raw text so that ``source`` says ``new_text``.

    ``changes`` are the same change in detail, in order and not overlapping.
    """
    ascii_only = raw.isascii() and _ESCAPED_LETTER.search(raw) is not None
    if source.is_list:
        return _list_replacements(raw, source, new_text, ascii_only=ascii_only)
    literal = source.literals[0]
    tokens = _TOKEN.findall(raw[literal.start + 1 : literal.end - 1])
    for change in reversed(changes):
        inner = _dumped(change.content, ascii_only=ascii_only)[1:-1]
        tokens[change.start : change.end] = [inner]
    return [(literal.start, literal.end, '"' + "".join(tokens) + '"')]


def _dumped(text: str, *, ascii_only: bool) -> str:
    """A text of JSON; half a surrogate pair can be written as an escape alone."""
    return json.dumps(text, ensure_ascii=ascii_only or _HALF_A_PAIR.search(text) is not None)


def _list_replacements(
    raw: str, source: RawSource, new_text: str, *, ascii_only: bool
) -> list[tuple[int, int, str]]:
    """Line by line: literals of lines that stay are not touched, nor what stands between them."""
    old = [literal.value for literal in source.literals]
    new = [line for line in re.split("(?<=\n)", new_text) if line]
    separator = _separator(raw, source.literals)
    replaced: list[tuple[int, int, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        written = [_dumped(line, ascii_only=ascii_only) for line in new[c:d]]
        replaced.append(_splice(source.literals, (a, b), written, separator))
    return replaced


def _splice(
    literals: Sequence[Literal], old: tuple[int, int], written: list[str], separator: str
) -> tuple[int, int, str]:
    """Put ``written`` in the place of the literals ``old`` (a range, perhaps an empty one)."""
    first, last = old
    if written and first < last:
        return literals[first].start, literals[last - 1].end, separator.join(written)
    if written and first > 0:
        end = literals[first - 1].end
        return end, end, "".join(separator + line for line in written)
    if written:
        start = literals[0].start
        return start, start, "".join(line + separator for line in written)
    if first > 0:
        return literals[first - 1].end, literals[last - 1].end, ""
    if last < len(literals):
        return literals[0].start, literals[last].start, ""
    return literals[0].start, literals[-1].end, '""'


def _separator(raw: str, literals: Sequence[Literal]) -> str:
    """What stands between two lines: the comma and the file's own line end and indentation."""
    if len(literals) > 1:
        return raw[literals[0].end : literals[1].start]
    before = raw[: literals[0].start]
    return "," + before[len(before.rstrip(" \t\r\n")) :]
