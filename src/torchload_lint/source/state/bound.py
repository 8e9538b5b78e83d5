"""The parameters of a function that is called: evaluated when they are asked about."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from torchload_lint.source.domain.conversions import why
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    NO_ARGUMENTS,
    Sequence,
    Unknown,
    Values,
    lift,
    union,
    unknown,
)
from torchload_lint.source.state import handing, spreading
from torchload_lint.source.state.matching import FromKeywords, FromSequence, Keywords
from torchload_lint.source.text.definitions import defaults, parameters

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Value
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.state.matching import Passed
    from torchload_lint.source.text.definitions import FunctionNode


class BoundArguments(Mapping[ast.arg, Values]):
    """The parameters of a function that is called: evaluated lazily, in the caller's frame."""

    def __init__(
        self,
        evaluator: Evaluator,
        function: FunctionNode,
        module: SourceFile,
        given: dict[ast.arg, Passed],
        frame: Frame,
        *,
        receiver: tuple[ast.arg, Values] | None = None,
        rung: Rung = Rung.LITERAL,
    ) -> None:
        """``frame`` is the caller's; ``module`` is the function's."""
        self.frame = frame
        self._evaluator = evaluator
        self._module = module
        self._given = given
        self._defaults = defaults(function.args)
        self._own = frozenset(parameters(function.args))
        self._rung = rung
        self._values: dict[ast.arg, Values] = {}
        if receiver is not None:
            self._values[receiver[0]] = receiver[1]

    def __getitem__(self, key: ast.arg) -> Values:
        if key not in self._values:
            if key not in self._own:
                return self.frame.arguments[key]
            self._values[key] = unknown(f"parameter {key.arg} is made from itself")
            self._values[key] = self._evaluate(key)
        values, given = self._values[key], self._given.get(key)
        if len(values) == 1 or not isinstance(given, ast.expr):
            return values
        return self._evaluator.turn(given, values)  # the same one wherever the function uses it

    def __contains__(self, key: object) -> bool:
        return key in self._own or key in self.frame.arguments

    def __iter__(self) -> Iterator[ast.arg]:
        return iter({*self._own, *self.frame.arguments})

    def __len__(self) -> int:
        return len({*self._own, *self.frame.arguments})

    def literal(self, parameter: ast.arg) -> ast.Constant | None:
        """The constant that this very call writes for a parameter, or leaves to its default."""
        if parameter not in self._own:
            return literal_of(self.frame.arguments, parameter)
        default = self._defaults.get(parameter.arg) if parameter not in self._values else None
        given = self._given.get(parameter, default)
        return given if isinstance(given, ast.Constant) else None

    def written(self, parameter: ast.arg) -> Passed:
        """What this very call gives to a parameter."""
        return self._given.get(parameter)

    def _evaluate(self, parameter: ast.arg) -> Values:
        if parameter in self._given:
            given = self._given[parameter]
            values = lift(given_values(self._evaluator, given, self.frame), self._rung)
            return union(values, self._default(parameter)) if is_spread(given, values) else values
        return self._default(parameter) or unknown(f"parameter {parameter.arg} is not given")

    def _default(self, parameter: ast.arg) -> Values:
        default = self._defaults.get(parameter.arg)
        if default is None:
            return ()
        home = self.frame.elsewhere(self._module)
        return lift(self._evaluator.values(default, home), Rung.DEFAULT)


class Layers(Mapping[ast.arg, Values]):
    """Several mappings of parameters, the first that has a parameter answers. Unlike a merged
    dictionary it evaluates nothing that is not asked for.
    """

    def __init__(self, layers: tuple[Mapping[ast.arg, Values], ...]) -> None:
        self._layers = tuple(layer for layer in layers if layer is not NO_ARGUMENTS)

    def __getitem__(self, key: ast.arg) -> Values:
        for layer in self._layers:
            if key in layer:
                return layer[key]
        raise KeyError(key)

    def layer_of(self, key: ast.arg) -> Mapping[ast.arg, Values]:
        """The layer that answers for a parameter."""
        return next((layer for layer in self._layers if key in layer), NO_ARGUMENTS)

    def __contains__(self, key: object) -> bool:
        return any(key in layer for layer in self._layers)

    def __iter__(self) -> Iterator[ast.arg]:
        return iter({key: None for layer in self._layers for key in layer})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def literal_of(bound: Mapping[ast.arg, Values], parameter: ast.arg) -> ast.Constant | None:
    """The constant that a call writes for one of its parameters; None where it does not."""
    if isinstance(bound, Layers):
        bound = bound.layer_of(parameter)
    return bound.literal(parameter) if isinstance(bound, BoundArguments) else None


def given_by(
    bound: Mapping[ast.arg, Values], parameter: ast.arg
) -> tuple[Passed, SourceFile | None]:
    """What a call gives to one of its parameters, and the file that it stands in."""
    if isinstance(bound, Layers):
        bound = bound.layer_of(parameter)
    if not isinstance(bound, BoundArguments):
        return None, None
    return bound.written(parameter), bound.frame.module


def given_values(evaluator: Evaluator, given: Passed, frame: Frame) -> Values:
    """The values of what a call gives to a parameter; empty where it gives nothing after all."""
    if given is None:
        return unknown("it is passed by * or **")
    if isinstance(given, list):
        items = tuple(evaluator.values(each, frame) for each in given)
        return (Sequence(items, kind="tuple"),)
    if isinstance(given, Keywords):
        named = {name: evaluator.values(each, frame) for name, each in given.named.items()}
        return (spreading.keywords(evaluator, named, given.mappings, frame),)
    if isinstance(given, tuple):
        return union(*(given_values(evaluator, each, frame) for each in given))
    if isinstance(given, FromKeywords):
        return union(
            *(spreading.named(evaluator, each, given.name, frame) for each in given.mappings)
        )
    if isinstance(given, FromSequence):
        return union(
            *(_at(value, given.index) for value in evaluator.values(given.sequence, frame))
        )
    return handing.on(evaluator, given, evaluator.values(given, frame), frame)


def is_spread(given: Passed, values: Values) -> bool:
    """Whether a parameter may be left to its default after all, ``*`` and ``**`` being unknown."""
    return isinstance(given, FromKeywords | FromSequence | tuple) and (
        not values or any(isinstance(value, Unknown) for value in values)
    )


def _at(value: Value, index: int) -> Values:
    """The item that comes at this place when a value is spread; empty where it has fewer."""
    if not isinstance(value, Sequence):
        return unknown(why(value))
    return value.items[index] if index < len(value.items) else value.others
