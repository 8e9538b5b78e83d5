"""Which files hold a part of a word: asked of the distinct words of all files, not of the files.

The distinct words of a project are a fifteenth of its text. To collect them costs as much as some
thirty searches through all of it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_BLANKED = bytes(each if each in _LETTERS else ord(" ") for each in range(256))
"""Every byte that is not of an ASCII word becomes a space."""


class WordIndex:
    """The words of some files, and which file holds which."""

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        """``files``: names and contents, in the order in which names are to be given."""
        self._names: list[str] = []
        self._files: defaultdict[bytes, list[int]] = defaultdict(list)
        for number, (name, data) in enumerate(files):
            self._names.append(name)
            for word in set(data.translate(_BLANKED).split()):
                self._files[word].append(number)
        self._words = b" ".join(self._files)

    def answers(self, part: bytes) -> bool:
        """Whether a part of a word is one that can be looked for here."""
        return bool(part) and _LETTERS.issuperset(part)

    def holding(self, part: bytes) -> list[str]:
        """The files whose bytes hold it, within a word or as one."""
        words = self._words
        found: set[int] = set()
        place = words.find(part)
        while place >= 0:
            start = words.rfind(b" ", 0, place) + 1
            end = words.find(b" ", place)
            end = len(words) if end < 0 else end
            found.update(self._files[words[start:end]])
            place = words.find(part, end)
        return [self._names[number] for number in sorted(found)]
