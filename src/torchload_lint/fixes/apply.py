"""Apply fixes to a text: sorted, each edit once, none that overlaps another fix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import Change, apply_changes, source_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.diagnostic import Fix

_INSERTED_NAME = re.compile(r"\s*(from\s+\S+|def\s+\w+)")
_IMPORTED = re.compile(r"\s*(?:from\s+\S+\s+import\s*\(?)?([\w\s,]*?)\)?\s*")


def apply_edits(text: str, fixes: Iterable[Fix]) -> tuple[str, tuple[Fix, ...]]:
    """Apply the fixes that do not collide, and say which those were.

    An edit that two fixes share (the same import) is made once. A fix that overlaps one already
    taken is left for the next pass. Insertions at one place keep the order of their fixes.
    """
    source = source_of(text)
    taken: dict[Change, None] = {}
    applied: list[Fix] = []
    for fix in fixes:
        changes = [
            Change(source.offset_of(edit.span.start), source.offset_of(edit.span.end), edit.content)
            for edit in fix.edits
        ]
        new = [change for change in changes if change not in taken]
        if any(_collide(change, other) for change in new for other in taken):
            continue
        taken.update(dict.fromkeys(new))
        applied.append(fix)
    return apply_changes(text, taken), tuple(applied)


def _collide(one: Change, other: Change) -> bool:
    if one.start == one.end and other.start == other.end:
        if one.start == other.start and _alternatives(one.content, other.content):
            return True
        return bool(_imported(one.content) & _imported(other.content))
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
