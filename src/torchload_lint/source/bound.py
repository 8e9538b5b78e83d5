"""Which argument of a call goes to which parameter; evaluated when a parameter is asked about."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.definitions import defaults, parameters
from torchload_lint.source.domain import Record, Sequence, Values, lift, unknown
from torchload_lint.source.frame import NO_ARGUMENTS
from torchload_lint.source.patterns import Rung

if TYPE_CHECKING:
    from torchload_lint.source.domain import FunctionNode
    from torchload_lint.source.evaluate import Evaluator
    from torchload_lint.source.frame import Frame
    from torchload_lint.source.module import Module

Given: TypeAlias = "ast.expr | list[ast.expr] | dict[str, ast.expr] | None"
"""An expression; the expressions of ``*args``; those of ``**kwargs``; or None, where ``*`` or
``**`` in the call hide what it is given."""


def match(call: ast.Call, function: FunctionNode, skipped: int = 0) -> dict[ast.arg, Given]:
    """Parameter → what a call gives it. Parameters that are left to their default are missing.

    ``skipped`` counts leading parameters that the call does not write (``self``).
    """
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args][skipped:]
    given: dict[ast.arg, Given] = {}
    spread = next((i for i, each in enumerate(call.args) if isinstance(each, ast.Starred)), None)
    plain = call.args if spread is None else call.args[:spread]
    given.update(zip(positional, plain, strict=False))
    if arguments.vararg is not None:
        given[arguments.vararg] = list(plain[len(positional) :]) if spread is None else None
    if spread is not None:
        given.update(dict.fromkeys(positional[len(plain) :]))
    by_name = {each.arg: each for each in (*positional, *arguments.kwonlyargs)}
    further: dict[str, ast.expr] = {}
    hidden = False
    for keyword in call.keywords:
        if keyword.arg is None:
            hidden = True
        elif keyword.arg in by_name:
            given[by_name[keyword.arg]] = keyword.value
        else:
            further[keyword.arg] = keyword.value
    if hidden:
        for each in by_name.values():
            given.setdefault(each, None)
    if arguments.kwarg is not None:
        given[arguments.kwarg] = None if hidden else further
    return given


class Bound(Mapping[ast.arg, Values]):
    """The parameters of a function that is called: evaluated lazily, in the caller's frame."""

    def __init__(
        self,
        evaluator: Evaluator,
        function: FunctionNode,
        module: Module,
        given: dict[ast.arg, Given],
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
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._own or key in self.frame.arguments

    def __iter__(self) -> Iterator[ast.arg]:
        return iter({*self._own, *self.frame.arguments})

    def __len__(self) -> int:
        return len({*self._own, *self.frame.arguments})

    def _evaluate(self, parameter: ast.arg) -> Values:
        if parameter in self._given:
            values = evaluate(self._evaluator, self._given[parameter], self.frame)
            return lift(values, self._rung)
        default = self._defaults.get(parameter.arg)
        if default is None:
            return unknown(f"parameter {parameter.arg} is not given")
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

    def __contains__(self, key: object) -> bool:
        return any(key in layer for layer in self._layers)

    def __iter__(self) -> Iterator[ast.arg]:
        return iter({key: None for layer in self._layers for key in layer})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def evaluate(evaluator: Evaluator, given: Given, frame: Frame) -> Values:
    """The values of what a call gives to a parameter."""
    if given is None:
        return unknown("it is passed by * or **")
    if isinstance(given, list):
        items = tuple(evaluator.values(each, frame) for each in given)
        return (Sequence(items, kind="tuple"),)
    if isinstance(given, dict):
        return (Record({name: evaluator.values(each, frame) for name, each in given.items()}),)
    return evaluator.values(given, frame)
