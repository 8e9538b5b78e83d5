"""Mappings that are made from other things: ``dict(vars(args))``, ``{**asdict(config)}``,
``{key: value for key, value in config.items()}``. Their entries are looked up when asked for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.values import (
    Instance,
    Options,
    Record,
    Unknown,
    Values,
    union,
    unknown,
)
from torchload_lint.source.evaluation import attributes
from torchload_lint.source.state import stores

if TYPE_CHECKING:
    from torchload_lint.source.domain.frame import Frame
    from torchload_lint.source.domain.values import Value
    from torchload_lint.source.evaluation.engine import Evaluator
    from torchload_lint.source.facts.module import Module

_UNNAMED = "an entry that is not named"


class Parts(Mapping[str, Values]):
    """The options of a command line, or the attributes of an object, by name. Which names there
    are is not known, so that a loop over them sees none.
    """

    def __init__(self, evaluator: Evaluator, whole: Options | Instance, frame: Frame) -> None:
        self._evaluator = evaluator
        self._whole = whole
        self._frame = frame

    def __getitem__(self, key: str) -> Values:
        values = attributes.of_value(self._evaluator, self._whole, key, self._frame)
        if all(isinstance(value, Unknown) and _is_missing(value.why) for value in values):
            raise KeyError(key)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Names(Mapping[str, Values]):
    """What a module of the project defines, by name: a module may be handed on like an object."""

    def __init__(self, evaluator: Evaluator, module: Module, frame: Frame) -> None:
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


def _is_missing(why: str) -> bool:
    return "is not declared" in why or "is not set in class" in why


class Layered(Mapping[str, Values]):
    """Several mappings, the first that has a key answers; nothing is looked up ahead."""

    def __init__(self, *layers: Mapping[str, Values]) -> None:
        self._layers = layers

    def __getitem__(self, key: str) -> Values:
        for layer in self._layers:
            found = layer.get(key)
            if found is not None:
                return found
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter({key: None for layer in reversed(self._layers) for key in layer})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def over(first: Mapping[str, Values], second: Mapping[str, Values]) -> Mapping[str, Values]:
    """The second mapping with the entries of the first put into it."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {**second, **first}
    layers = [each for each in (first, second) if each or not isinstance(each, dict)]
    return layers[0] if len(layers) == 1 else Layered(*layers)


def entries(evaluator: Evaluator, value: Value, frame: Frame) -> Record | None:
    """A value as a mapping of names; None where it is none."""
    if isinstance(value, Record):
        return value
    if isinstance(value, Options | Instance):
        parts = Parts(evaluator, value, frame)
        return Record(parts, unknown(_UNNAMED), rung=value.rung)
    return None


class _AnyOf(Mapping[str, Values]):
    """Several possibilities for one mapping: an entry can be what any of them has."""

    def __init__(self, possibilities: list[Record]) -> None:
        self._possibilities = possibilities

    def __getitem__(self, key: str) -> Values:
        found = [each.entries.get(key, each.others) for each in self._possibilities]
        if not any(found):
            raise KeyError(key)
        missing = () if all(found) else unknown("an entry that is not always there")
        return union(*found, missing)

    def __iter__(self) -> Iterator[str]:
        return iter({key: None for each in self._possibilities for key in each.entries})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    __eq__, __hash__ = object.__eq__, object.__hash__


def spread(evaluator: Evaluator, values: Values, frame: Frame) -> Record:
    """What ``**values`` adds to a mapping; the values are possibilities for one mapping."""
    possibilities = [
        entries(evaluator, value, frame) or Record({}, unknown(domain.why(value)))
        for value in values
    ]
    if len(possibilities) == 1:
        return possibilities[0]
    others = union(*(each.others for each in possibilities))
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
    found = record.entries.get(key, record.others)
    return union(stored, updated, found)


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


def copied(node: ast.DictComp) -> ast.expr | None:
    """What a comprehension copies entry by entry: ``x`` in ``{k: v for k, v in x.items()}`` and
    in ``{a.dest: getattr(x, a.dest) for a in actions}``; None for all others.
    """
    key, value = ast.unparse(node.key), node.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        arguments = value.args
        is_get = value.func.id == "getattr" and len(arguments) > 1
        return arguments[0] if is_get and ast.unparse(arguments[1]) == key else None
    if isinstance(value, ast.Subscript):
        return value.value if ast.unparse(value.slice) == key else None
    source = node.generators[0].iter
    targets = ast.unparse(node.generators[0].target).strip("()")
    if (
        len(node.generators) == 1
        and isinstance(source, ast.Call)
        and isinstance(source.func, ast.Attribute)
        and source.func.attr == "items"
        and not source.args
        and targets == f"{key}, {ast.unparse(value)}"
    ):
        return source.func.value
    return None
