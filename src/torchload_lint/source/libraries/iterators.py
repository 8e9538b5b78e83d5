"""What goes over the items of a sequence: ``sorted``, ``zip``, ``enumerate``, ``next`` and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import conversions
from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.values import Sequence, lift, union, unknown
from torchload_lint.source.state.evaluated_arguments import arguments, first

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_REARRANGING = (
    "builtins.iter",  # where it stands is not followed
    *("builtins.sorted", "builtins.reversed", "builtins.set", "builtins.frozenset"),
    *("natsort.natsorted", "collections.deque", "more_itertools.always_iterable"),
)
_PICKING = ("builtins.next", "random.choice", "numpy.random.choice")


def _as_sequence(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``sorted``, ``list``, ``reversed`` …: the same items, at other places."""
    made: list[domain.Value] = []
    for value in first(evaluator, call, frame):
        if isinstance(value, Sequence):
            made.append(Sequence(others=value.element(), rung=value.rung))
        else:
            made.append(Sequence(others=unknown(conversions.why(value))))
    return tuple(made) or (Sequence(),)


def _filtered(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``filter(test, items)``: some of the items; those that are true, without a test."""
    given = arguments(evaluator, call, frame)
    without_test = bool(call.args) and getattr(call.args[0], "value", ...) is None
    return tuple(
        Sequence(others=unknown(conversions.why(value)))
        if not isinstance(value, Sequence)
        else _true_ones(value)
        if without_test and not value.others and value.kind in {"list", "split"}
        else Sequence(others=value.element(), rung=value.rung)
        for value in given.at(1)
    )


def _true_ones(sequence: Sequence) -> Sequence:
    """The items that are true, at their places; at none, where that is not known of one."""
    truths = [conversions.truths(item) for item in sequence.items]
    if sequence.kind != "split" and any(len(each) != 1 for each in truths):
        return Sequence(others=sequence.element(), rung=sequence.rung)
    items = (item for item, truth in zip(sequence.items, truths, strict=True) if truth != {False})
    return Sequence(tuple(items), kind=sequence.kind, rung=sequence.rung)


def _as_list(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    values = first(evaluator, call, frame)
    return tuple(
        value if isinstance(value, Sequence) else Sequence(others=unknown(conversions.why(value)))
        for value in values
    ) or (Sequence(),)


def _any_element(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``next``, ``random.choice``: one of the items (or of the arguments)."""
    given = arguments(evaluator, call, frame)
    picked = (
        lift(value.element(), value.rung) if isinstance(value, Sequence) else (value,)
        for value in given.at(0)
    )
    return union(*picked, *given.positional[1:])


def _enumerate(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    pairs = tuple(
        Sequence((unknown("a number that counts"), value.element()), kind="tuple")
        for value in first(evaluator, call, frame)
        if isinstance(value, Sequence)
    )
    return (Sequence(others=pairs),) if pairs else unknown("enumerate() of what is not known")


def _zip(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    columns = tuple(
        union(
            *(
                value.element() if isinstance(value, Sequence) else unknown(conversions.why(value))
                for value in column
            )
        )
        for column in given.positional
    )
    return (Sequence(others=(Sequence(columns, kind="tuple"),)),)


CALLS: dict[str, Known] = {
    **dict.fromkeys(_REARRANGING, _as_sequence),
    **dict.fromkeys(("builtins.list", "builtins.tuple"), _as_list),
    **dict.fromkeys(_PICKING, _any_element),
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.filter": _filtered,
}
