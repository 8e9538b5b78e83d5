"""Values turned into text, numbers and truth; and why one is not."""

from __future__ import annotations

from typing import TypeGuard

from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.patterns import HOLE, highest
from torchload_lint.source.domain.values import (
    NO_CAUSES,
    Cause,
    Class,
    Constant,
    Function,
    Handle,
    Instance,
    Made,
    Text,
    Unknown,
    Value,
    Values,
)

_SENTINEL = -1
LONGEST_TEXT = 100_000
"""No path has as many letters; a text that is put to itself again and again would have."""


def as_text(value: Value) -> Text:
    """The value as a part of a text; what is not a text becomes a hole.

    The slash at the end of a path says that it is a folder; no text made of it has one.
    """
    if isinstance(value, Text):
        is_folder = value.is_path and value.text.endswith("/")
        return value.changed(text=value.text.rstrip("/") or "/") if is_folder else value
    if isinstance(value, Handle):
        return value.source
    if isinstance(value, EnumMember):
        return value.as_text()
    if is_number(value):
        return Text(str(value.value), rung=value.rung)
    causes = frozenset((value.cause,)) if isinstance(value, Unknown) else NO_CAUSES
    return Text(HOLE, rung=value.rung, why=(why(value),), causes=causes)


def written(value: Value) -> Value:
    """``str(value)``; an object that is a path, perhaps, stays what it is."""
    if isinstance(value, EnumMember):
        return value.written()
    return value if isinstance(value, Instance) else as_text(value).changed(is_path=False)


def is_number(value: Value) -> TypeGuard[Constant]:
    """Whether a value is a number that names files: a truth value in a path is a sign of something
    not followed, and -1 stands for "none", "the last" or "not yet".
    """
    return (
        isinstance(value, Constant)
        and not isinstance(value.value, bool | None)
        and value.value != _SENTINEL
    )


def why(value: Value) -> str:
    """Why a value that is not a text cannot be followed as a part of a path."""
    if isinstance(value, Unknown):
        return value.why
    if isinstance(value, Made):
        return f"the result of {value.callee}() is not known"
    if isinstance(value, Constant):
        return f"it is {value.value} by default"
    return f"{type(value).__name__.lower()} in a path"


def is_missing(values: Values) -> bool:
    """Whether nothing is declared or set under the name that was asked for."""
    return all(isinstance(each, Unknown) and each.cause is Cause.MISSING for each in values)


def combine(first: Text, second: Text, joined: str, *, anchored: bool = False) -> Text:
    """A text made of two, with the higher rung and the reasons of both."""
    reasons = dict.fromkeys((*first.why, *second.why))
    if len(joined) > LONGEST_TEXT:
        joined, anchored = HOLE, False
        reasons["a text longer than a path"] = None
    return Text(
        joined,
        anchored,
        why=tuple(reasons) if HOLE in joined else (),
        causes=first.causes | second.causes if HOLE in joined else NO_CAUSES,
        rung=highest(first.rung, second.rung),
    )


def truths(values: Values) -> set[bool]:
    """Which truth values the possibilities can have (both, where one is unknown)."""
    found: set[bool] = set()
    for value in values:
        if isinstance(value, Constant):
            found.add(bool(value.value))
        elif isinstance(value, Text) and not value.why:
            found.add(bool(value.text))
        elif isinstance(value, Function | Class | Instance | Handle):
            found.add(True)
        else:
            found |= {True, False}
    return found
