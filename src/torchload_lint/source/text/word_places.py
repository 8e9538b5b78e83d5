"""Where a word stands in a text as a word of its own: neither ``words`` nor ``sword``."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator

WORD = late_pattern(r"\w+")
_DISGUISED = late_pattern(
    "[\xaa\xba\u017f\u02b0-\u02b8\u02e0-\u02e4\u1d2c-\u1d6a\u2071\u207f\u2090-\u209c\u2100-\u214f"
    "\uff10-\uff5a\U0001d400-\U0001d7ff]"
)
"""Letters that Python may read as others in a name (NFKC): full-width, mathematical, raised."""
SEARCHES_BEFORE_PLACES = 24
"""How often a whole text is searched before the places of all its words are noted."""


class WordPlaces:
    """The places of the words of one text, noted once where many are asked for."""

    def __init__(self, text: str) -> None:
        self._text = undisguised(text)
        self._searched = 0
        self._known: dict[str, list[int]] | None = None

    def of(self, words: Collection[str], first: int, last: int) -> Iterator[int]:
        """Where one of ``words`` stands in a part of the text: offsets in code points."""
        self._searched += len(words) * (last - first)
        if self._known is None and self._searched > SEARCHES_BEFORE_PLACES * len(self._text):
            self._known = _places_of_all(self._text)
        for word in words:
            if self._known is None or not WORD.fullmatch(word):
                yield from places_of(word, self._text, first, last)
            elif word in self._known:
                found = self._known[word]
                yield from found[bisect_left(found, first) : bisect_left(found, last)]


def undisguised(text: str) -> str:
    """A text with the ASCII letters that Python reads for others in names: ``load`` where its first
    letter is a full-width one. All offsets stay.
    """
    return text if text.isascii() else _DISGUISED.sub(_plain, text)


def _plain(match: re.Match[str]) -> str:
    import unicodedata  # noqa: PLC0415 - few texts hold such a letter

    read = unicodedata.normalize("NFKC", match[0])
    return read if len(read) == 1 else match[0]


def _places_of_all(text: str) -> dict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for match in WORD.finditer(text):
        found[match.group()].append(match.start())
    return found


def places_of(word: str, text: str, first: int = 0, last: int | None = None) -> Iterator[int]:
    """Where a word stands in a text, or in a part of it."""
    size = len(word)
    place = text.find(word, first, last) if size else -1
    while place >= 0:
        end = place + size
        if not _in_word(text[place - 1 : place]) and not _in_word(text[end : end + 1]):
            yield place
        place = text.find(word, end, last)


def stands_in(word: str, text: str) -> bool:
    """Whether a text holds a word as a word of its own."""
    return next(places_of(word, text), None) is not None


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
