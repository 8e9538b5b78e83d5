"""Patterns of paths with the meaning that they have in .gitignore, matched in linear time.

A name is matched by a regular expression of ``fnmatch``, in which a star gives nothing back, and a
path name by name: one expression for a whole pattern takes for ever on ``*a*a*a*a*b``.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPED = late_pattern(r"\\(.)|\[\^")
_DEEP = "**"


class PathGlob:
    """A pattern. Without a slash it fits any part of a path; with one the path from its beginning,
    or a folder above it; ``**`` is any number of folders, or none.
    """

    def __init__(self, pattern: str) -> None:
        names = pattern.rstrip("/").split("/")
        if len(names) == 1:
            names.insert(0, _DEEP)
        if names[-1] == _DEEP:  # what lies inside
            names.append("*")
        once = [
            name
            for name, before in zip(names, ["", *names], strict=False)
            if (name, before) != (_DEEP, _DEEP)
        ]
        self._fits = [
            None if name == _DEEP else _expression(name).match
            for name in (once if once[0] else once[1:])
        ]

    def match(self, path: str) -> bool:
        """Whether a path, with ``/`` between its parts, or a folder above it fits."""
        return any(self._ends(path))

    def match_itself(self, path: str) -> bool:
        """Whether the path fits, whatever the folders above it do."""
        return [False, *self._ends(path)][-1]

    def _ends(self, path: str) -> Iterator[bool]:
        """For each part of a path, whether the pattern may end with it."""
        reached = {0}
        for name in path.split("/"):
            deep = {place for place in reached if self._fits[place : place + 1] == [None]}
            asked = reached - deep | {place + 1 for place in deep}
            fitting = {
                place + 1
                for place in asked
                if place < len(self._fits) and (fits := self._fits[place]) and fits(name)
            }
            yield len(self._fits) in fitting
            reached = deep | fitting


def fits_path(path: str, pattern: str) -> bool:
    """Whether a path fits a pattern in which a star crosses slashes, and ``**/`` is any number of
    folders, or none.
    """
    if fnmatchcase(path, pattern):
        return True
    return "**/" in pattern and PathGlob(pattern).match(path)


def names_path(pattern: str, path: str, origin: str = "") -> bool:
    """Whether a name in the configuration means a path, or the address that it is fetched from; an
    address may be named without its scheme, as the code may have it.
    """
    fits = (path, path.partition("://")[2], origin)
    return any(pattern == each or fits_path(each, pattern) for each in fits if each)


def _expression(name: str) -> re.Pattern[str]:
    return re.compile(translate(_ESCAPED.sub(_as_to_fnmatch, name)))


def _as_to_fnmatch(match: re.Match[str]) -> str:
    character = match[1]
    if character is None:
        return "[!"
    return f"[{character}]" if character in "*?[" else character
