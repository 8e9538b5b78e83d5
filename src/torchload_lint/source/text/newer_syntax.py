"""Read code that is newer than the Python that runs us.

``ast`` knows the syntax of its own Python only. Where it fails, libcst (whose parser knows later
versions) says where the newer constructs stand, and each is overwritten by older code of the same
length, so that every position in the tree stays true:

- PEP 695 and 696, type parameters: blanks; ``type X = int``: ``0;   X = int``
- PEP 701, f-strings: quotes inside are exchanged, backslashes and comments blanked; where that is
  not enough, ``f"{a}…{b}"`` is read as ``(0,a   ,b )``
- PEP 750, template strings: read as f-strings
- PEP 758, ``except A, B:``: ``except A| B:``; ``except*`` (PEP 654): ``except``
- PEP 646, ``x[*y]``, and PEP 798, ``[*x for x in y]``: without the star
- PEP 810, ``lazy import x``: ``0;   import x``

What no parser knows, and Python 2, stays a syntax problem.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.nesting import refuse_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from libcst.metadata import CodeRange

Mask = tuple[int, int, str]
"""From an offset to an offset, overwritten with a text of that length."""
_STATEMENT_WORD = "0;"
_STAR = late_pattern(r"\*{1,2}")
_QUOTED = late_pattern(r"[rRbBuUfFtT]*(\"\"\"|'''|\"|')")


def masked(text: str) -> str | None:
    """``text`` with newer constructs overwritten; None where nothing can be done."""
    try:
        refuse_too_deep(text)
        masks = list(_masks(text))
    except Exception:  # noqa: BLE001 - whatever a parser of broken code raises means "cannot"
        return None
    if not masks:
        return None
    pieces: list[str] = []
    done = 0
    for start, end, replacement in sorted(masks):
        if start < done:
            continue
        if not text[start:end].isascii():
            return None
        pieces += [text[done:start], replacement]
        done = end
    return "".join((*pieces, text[done:]))


def _masks(text: str) -> Iterator[Mask]:
    """The masks of every construct; libcst is imported for reading in this file alone."""
    import libcst  # noqa: PLC0415 - heavy, and only for files that ast cannot read
    from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415

    from torchload_lint.source.text.text import Lines  # noqa: PLC0415

    lines = Lines(text)
    wrapper = MetadataWrapper(libcst.parse_module(text), unsafe_skip_copy=True)
    for node, place in wrapper.resolve(PositionProvider).items():
        find = _CONSTRUCTS.get(type(node).__name__)
        if find is not None:
            start, end = _offsets(lines.starts, place)
            yield from find(node, text, start, end)


def _offsets(starts: tuple[int, ...], place: CodeRange) -> tuple[int, int]:
    return (
        starts[place.start.line - 1] + place.start.column,
        starts[place.end.line - 1] + place.end.column,
    )


def _blank(text: str) -> str:
    """Blanks of the same length; line ends stay."""
    return re.sub(r"[^\r\n]", " ", text)


def _type_parameters(_node: Any, text: str, start: int, end: int) -> Iterator[Mask]:  # noqa: ANN401
    yield start, end, _blank(text[start:end])


def _type_alias(_node: Any, text: str, start: int, _end: int) -> Iterator[Mask]:  # noqa: ANN401
    if text.startswith("type", start):
        yield start, start + 4, f"{_STATEMENT_WORD}  "


def _lazy_import(_node: Any, text: str, start: int, _end: int) -> Iterator[Mask]:  # noqa: ANN401
    if text.startswith("lazy", start):
        yield start, start + 4, f"{_STATEMENT_WORD}  "


def _handler(node: Any, text: str, start: int, end: int) -> Iterator[Mask]:  # noqa: ANN401
    """``except A, B:`` and ``except* A:``."""
    colon = _colon(text, start, end)
    star = text.find("*", start, colon)
    if type(node).__name__ == "ExceptStarHandler" and star >= 0:
        yield star, star + 1, " "
    if type(node.type).__name__ == "Tuple" and not node.type.lpar:
        depth = 0
        for place in range(start, colon):
            depth += (text[place] in "([{") - (text[place] in ")]}")
            if text[place] == "," and depth == 0:
                yield place, place + 1, "|"


def _colon(text: str, start: int, end: int) -> int:
    """The colon that ends an ``except`` line: the first one outside brackets."""
    depth = 0
    for place in range(start, end):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if text[place] == ":" and depth == 0:
            return place
    return end


def _formatted(node: Any, text: str, start: int, end: int) -> Iterator[Mask]:  # noqa: ANN401
    """An f-string or template string, with its prefix."""
    written = text[start:end]
    quote = _QUOTED.match(written)
    if quote is None:
        return
    prefix = written[: quote.start(1)].replace("t", "f").replace("T", "F")
    older = prefix + _older_string(written[quote.start(1) :])
    try:
        ast.parse(older, mode="eval")
    except SyntaxError:
        yield from _spelled_out(node, text, start, end)
    else:
        if older != written:
            yield start, end, older


def _spelled_out(node: Any, text: str, start: int, end: int) -> Iterator[Mask]:  # noqa: ANN401
    """A string that older code cannot say, as the tuple of what stands in its braces."""
    place = start + len(node.start)
    yield start, place, "(0".ljust(place - start)
    for part in node.parts:
        yield from _part(part, text, place)
        place += len(_code(part))
    yield place, end, ")".ljust(end - place)


def _part(part: Any, text: str, start: int) -> Iterator[Mask]:  # noqa: ANN401
    """A part of such a string: only the expression of ``{expression!r:{width}}`` stays, and those
    in its format.
    """
    end = start + len(_code(part))
    if type(part).__name__.endswith("Text"):
        yield start, end, _blank(text[start:end])
        return
    yield start, start + 1, ","
    behind = start + 1 + len(_code(part.whitespace_before_expression) + _code(part.expression))
    formats = part.format_spec or ()
    place = end - 1 - sum(len(_code(each)) for each in formats)
    yield behind, place, _blank(text[behind:place])
    for each in formats:
        yield from _part(each, text, place)
        place += len(_code(each))
    yield place, end, " "


def _code(node: Any) -> str:  # noqa: ANN401 - any node of libcst
    import libcst  # noqa: PLC0415 - heavy, and only for files that ast cannot read

    return libcst.Module([]).code_for_node(node)


def _starred(node: Any, text: str, start: int, end: int) -> Iterator[Mask]:  # noqa: ANN401
    """The star of ``x[*y]``, of ``[*x for x in y]`` or of ``{**x for x in y}``."""
    name = type(node).__name__
    inner = type(getattr(node, "elt", None)).__name__
    starred = getattr(node, "star", None) if name == "Index" else inner == "StarredElement"
    star = _STAR.search(text, start, end)
    if star is not None and (starred or name == "StarredDictComp"):
        yield star.start(), star.end(), " " * len(star[0])


_CONSTRUCTS = {
    "TypeParameters": _type_parameters,
    "TypeAlias": _type_alias,
    "LazyImport": _lazy_import,
    "LazyImportFrom": _lazy_import,
    "ExceptHandler": _handler,
    "ExceptStarHandler": _handler,
    "TemplatedString": _formatted,
    "FormattedString": _formatted,
    "Index": _starred,
    "ListComp": _starred,
    "SetComp": _starred,
    "GeneratorExp": _starred,
    "StarredDictComp": _starred,
}


def _older_string(quoted: str) -> str:
    """An f-string as Python before 3.12 takes it: inside ``{…}`` other quotes, no backslash, no
    comment and (in a one-line string) no line end.
    """
    quote = quoted[:3] if quoted[:3] in {'"""', "'''"} else quoted[0]
    other = "'" if quote[0] == '"' else '"'
    inside = quoted[len(quote) : -len(quote)]
    characters = list(inside)
    depth = 0
    place = 0
    while place < len(inside):
        pair = inside[place : place + 2]
        if depth == 0 and pair in {"{{", "}}"}:
            place += 2
            continue
        depth += (inside[place] == "{") - (inside[place] == "}")
        if depth > 0:
            place = _older_character(inside, characters, place, quote, other)
        place += 1
    return quote + "".join(characters) + quote


def _older_character(inside: str, characters: list[str], place: int, quote: str, other: str) -> int:
    """Rewrite one character between braces; the place of the last one that was dealt with."""
    if inside[place] == quote[0]:
        characters[place] = other
    elif inside[place] == "\\":
        characters[place : place + 2] = "__"
        return place + 1
    elif inside[place] == "#" and "\n" in inside[place:]:
        end = inside.index("\n", place)
        characters[place:end] = " " * (end - place)
        return end - 1
    return place
