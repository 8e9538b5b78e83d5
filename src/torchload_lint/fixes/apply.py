"""Apply fixes to a text: sorted, each edit once, none that overlaps another fix."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import Change, apply_changes, source_of
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.diagnostic import Fix

_INSERTED_NAME = late_pattern(r"\s*(from\s+\S+|def\s+\w+)")
_LEADING_IMPORT = late_pattern(r"from[ ]\S+[ ]import[ ](?:\(([^)]*)\)|([^(\n]*))\n+(?=\S)")
"""An import above a statement of the module: ``from app import Net``, and then ``with ...``."""
_IMPORTED = late_pattern(r"\s*(?:from\s+\S+\s+import\s*\(?)?([\w\s,]*?)\)?\s*")


def apply_edits(text: str, fixes: Iterable[Fix]) -> tuple[str, tuple[Fix, ...]]:
    """Apply the fixes that do not collide, and say which those were.

    An edit that two fixes share (the same import) is made once. A fix that overlaps one already
    taken is left for the next pass. Insertions at one place keep the order of their fixes.
    """
    source = source_of(text)
    taken = _ChangesMade()
    applied: list[Fix] = []
    for fix in fixes:
        changes = [
            Change(source.offset_of(edit.span.start), source.offset_of(edit.span.end), edit.content)
            for edit in fix.edits
        ]
        new = [change for change in changes if change not in taken.changes]
        if any(map(taken.collides, new)):
            continue
        for change in dict.fromkeys(new):
            taken.take(change)
        applied.append(fix)
    return apply_changes(text, taken.changes), tuple(applied)


class _ChangesMade:
    """The changes that are made. A new one is only compared with those that are near it: one file
    may have thousands.
    """

    def __init__(self) -> None:
        self.changes: dict[Change, None] = {}
        self._insertions: list[Change] = []
        self._replacements: list[Change] = []
        self._imported: set[str] = set()

    def take(self, change: Change) -> None:
        """Make a change that collides with none."""
        self.changes[change] = None
        if change.start < change.end:
            insort(self._replacements, change)
        else:
            insort(self._insertions, change)
            self._imported |= _imported(change.content)
        self._imported |= _imported_above(change.content)

    def collides(self, change: Change) -> bool:
        """Whether a change cannot be made together with these."""
        names = _imported_above(change.content)
        if change.start == change.end:
            names |= _imported(change.content)
        if not self._imported.isdisjoint(names):
            return True
        return any(_collide(change, other) for other in self._near(change))

    def _near(self, change: Change) -> Iterator[Change]:
        inserted, replaced = self._insertions, self._replacements
        first = bisect_left(inserted, change.start, key=_start)
        yield from inserted[first : bisect_right(inserted, change.end, key=_start)]
        place = bisect_right(replaced, change.end, key=_start)
        while place and replaced[place - 1].end >= change.start:
            place -= 1
            yield replaced[place]


def _start(change: Change) -> int:
    return change.start


def _collide(one: Change, other: Change) -> bool:
    if one.start == one.end and other.start == other.end:
        return one.start == other.start and _alternatives(one.content, other.content)
    # What is inserted at the very end of a replaced part may be in what replaces it already.
    if one.start == one.end:
        return other.start < one.start <= other.end
    if other.start == other.end:
        return one.start < other.start <= one.end
    return one.start < other.end and other.start < one.end


def _alternatives(one: str, other: str) -> bool:
    """Whether two insertions are versions of one thing (``from a import b``, ``from a import c``).

    The second then waits for the next pass, where it is merged with what the first one wrote.
    """
    first, second = _INSERTED_NAME.match(one), _INSERTED_NAME.match(other)
    return bool(first and second and first[1].split() == second[1].split())


def _imported(content: str) -> frozenset[str]:
    """The names that an inserted import, or an insertion into a list of imports, binds."""
    found = _IMPORTED.fullmatch(content)
    if found is None:
        return frozenset()
    names = (item.split() for item in found[1].split(","))
    return frozenset(words[-1] for words in names if words)


def _imported_above(content: str) -> frozenset[str]:
    """The names that imports at the beginning of what is inserted bind for the whole module.

    Inside of a function the rows that follow are indented: its imports are no other's.
    """
    names: set[str] = set()
    while (found := _LEADING_IMPORT.match(content)) is not None:
        names |= _imported(f"from . import ({found[1] or found[2]})")
        content = content[found.end() :]
    return frozenset(names)
