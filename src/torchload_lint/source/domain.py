"""The values that the evaluator computes with: what an expression can be, as far as is known.

``Values`` is a tuple of possibilities; the empty tuple is "cannot happen". Each possibility
carries the rung of the ladder that it took, so that the highest one can be named in the end.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.patterns import HOLE, MAX_PATTERNS, Rung, highest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

    from torchload_lint.source.module import Module

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Value:
    """One possibility. It is never changed once it is made, and equal to another with the same
    content.

    These classes are written out: dataclasses would take ten times as long to import, on every run.
    """

    __slots__ = ("rung",)
    rung: Rung

    def _content(self) -> tuple[object, ...]:
        """What counts when it is compared, besides the rung."""
        return ()

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is type(self)
            and other.rung is self.rung
            and other._content() == self._content()
        )

    def __hash__(self) -> int:
        return hash((self.rung, self._content()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._content()))}, {self.rung})"

    def changed(self, **changes: object) -> Self:
        """The same with some attributes changed."""
        other = object.__new__(type(self))
        for name in ("rung", *self.__slots__):
            setattr(other, name, changes[name] if name in changes else getattr(self, name))
        return other


Values: TypeAlias = tuple[Value, ...]


class Text(Value):
    """A string or a path; unknown parts are marked (see ``patterns``)."""

    __slots__ = ("anchored", "is_path", "text", "why")

    def __init__(
        self,
        text: str,
        anchored: bool = False,
        is_path: bool = False,
        why: tuple[str, ...] = (),
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``is_path``: whether it is a ``pathlib`` path, for which ``/`` joins; ``why``: why its
        holes are holes.
        """
        self.text = text
        self.anchored = anchored
        self.is_path = is_path
        self.why = why
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.text, self.anchored, self.is_path, self.why


class Handle(Value):
    """An open file, or bytes read from one."""

    __slots__ = ("source", "wrapped")

    def __init__(self, source: Text, wrapped: bool = False, *, rung: Rung = Rung.LITERAL) -> None:
        """``wrapped``: whether something stands between it and the plain file (gzip, an archive's
        member).
        """
        self.source = source
        self.wrapped = wrapped
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.source, self.wrapped


class Constant(Value):
    """``None``, a number or a boolean."""

    __slots__ = ("value",)

    def __init__(
        self,
        value: int | float | None,  # noqa: PYI041 - told apart below
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        self.value = value
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return (self.value,)


class Sequence(Value):
    """A list, tuple, set or iterator."""

    __slots__ = ("items", "kind", "others")

    def __init__(
        self,
        items: tuple[Values, ...] = (),
        others: Values = (),
        kind: str = "list",
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``items``: those whose places are known; ``others``: what further ones can be."""
        self.items = items
        self.others = others
        self.kind = kind
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.items, self.others, self.kind

    def element(self) -> Values:
        """Any one of the items."""
        return union(*self.items, self.others)


class Record(Value):
    """A mapping with string keys, or an object with attributes (a namespace, a configuration)."""

    __slots__ = ("entries", "kind", "others")

    def __init__(
        self,
        entries: Mapping[str, Values],
        others: Values = (),
        kind: str = "dict",
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``others``: what other entries can be; empty where the mapping is known to have none.
        ``kind``: ``dict``, ``namespace``, ``config``, …; a canonical class name for known classes.
        """
        self.entries = entries
        self.others = others
        self.kind = kind
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.entries, self.others, self.kind

    def __hash__(self) -> int:
        return hash((self.rung, self.others, self.kind))


class Function(Value):
    """A function or lambda of the project; equal only to itself."""

    __slots__ = ("module", "node", "receiver")

    def __init__(
        self,
        node: FunctionNode,
        module: Module,
        receiver: Instance | None = None,
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        self.node = node
        self.module = module
        self.receiver = receiver
        self.rung = rung

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Class(Value):
    """A class of the project; equal only to itself."""

    __slots__ = ("module", "node")

    def __init__(self, node: ast.ClassDef, module: Module, *, rung: Rung = Rung.LITERAL) -> None:
        self.node = node
        self.module = module
        self.rung = rung

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Instance(Value):
    """An object of a class of the project."""

    __slots__ = ("arguments", "as_mapping", "call", "of")

    def __init__(
        self,
        of: Class,
        arguments: Mapping[ast.arg, Values] | None = None,
        call: ast.Call | None = None,
        as_mapping: bool = False,
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``arguments``: what its constructor was given, None where any caller may have made it;
        ``as_mapping``: whether it is ``vars(…)`` or ``asdict(…)`` of the object.
        """
        self.of = of
        self.arguments = arguments
        self.call = call
        self.as_mapping = as_mapping
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.of, self.call, self.as_mapping


class Options(Value):
    """The result of ``parse_args()``: its defaults stand in the file's ``add_argument`` calls."""

    __slots__ = ("as_mapping", "call", "module")

    def __init__(
        self,
        call: ast.Call,
        module: Module,
        as_mapping: bool = False,
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``as_mapping``: whether it is ``vars(args)``."""
        self.call = call
        self.module = module
        self.as_mapping = as_mapping
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.call, self.as_mapping


class Made(Value):
    """The result of calling something outside the project: ``torch.nn.Linear(…)``."""

    __slots__ = ("call", "callee", "module")

    def __init__(
        self,
        callee: str,
        call: ast.Call | None = None,
        module: Module | None = None,
        *,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``callee``: its dotted name."""
        self.callee = callee
        self.call = call
        self.module = module
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.callee, self.call


class Unknown(Value):
    """Nothing is known, and why."""

    __slots__ = ("why",)

    def __init__(self, why: str, *, rung: Rung = Rung.LITERAL) -> None:
        self.why = why
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return (self.why,)


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
        value if value.rung.height >= rung.height else value.changed(rung=rung) for value in values
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
