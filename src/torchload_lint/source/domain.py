"""The values that the evaluator computes with: what an expression can be, as far as is known.

``Values`` is a tuple of possibilities; the empty tuple is "cannot happen". Each possibility
carries the rung of the ladder that it took, so that the highest one can be named in the end.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.patterns import HOLE, MAX_PATTERNS, Rung, highest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torchload_lint.source.module import Module

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Value:
    """One possibility."""

    rung: Rung = field(default=Rung.LITERAL, kw_only=True)


Values: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Text(Value):
    """A string or a path; unknown parts are marked (see ``patterns``)."""

    text: str
    anchored: bool = False
    is_path: bool = False
    """Whether it is a ``pathlib`` path, for which ``/`` joins."""
    why: tuple[str, ...] = ()
    """Why its holes are holes."""


@dataclass(frozen=True, slots=True)
class Handle(Value):
    """An open file, or bytes read from one."""

    source: Text
    wrapped: bool = False
    """Whether something stands between it and the plain file (gzip, an archive's member)."""


@dataclass(frozen=True, slots=True)
class Constant(Value):
    """``None``, a number or a boolean."""

    value: int | float | None


@dataclass(frozen=True, slots=True)
class Sequence(Value):
    """A list, tuple, set or iterator."""

    items: tuple[Values, ...] = ()
    """The items where their places are known."""
    others: Values = ()
    """What further items, at unknown places, can be."""
    kind: str = "list"

    def element(self) -> Values:
        """Any one of the items."""
        return union(*self.items, self.others)


@dataclass(frozen=True, slots=True)
class Record(Value):
    """A mapping with string keys, or an object with attributes (a namespace, a configuration)."""

    entries: Mapping[str, Values] = field(hash=False)
    others: Values = ()
    """What other entries can be; empty where the mapping is known to have no others."""
    kind: str = "dict"
    """``dict``, ``namespace``, ``config``, …; a canonical class name for known classes."""


@dataclass(frozen=True, slots=True, eq=False)
class Function(Value):
    """A function or lambda of the project."""

    node: FunctionNode
    module: Module
    receiver: Instance | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Class(Value):
    """A class of the project."""

    node: ast.ClassDef
    module: Module


@dataclass(frozen=True, slots=True)
class Instance(Value):
    """An object of a class of the project."""

    of: Class
    arguments: Mapping[ast.arg, Values] | None = field(default=None, hash=False, compare=False)
    """What its constructor was given; None where any caller may have made it."""
    call: ast.Call | None = None
    as_mapping: bool = False
    """Whether it is ``vars(…)`` or ``asdict(…)`` of the object."""


@dataclass(frozen=True, slots=True)
class Options(Value):
    """The result of ``parse_args()``: its defaults stand in the file's ``add_argument`` calls."""

    call: ast.Call
    module: Module = field(compare=False)
    as_mapping: bool = False
    """Whether it is ``vars(args)``."""


@dataclass(frozen=True, slots=True)
class Made(Value):
    """The result of calling something outside the project: ``torch.nn.Linear(…)``."""

    callee: str
    """Its dotted name."""
    call: ast.Call | None = None
    module: Module | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """Nothing is known, and why."""

    why: str


def union(*possibilities: Iterable[Value]) -> Values:
    """All the possibilities, without repetition, in order, at most ``MAX_PATTERNS``."""
    merged: dict[Value, None] = {}
    for values in possibilities:
        for value in values:
            if len(merged) < MAX_PATTERNS:
                merged.setdefault(value)
    return tuple(merged)


def lift(values: Values, rung: Rung) -> Values:
    """The values, having taken at least this rung."""
    return tuple(
        value if value.rung.height >= rung.height else replace(value, rung=rung) for value in values
    )


def unknown(why: str) -> Values:
    """The one answer where nothing is known."""
    return (Unknown(why),)


def as_text(value: Value) -> Text:
    """The value as a part of a text; what is not a text becomes a hole."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Handle):
        return value.source
    if isinstance(value, Constant) and not isinstance(value.value, bool | None):
        return Text(str(value.value), rung=value.rung)
    return Text(HOLE, rung=value.rung, why=(why(value),))


def why(value: Value) -> str:
    """Why a value that is no text cannot be followed as a part of a path."""
    if isinstance(value, Unknown):
        return value.why
    if isinstance(value, Made):
        return f"the result of {value.callee}() is not known"
    if isinstance(value, Constant):
        return f"it is {value.value} by default"
    return f"{type(value).__name__.lower()} in a path"


def combine(first: Text, second: Text, joined: str, *, anchored: bool = False) -> Text:
    """A text made of two, with the higher rung and the reasons of both."""
    reasons = dict.fromkeys((*first.why, *second.why))
    return Text(
        joined,
        anchored,
        is_path=first.is_path or second.is_path,
        why=tuple(reasons) if HOLE in joined else (),
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
