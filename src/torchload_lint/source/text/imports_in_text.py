"""The import statements of a text, read without parsing it, in all the ways that Python allows.

A backslash continues a row, brackets hold rows and comments, and ``;`` and ``:`` may stand before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

LONGEST_LIST = 20_000
"""Letters of a list in brackets; a text of many that nothing closes is not searched for each."""
_MOST_BEFORE = 1_000
"""Letters of a row that are looked at before ``import``."""
_MOST_TEXTS = 512
"""Texts whose imports are kept: one text is asked about by the questions for many names."""
_MOST_SHORT_TEXTS = 8_192
_LONGEST_SHORT_TEXT = 16_384
"""So many more texts are kept that are no longer than that: most of a large tree, each of which the
questions for one name after the other ask about in turn.
"""
_CONTINUED = late_pattern(
    r'"""[^"\\]*(?:(?:\\(?:[\s\S]|\Z)|"(?!""))[^"\\]*)*(?:"""|\Z)'
    r"|'''[^'\\]*(?:(?:\\(?:[\s\S]|\Z)|'(?!''))[^'\\]*)*(?:'''|\Z)"
    r'|"(?:\\[\s\S]|[^"\\\r\n])*"?'
    r"|'(?:\\[\s\S]|[^'\\\r\n])*'?"
    r"|#[^\r\n]*"
    r"|\\(?:\r\n?|\n)"
)
"""The end of a row that goes on; strings and comments, in which a backslash is no such end."""
_IMPORT = late_pattern(r"import(?<!\wimport)(?!\w)")
_SOURCE = late_pattern(r"(?:^|[;:])[ \t\f]*(from(?!\w)[.\w \t\f]+)\Z")
_IN_BRACKETS = late_pattern(r"[ \t\f]*\(([^()#]*(?:#[^\n]*\n[^()#]*)*)\)")
_ON_ROW = late_pattern(r"[^\n#;()]*")
_COMMENT = late_pattern(r"#[^\n]*")
_STRING = late_pattern(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")


class TextImport(NamedTuple):
    """One import statement."""

    start: int
    """Where it begins."""
    end: int
    module: str
    """What ``from`` names, with its dots; empty where there is no ``from``."""
    names: tuple[tuple[str, str], ...]
    """What is imported, each with the name that it gets by ``as``, or none."""


def joined_rows(text: str) -> str:
    """A text whose rows go on where a backslash continues them, and end in line feeds; all offsets
    stay.
    """
    if "\\\n" in text or "\\\r" in text:
        text = _CONTINUED.sub(_spaces, text)
    return text.replace("\r", "\n") if "\r" in text else text


def imports_in(text: str) -> Iterator[TextImport]:
    """The import statements of a text, and what reads like one in its strings.

    ``text``: as ``joined_rows`` gives it.
    """
    ended = 0
    for word in _IMPORT.finditer(text):
        if word.start() < ended:
            continue
        seen = max(ended, word.start() - _MOST_BEFORE)
        row = max(seen, text.rfind("\n", seen, word.start()) + 1)
        before = text[row : word.start()].rstrip(" \t\f")
        behind = row + len(before)
        before = _STRING.sub("", before) if "#" in before else before
        source = _SOURCE.search(before)
        if "#" in before or (source is None and before.lstrip() and before[-1] not in ";:"):
            continue
        listed = _IN_BRACKETS.match(text, word.end(), word.end() + LONGEST_LIST) if source else None
        listed = listed or _ON_ROW.match(text, word.end())
        assert listed is not None
        ended = listed.end()
        start = behind - len(before) + source.start(1) if source else word.start()
        yield TextImport(start, ended, _dotted(source[1][4:]) if source else "", _names(listed))


def _joined_with_imports(text: str) -> tuple[str, tuple[TextImport, ...]]:
    joined = joined_rows(text)
    return joined, tuple(imports_in(joined))


def _imported_words(text: str) -> frozenset[str]:
    found = imports_in(joined_rows(text))
    return frozenset(name for each in found for name, _ in each.names)


_of_short = lru_cache(maxsize=_MOST_SHORT_TEXTS)(_joined_with_imports)
_of_long = lru_cache(maxsize=_MOST_TEXTS)(_joined_with_imports)
_words_of_short = lru_cache(maxsize=_MOST_SHORT_TEXTS)(_imported_words)
_words_of_long = lru_cache(maxsize=_MOST_TEXTS)(_imported_words)


def joined_with_imports(text: str) -> tuple[str, tuple[TextImport, ...]]:
    """A text as ``joined_rows`` gives it, and its imports."""
    return _of_short(text) if len(text) <= _LONGEST_SHORT_TEXT else _of_long(text)


def imported_words(text: str) -> frozenset[str]:
    """The names that the import statements of a text list, ``*`` among them, as it stands."""
    return _words_of_short(text) if len(text) <= _LONGEST_SHORT_TEXT else _words_of_long(text)


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match[0]) if match[0].startswith("\\") else match[0]


def _dotted(words: str) -> str:
    return "".join(words.split())


def _names(listed: re.Match[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for item in _COMMENT.sub("", listed[listed.re.groups]).split(","):
        name, _, alias = " ".join(item.split()).partition(" as ")
        if name:
            found.append((_dotted(name), alias))
    return tuple(found)
