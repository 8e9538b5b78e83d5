"""The arguments of a call, evaluated."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Constant, Sequence, Text, Values, unknown

if TYPE_CHECKING:
    from torchload_lint.source.domain.frame import Frame
    from torchload_lint.source.evaluation.engine import Evaluator


class Arguments:
    """The arguments of one call, evaluated."""

    __slots__ = ("named", "positional")

    def __init__(
        self, positional: list[Values] | None = None, named: dict[str, Values] | None = None
    ) -> None:
        self.positional = [] if positional is None else positional
        self.named = {} if named is None else named

    def at(self, index: int, name: str = "") -> Values:
        """The positional argument, or the keyword of that name; empty where it is not given."""
        if index < len(self.positional):
            return self.positional[index]
        return self.named.get(name, ())

    def literal(self, index: int) -> str | None:
        """The argument's text where it is one known text."""
        values = self.at(index)
        if len(values) == 1 and isinstance(values[0], Text) and not values[0].why:
            return values[0].text
        return None

    def number(self, index: int, default: int) -> int:
        """The argument where it is one known integer."""
        values = self.at(index, "maxsplit")
        value = values[0] if len(values) == 1 else None
        return (
            value.value if isinstance(value, Constant) and isinstance(value.value, int) else default
        )


def arguments(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Arguments:
    """Evaluate the arguments of a call; ``*parts`` are spread where their number is known."""
    given = Arguments()
    for argument in call.args:
        if not isinstance(argument, ast.Starred):
            given.positional.append(evaluator.values(argument, frame))
            continue
        for value in evaluator.values(argument.value, frame)[:1]:
            if isinstance(value, Sequence) and not value.others:
                given.positional.extend(value.items)
            else:
                given.positional.append(unknown("*arguments that are not known"))
    for keyword in call.keywords:
        if keyword.arg is not None:
            given.named[keyword.arg] = evaluator.values(keyword.value, frame)
    return given
