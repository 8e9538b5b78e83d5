"""What ``str.replace`` makes of a path, also of one that is not known: its ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain import strings
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import GLOB_ANY, HOLE, is_exact
from torchload_lint.source.domain.values import Text, union

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.arguments import Arguments
    from torchload_lint.source.domain.values import Values

_ENDING = late_pattern(r"\.[A-Za-z]\w{1,9}")
_WITH_ENDING = late_pattern(r"[\w.-]*\.[A-Za-z]\w{0,9}")
"""What stands in the place of an ending, and ends a name, too."""
_NOT_ALL = "it may end otherwise"


def replaced(text: Text, given: Arguments) -> Values:
    """``text.replace(old, new)``."""
    text = strings.whole(text)
    count = given.number(2, -1, "count")
    is_open = given.is_open(2, "count")
    return union(
        one
        for old in map(strings.whole, map(as_text, given.at(0)))
        for new in map(strings.whole, map(as_text, given.at(1)))
        for one in (
            _one(text, old, new, count)
            if not old.why and not is_open
            else (strings.hole(text, "it is replaced"),)
        )
    )


def with_endings(text: Text, given: Arguments) -> Values:
    """The endings alone that ``text.replace(old, new)`` gives to a text that is not known."""
    return tuple(
        one for one in replaced(text, given) if isinstance(one, Text) and one.text.strip(HOLE)
    )


def _one(text: Text, old: Text, new: Text, count: int) -> Iterator[Text]:
    plain = strings.changed(text, text.text.replace(old.text, new.text, count))
    ending = _ending_of_open(plain.text, old.text, new.text)
    if ending:
        yield strings.settled(plain.changed(text=ending, why=plain.why or (_NOT_ALL,)))
    yield strings.settled(plain)


def _ending_of_open(text: str, old: str, new: str) -> str:
    """A path of which the end is not known, with the ending that it gets if it has the one that
    is replaced: ``*.spec.pt`` of ``path.replace(".wav", ".spec.pt")``; empty for other changes.
    """
    is_open = text.endswith((HOLE, GLOB_ANY)) and is_exact(new)
    if is_open and _ENDING.fullmatch(old) and _WITH_ENDING.fullmatch(new):
        return f"{text}{new}"
    return ""
