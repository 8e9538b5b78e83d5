"""Numbers that name files: ``range``, ``int``, ``len`` and their kin, as far as they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from torchload_lint.source.domain import conversions
from torchload_lint.source.domain.patterns import MAX_PATTERNS, highest, is_exact
from torchload_lint.source.domain.values import (
    Constant,
    Sequence,
    Text,
    Unknown,
    lift,
    union,
    unknown,
)
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_LONG = "a number of a long range"


def _range(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """Each number, where all bounds are known and the numbers are few."""
    bounds = arguments(evaluator, call, frame).positional
    known = [each for values in bounds for each in values if _is_integer(each)]
    numbers = [each.value for each in known if isinstance(each.value, int)]
    if len(known) != len(bounds) or any(len(values) != 1 for values in bounds) or not bounds:
        others = (each for values in bounds for each in values if not _is_integer(each))
        why = next(map(conversions.why, others), _LONG)
        return (Sequence(others=unknown(why), kind="range"),)
    rung = highest(*(each.rung for each in known))
    try:
        counted = range(*numbers)
    except ValueError:
        return (Sequence(kind="range"),)
    if len(counted) > MAX_PATTERNS:
        return (Sequence(others=unknown(_LONG), kind="range"),)
    items = tuple((Constant(each, rung=rung),) for each in counted)
    return (Sequence(items, kind="range", rung=rung),)


def _is_integer(value: Value) -> TypeGuard[Constant]:
    return isinstance(value, Constant) and isinstance(value.value, int)


def _whole(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``int(x)``: of a number, or of a text that spells one."""
    given = arguments(evaluator, call, frame)
    if len(given.positional) != 1 or given.named:
        return unknown("it is computed")
    return union(*(_as_integer(value) for value in given.positional[0]))


def _as_integer(value: Value) -> Values:
    if isinstance(value, Constant) and isinstance(value.value, int | float):
        return (Constant(int(value.value), rung=value.rung),)
    if isinstance(value, Text) and is_exact(value.text) and value.text.strip().isdecimal():
        return (Constant(int(value.text), rung=value.rung),)
    return unknown(
        conversions.why(value) if not isinstance(value, Text) else "a number out of a text"
    )


def _length(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame).at(0)
    return tuple(
        Constant(len(value.items), rung=value.rung)
        if isinstance(value, Sequence) and not value.others
        else Unknown("a length that is not known")
        for value in given
    )


def _extreme(choose: Callable[[list[float]], float]) -> Known:
    """``max`` or ``min``: of known numbers the right one, else any of the items (or arguments)."""

    def apply(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
        given = arguments(evaluator, call, frame)
        first, *rest = given.positional or [()]
        numbers = [each for values in given.positional for each in values if _is_number(each)]
        alone = all(len(values) == 1 for values in given.positional)
        if rest and alone and len(numbers) == len(given.positional):
            rung = highest(*(each.rung for each in numbers))
            return (Constant(choose([each.value or 0 for each in numbers]), rung=rung),)
        picked = (
            lift(value.element(), value.rung) if isinstance(value, Sequence) else (value,)
            for value in first
        )
        return union(*picked, *rest)

    return apply


def _is_number(value: Value) -> TypeGuard[Constant]:
    return isinstance(value, Constant) and not isinstance(value.value, bool | None)


CALLS: dict[str, Known] = {
    "builtins.range": _range,
    "builtins.int": _whole,
    "builtins.len": _length,
    "builtins.max": _extreme(max),
    "builtins.min": _extreme(min),
}
