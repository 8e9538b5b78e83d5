"""Mappings that are made from other things: ``dict(vars(args))``, ``{**asdict(config)}``,
``{key: value for key, value in config.items()}``. Their entries are looked up when asked for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from torchload_lint.source.domain import conversions
from torchload_lint.source.domain.mappings import over
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Class,
    Instance,
    ParsedOptions,
    Record,
    Unknown,
    Values,
    lift,
    union,
    unknown,
)
from torchload_lint.source.state import class_fields, stores

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Value
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_UNNAMED = "an entry that is not named"


class Parts(Mapping[str, Values]):
    """The options of a command line, or the attributes of an object or class, by name. Which names
    there are is not known, so that a loop over them sees none.
    """

    def __init__(
        self, evaluator: Evaluator, whole: ParsedOptions | Instance | Class, frame: Frame
    ) -> None:
        self._evaluator = evaluator
        self._whole = whole
        self._frame = frame

    def __getitem__(self, key: str) -> Values:
        values = self._evaluator.attribute(self._whole, key, self._frame)
        if conversions.is_missing(values):
            raise KeyError(key)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class ModuleNames(Mapping[str, Values]):
    """What a module of the project defines, by name: a module may be handed on like an object."""

    def __init__(self, evaluator: Evaluator, module: SourceFile, frame: Frame) -> None:
        self._evaluator = evaluator
        self._module = module
        self._frame = frame

    def __getitem__(self, key: str) -> Values:
        definitions = self._evaluator.project.definitions(f"{self._module.name}.{key}")
        if not definitions:
            raise KeyError(key)
        return union(*(self._evaluator.found(each, self._frame) for each in definitions))

    __iter__, __len__ = Parts.__iter__, Parts.__len__
    __eq__, __hash__ = object.__eq__, object.__hash__


def entries(evaluator: Evaluator, value: Value, frame: Frame) -> Record | None:
    """A value as a mapping of names; None where it cannot be one."""
    if isinstance(value, Record):
        return value
    if isinstance(value, ParsedOptions | Instance | Class):
        parts = Parts(evaluator, value, frame)
        return Record(parts, unknown(_UNNAMED), rung=value.rung)
    return None


class _AnyOf(Mapping[str, Values]):
    """Possibilities for one mapping: an entry can be what any of them has, and has taken the rung
    that the mapping has.
    """

    def __init__(self, possibilities: list[Record]) -> None:
        self._possibilities = possibilities

    def __getitem__(self, key: str) -> Values:
        found = [_entry(each, key) for each in self._possibilities]
        if not any(found):
            raise KeyError(key)
        missing = () if all(found) else unknown("an entry that is not always there")
        return union(*found, missing)

    def __iter__(self) -> Iterator[str]:
        return iter({key: None for each in self._possibilities for key in each.entries})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    __eq__, __hash__ = object.__eq__, object.__hash__


def _entry(record: Record, key: str) -> Values:
    return lift(record.entries.get(key, record.others), record.rung)


def spread(evaluator: Evaluator, values: Values, frame: Frame) -> Record:
    """What ``**values`` adds to a mapping; the values are possibilities for one mapping."""
    possibilities = [
        entries(evaluator, value, frame) or Record({}, unknown(conversions.why(value)))
        for value in values
    ]
    if len(possibilities) == 1 and possibilities[0].rung is Rung.LITERAL:
        return possibilities[0]
    others = union(*(lift(each.others, each.rung) for each in possibilities))
    return Record(_AnyOf(possibilities) if possibilities else {}, others)


def named(evaluator: Evaluator, source: ast.expr, key: str, frame: Frame) -> Values:
    """What ``**source`` gives under one name, what the function has put there before included;
    empty where it has no such entry.
    """
    stored, settled = stores.reaching(evaluator, source, frame, f"{ast.unparse(source)}[{key!r}]")
    if settled:
        return stored
    updated, settled = stores.updates(evaluator, source, key, frame)
    if settled:
        return union(stored, updated)
    record = spread(evaluator, evaluator.values(source, frame), frame)
    found = union(stored, updated, _entry(record, key))
    evaluator.hop(source, frame.module.path, f"is spread by ** and gives {key}", found)
    return found


def field(
    evaluator: Evaluator, call: ast.Call, of: Class, name: str, frame: Frame
) -> tuple[Values, bool]:
    """What a call of a class gives to a field, and whether that is settled: what comes by ``*``
    and by a ``**`` that is not known is not. Nothing, where its default stands.
    """
    given = class_fields.given(call, of, name, evaluator.project)
    if given is not None:
        return evaluator.values(given, frame), True
    sources = [each.value for each in call.keywords if each.arg is None]
    found = union(*(named(evaluator, each, name, frame) for each in sources))
    if any(isinstance(each, ast.Starred) for each in call.args):
        found = union(found, unknown("it is passed by *"))
    return found, bool(found) and not any(isinstance(value, Unknown) for value in found)


class Spread(Mapping[str, Values]):
    """What ``**first, **second`` give, by name; which names there are is not known."""

    def __init__(self, evaluator: Evaluator, sources: tuple[ast.expr, ...], frame: Frame) -> None:
        self._evaluator = evaluator
        self._sources = sources
        self._frame = frame

    def __getitem__(self, key: str) -> Values:
        found = (named(self._evaluator, each, key, self._frame) for each in self._sources)
        values = union(*found)
        if not values:
            raise KeyError(key)
        return values

    __iter__, __len__ = Parts.__iter__, Parts.__len__
    __eq__, __hash__ = object.__eq__, object.__hash__


def keywords(
    evaluator: Evaluator, given: dict[str, Values], sources: tuple[ast.expr, ...], frame: Frame
) -> Record:
    """What a function gets as ``**kwargs``."""
    if not sources:
        return Record(given)
    return Record(over(given, Spread(evaluator, sources, frame)), unknown(_UNNAMED))
