"""What goes over the items of a sequence: ``sorted``, ``zip``, ``enumerate``, ``next`` and more."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import conversions, sequences, strings
from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.values import Sequence, lift, union, unknown
from torchload_lint.source.state.evaluated_arguments import arguments, first

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_REARRANGING = {
    "iterator": (
        *("builtins.iter", "builtins.reversed", "more_itertools.always_iterable"),
        *("itertools.islice", "itertools.cycle"),
    ),
    "list": (
        *("builtins.sorted", "natsort.natsorted", "random.sample", "random.choices"),
        *("numpy.sort", "numpy.unique", "numpy.random.permutation"),
    ),
    "set": ("builtins.set",),
    "frozenset": ("builtins.frozenset",),
}
"""What yields the same items at other places (where an iterator stands is not followed)."""
_PICKING = ("builtins.next", "random.choice", "numpy.random.choice")


def _rearranged(kind: str) -> Known:
    """``sorted``, ``set``, ``reversed`` …: the same items, at other places."""

    def apply(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
        made = map(_as_list, first(evaluator, call, frame))
        found = (Sequence(others=each.element(), kind=kind, rung=each.rung) for each in made)
        return tuple(found) or (Sequence(kind=kind),)

    return apply


def _filtered(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``filter(test, items)``: some of the items; those that are true, without a test."""
    given = arguments(evaluator, call, frame)
    without_test = bool(call.args) and getattr(call.args[0], "value", ...) is None
    return tuple(
        Sequence(others=unknown(conversions.why(value)), kind="iterator")
        if not isinstance(value, Sequence)
        else _true_ones(value)
        if without_test and not value.others and value.kind in {"list", "range", "split"}
        else Sequence(others=value.element(), kind="iterator", rung=value.rung)
        for value in given.at(1)
    )


def _true_ones(sequence: Sequence) -> Sequence:
    """The items that are true, at their places; at none, where that is not known of one."""
    truths = [conversions.truths(item) for item in sequence.items]
    is_split = sequence.kind == "split"
    if not is_split and any(len(each) != 1 for each in truths):
        return Sequence(others=sequence.element(), kind="iterator", rung=sequence.rung)
    items = (item for item, truth in zip(sequence.items, truths, strict=True) if truth != {False})
    return Sequence(tuple(items), kind="split" if is_split else "iterator", rung=sequence.rung)


def _mapped(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``map(str, items)``: each item as a text, or as a path; or what a lambda makes of it."""
    if len(call.args) != 2 or any(isinstance(each, ast.Starred) for each in call.args):  # noqa: PLR2004
        return unknown("map() over several things at once")
    convert = _CONVERTING.get(frame.module.bindings.qualified(call.args[0]) or "")
    if convert is not None:
        items = sequences.elements(evaluator.values(call.args[1], frame))
        return (Sequence(others=tuple(map(convert, items)), kind="iterator"),)
    made = union(
        *(_each_mapped(evaluator, one, frame) for one in evaluator.values(call.args[0], frame))
    )
    return (Sequence(others=made, kind="iterator"),)


def _each_mapped(evaluator: Evaluator, function: domain.Value, frame: Frame) -> Values:
    """What a lambda makes of an item; its parameter is what ``map`` gives it."""
    if isinstance(function, domain.Function) and isinstance(function.node, ast.Lambda):
        return evaluator.values(function.node.body, frame)
    return unknown("what map() makes of each item is not known")


def _chained(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``itertools.chain(some, others)``: the items of all of them."""
    given = arguments(evaluator, call, frame)
    columns = union(*given.positional)
    return (Sequence(others=sequences.elements(columns), kind="iterator"),)


def _chained_parts(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``itertools.chain.from_iterable(lists)``."""
    lists = sequences.elements(first(evaluator, call, frame))
    return (Sequence(others=sequences.elements(lists), kind="iterator"),)


def _in_parts(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``numpy.array_split(items, parts)``: lists of the items."""
    part = Sequence(others=sequences.elements(first(evaluator, call, frame)), kind="list")
    return (Sequence(others=(part,), kind="list"),)


def _same_places(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``list`` and ``tuple``: the same items, at the same places."""
    values = first(evaluator, call, frame)
    return tuple(map(_as_list, values)) or (Sequence(),)


def _deque(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """The same, unless it is said how many it keeps."""
    if len(call.args) > 1 or call.keywords:
        return _rearranged("deque")(evaluator, call, frame)
    return tuple(one.changed(kind="deque") for one in _same_places(evaluator, call, frame))


def _as_list(value: domain.Value) -> Sequence:
    if not isinstance(value, Sequence):
        return Sequence(others=unknown(conversions.why(value)))
    return value if value.kind == "split" else value.changed(kind="list")


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
    if not pairs:
        return unknown("enumerate() of what is not known")
    return (Sequence(others=pairs, kind="iterator"),)


def _zip(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    columns = tuple(
        union(*(_as_list(value).element() for value in column)) for column in given.positional
    )
    return (Sequence(others=(Sequence(columns, kind="tuple"),), kind="iterator"),)


def _product(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``itertools.product(these, those)``: pairs, as ``zip`` has some of."""
    if call.keywords or any(isinstance(each, ast.Starred) for each in call.args):
        return unknown("a product of how many is not known")
    return _zip(evaluator, call, frame)


def _as_path(value: domain.Value) -> domain.Value:
    return strings.path(conversions.as_text(value))


_CONVERTING: dict[str, Callable[[domain.Value], domain.Value]] = {
    **dict.fromkeys(("builtins.str", "os.fspath"), conversions.written),
    **dict.fromkeys(("pathlib.Path", "pathlib.PurePath"), _as_path),
}
"""Functions that make a text or a path of each item."""

CALLS: dict[str, Known] = {
    "builtins.map": _mapped,
    "itertools.chain": _chained,
    "itertools.chain.from_iterable": _chained_parts,
    **dict.fromkeys(("numpy.array_split", "numpy.split"), _in_parts),
    **{name: _rearranged(kind) for kind, names in _REARRANGING.items() for name in names},
    **dict.fromkeys(("builtins.list", "builtins.tuple"), _same_places),
    "collections.deque": _deque,
    **dict.fromkeys(_PICKING, _any_element),
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "itertools.product": _product,
    "builtins.filter": _filtered,
}
CERTAIN = frozenset({"itertools.chain", "itertools.chain.from_iterable", "itertools.islice"})
