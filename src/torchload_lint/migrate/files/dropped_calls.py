"""The calls of a pickle whose results are in nothing that it gives: what they do is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    ObjectValue,
    PickledValue,
    SetValue,
    type_of,
)
from torchload_lint.migrate.results import Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint.pickles.call_results import NameResolver


def notes_on_dropped(
    value: PickledValue, calls: Sequence[ObjectValue], names: NameResolver
) -> list[Note]:
    """Say of each dropped call what is called, and the type of what it is given first.

    ``value``: the object of a pickle. ``calls``: all that it makes, in its order.
    """
    return [
        Note(
            NoteKind.LEFT_OUT,
            "",
            f"the call of {names.of(call.callee) or 'what the file makes'}{_on(call)}",
            "nothing of the file holds its result, and it is not made",
        )
        for call in dropped_calls(value, calls)
    ]


def _on(call: ObjectValue) -> str:
    args = call.args if isinstance(call.args, tuple) else ()
    name = type_of(args[0]) if args else None
    return f" with a {name}" if name is not None else ""


def dropped_calls(value: PickledValue, calls: Sequence[ObjectValue]) -> list[ObjectValue]:
    """The calls that neither an object nor a later one of them holds, in the order of the file.

    Pickle drops the result of a
    call for its effect on something else: the sixth item of ``__reduce__`` (Python's pickle.py,
    ``save_reduce``) is a function that is given the object and its state.
    """
    held: set[int] = set()
    _walk([value], held)
    dropped = []
    for call in reversed(calls):  # what a dropped call is given is made before it
        if id(call) not in held:
            dropped.append(call)
            _walk([call], held)
    return dropped[::-1]


def _walk(todo: list[PickledValue], held: set[int]) -> None:
    """Add all that some values hold, and themselves."""
    while todo:
        current = todo.pop()
        parts = _parts(current) if id(current) not in held else None
        if parts is not None:
            held.add(id(current))
            todo += parts


def _parts(value: PickledValue) -> Sequence[PickledValue] | None:
    """What a value is made of; None for what holds nothing."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, DictValue):
        return [*(part for entry in value.entries for part in entry), *value.state]
    if isinstance(value, SetValue):
        return value.items
    if isinstance(value, ObjectValue):
        entries = (part for entry in value.entries for part in entry)
        return [value.callee, value.args, *value.states, *value.items, *entries]
    return None
