"""The values that the evaluator computes with: what an expression can be, as far as is known.

``Values`` is a tuple of possibilities; the empty tuple is "cannot happen". Each possibility
carries the rung of the ladder that it took, so that the highest one can be named in the end.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.domain.patterns import MAX_PATTERNS, Rung

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import FunctionNode

_MAX_UNKNOWN = 6


class Cause(Enum):
    """Why nothing is known, where that decides something. Sentences are for people alone."""

    OTHER = "other"
    MISSING = "missing"
    """Nothing is declared or set under that name."""
    NO_DEFAULT = "no default"
    """An option that is not given."""
    NOT_THE_DEFAULT = "not the default"
    """A test around the place rules the default out."""


NO_CAUSES: frozenset[Cause] = frozenset()


class Value:
    """One possibility. It is never changed once it is made, and equal to another with the same
    content.

    These classes are written out: dataclasses would take ten times as long to import, on every run.
    """

    __slots__ = ("_hash", "rung")
    rung: Rung
    _hash: int

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
        """Worked out once: values hold values, which are put into sets again and again."""
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(self._hashable())
            return self._hash

    def _hashable(self) -> tuple[object, ...]:
        """What of the content can be hashed."""
        return self._content()

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

    __slots__ = ("anchored", "causes", "is_path", "origin", "text", "why")

    def __init__(
        self,
        text: str,
        anchored: bool = False,
        is_path: bool = False,
        why: tuple[str, ...] = (),
        *,
        causes: frozenset[Cause] = NO_CAUSES,
        origin: str = "",
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``is_path``: whether it is a ``pathlib`` path, for which ``/`` joins; ``why``: why its
        holes are holes, in words, and ``causes``: the same for decisions; neither makes a
        possibility of its own. ``origin``: the address that such a file is downloaded from.
        """
        self.text = text
        self.anchored = anchored
        self.is_path = is_path
        self.why = why
        self.causes = causes
        self.origin = origin
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.text, self.anchored, self.is_path, self.origin

    def changed(self, **changes: object) -> Self:
        """The same with some attributes changed; another text has no known origin."""
        return super().changed(**({"origin": ""} | changes if "text" in changes else changes))


class Handle(Value):
    """An open file, or bytes read from one."""

    __slots__ = ("source", "wrapped")

    def __init__(self, source: Text, wrapped: bool = False, *, rung: Rung = Rung.LITERAL) -> None:
        """``wrapped``: whether it is not the plain file (through gzip, an archive's member)."""
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


class Handed:
    """A place where an object, or a part of it, was handed on: what was stored in it there goes
    with it (``args.resume = "last.pt"; run(args)``).
    """

    __slots__ = ("frame", "node", "path")

    def __init__(self, node: ast.expr, frame: Frame, path: str = "") -> None:
        """``node``: the argument of the call; ``path``: the part of it, as it is written after the
        argument (``.MODEL``).
        """
        self.node = node
        self.frame = frame
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handed) and other.node is self.node and other.path == self.path

    def __hash__(self) -> int:
        return hash((self.node, self.path))

    def part(self, name: str) -> Handed:
        """The same place for a part of what was handed on."""
        return Handed(self.node, self.frame, f"{self.path}.{name}")


class Record(Value):
    """A mapping with string keys, or an object with attributes (a namespace, a configuration)."""

    __slots__ = ("chosen", "entries", "handed", "kind", "others", "perhaps")

    def __init__(
        self,
        entries: Mapping[str, Values],
        others: Values = (),
        kind: str = "dict",
        *,
        handed: tuple[Handed, ...] = (),
        perhaps: frozenset[str] = frozenset(),
        chosen: tuple[str, str] | None = None,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``others``: what other entries can be; empty where the mapping is known to have none.
        ``perhaps``: keys that are stored somewhere, and may not be there yet.
        ``kind``: ``dict``, ``namespace``, ``config``, …; a canonical class name for known classes.
        ``handed``: where it was handed on, from the outermost call inwards.
        ``chosen``: folder and name of a configuration of which parts may be chosen otherwise.
        """
        self.chosen = chosen
        self.entries = entries
        self.others = others
        self.kind = kind
        self.handed = handed
        self.perhaps = perhaps
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.entries, self.others, self.kind, self.handed, self.perhaps

    def _hashable(self) -> tuple[object, ...]:
        return self.others, self.kind, self.handed


class Function(Value):
    """A function or lambda of the project; equal only to itself."""

    __slots__ = ("module", "node", "receiver")

    def __init__(
        self,
        node: FunctionNode,
        module: SourceFile,
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

    __slots__ = ("module", "node", "or_subclass")

    def __init__(
        self, node: ast.ClassDef, module: SourceFile, *, or_subclass: bool = False
    ) -> None:
        self.node = node
        self.module = module
        self.or_subclass = or_subclass
        """Whether it may be one that inherits from it instead (``cls``)."""
        self.rung = Rung.LITERAL

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Instance(Value):
    """An object of a class of the project."""

    __slots__ = ("arguments", "as_mapping", "call", "handed", "of")

    def __init__(
        self,
        of: Class,
        arguments: Mapping[ast.arg, Values] | None = None,
        call: ast.Call | None = None,
        as_mapping: bool = False,
        *,
        handed: tuple[Handed, ...] = (),
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``arguments``: what its constructor was given, None where any caller may have made it;
        ``as_mapping``: whether it is ``vars(…)`` or ``asdict(…)`` of it; ``handed``: where it was.
        """
        self.of = of
        self.arguments = arguments
        self.call = call
        self.as_mapping = as_mapping
        self.handed = handed
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.of, self.call, self.as_mapping, self.handed


class ParsedOptions(Value):
    """The result of ``parse_args()``: its defaults stand in the file's ``add_argument`` calls."""

    __slots__ = ("as_mapping", "call", "handed", "line", "module")

    def __init__(
        self,
        call: ast.Call,
        module: SourceFile,
        as_mapping: bool = False,
        line: Values = (),
        *,
        handed: tuple[Handed, ...] = (),
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``as_mapping``: whether it is ``vars(args)``; ``line``: the command lines that the code
        itself gives (``parse_args(["--x", "1"])``); ``handed``: where it was handed on.
        """
        self.call = call
        self.module = module
        self.as_mapping = as_mapping
        self.line = line
        self.handed = handed
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.call, self.as_mapping, self.line, self.handed


class Made(Value):
    """The result of calling something outside the project: ``torch.nn.Linear(…)``."""

    __slots__ = ("call", "callee", "module")

    def __init__(
        self,
        callee: str,
        call: ast.Call | None = None,
        module: SourceFile | None = None,
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
    """Nothing is known, and why: in words (``why``), and for decisions (``cause``)."""

    __slots__ = ("cause", "why")

    def __init__(self, why: str, cause: Cause = Cause.OTHER, *, rung: Rung = Rung.LITERAL) -> None:
        self.why = why
        self.cause = cause
        self.rung = rung

    def _content(self) -> tuple[object, ...]:
        return self.why, self.cause


_MORE = Unknown("there are more possibilities than are followed")


def union(*possibilities: Iterable[Value]) -> Values:
    """All the possibilities, without repetition, in order: at most ``MAX_PATTERNS``, and a few
    unknown ones, which leave the others their places.
    """
    given = [values for values in map(tuple, possibilities) if values]
    if len(given) == 1 and len(given[0]) == 1:
        return given[0]
    merged: dict[Value, None] = {}
    left = {True: _MAX_UNKNOWN, False: MAX_PATTERNS}
    for values in given:
        for value in values:
            is_unknown = value.__class__ is Unknown
            if value in merged:
                continue
            if left[is_unknown]:
                merged[value] = None
                left[is_unknown] -= 1
            elif not is_unknown:
                merged[_MORE] = None
    return tuple(merged)


def lift(values: Values, rung: Rung) -> Values:
    """The values, having taken at least this rung."""
    return tuple(
        value if value.rung.height >= rung.height else value.changed(rung=rung) for value in values
    )


def unknown(why: str, cause: Cause = Cause.OTHER) -> Values:
    """The one answer where nothing is known."""
    return (Unknown(why, cause),)


NO_ARGUMENTS: Mapping[ast.arg, Values] = {}
"""One empty mapping for all frames, so that they can be seen to be alike."""


class Frame:
    """Where an expression stands, and what is known of the calls that led there; never changed."""

    __slots__ = ("arguments", "callers", "calls", "module")

    def __init__(
        self,
        module: SourceFile,
        arguments: Mapping[ast.arg, Values] = NO_ARGUMENTS,
        calls: int = 0,
        callers: int = 0,
    ) -> None:
        """``arguments``: what parameters of the functions entered so far were given; ``calls`` and
        ``callers``: how many calls were followed inwards and outwards.
        """
        self.module = module
        self.arguments = arguments
        self.calls = calls
        self.callers = callers

    def within(self, module: SourceFile) -> Frame:
        """The same, in another file."""
        return Frame(module, self.arguments, self.calls, self.callers)

    def elsewhere(self, module: SourceFile) -> Frame:
        """A place outside of every function, as many calls away."""
        return Frame(module, NO_ARGUMENTS, self.calls, self.callers)
