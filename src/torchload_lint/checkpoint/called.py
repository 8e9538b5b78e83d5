"""What a file calls: by name and with which arguments, for the policy to judge."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_calls import is_building
from torchload_lint.checkpoint.known.known_globals import spelling_of
from torchload_lint.checkpoint.pickles.held_calls import can_be_held, held_calls
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    SetValue,
)
from torchload_lint.checkpoint.report import NeededGlobal
from torchload_lint.checkpoint.threats import everything_called, render_arguments, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.checkpoint.pickles.call_results import NameResolver
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.pickles.unpickler import Unpickled
    from torchload_lint.names import GlobalName, HeldCall


def shown_calls(streams: Iterable[Unpickled], names: NameResolver) -> dict[str, str]:
    """What the streams call, by name, each with its first call as text."""
    return {str(name): text for name, text in _shown(streams, names).items()}


def _shown(streams: Iterable[Unpickled], names: NameResolver) -> dict[GlobalName, str]:
    found: dict[GlobalName, str] = {}
    for call in (one for stream in streams for one in stream.calls):
        for callee in everything_called(call, names):
            if isinstance(callee, GlobalRef) and callee.name not in found:
                text = f"{shortened(call.callee, 1)}{render_arguments(call.args)}"
                found[callee.name] = text
    return found


def called_classes(streams: Iterable[Unpickled], names: NameResolver) -> tuple[NeededGlobal, ...]:
    """What is called in a file that no allowlist loads, and that only the policy can judge.

    An unsafe load calls it all the same.
    """
    streams = tuple(streams)
    return tuple(
        NeededGlobal(
            name,
            spelling_of(names.runtime_name(name)),
            pair=False,
            called=True,
            calls=text,
            held=calls_of(name, streams, names),
        )
        for name, text in _shown(streams, names).items()
        if can_be_held(str(name)) or not is_building(str(names.runtime_name(name)))
    )


def calls_of(
    name: GlobalName,
    streams: Iterable[Unpickled],
    names: NameResolver,
    *,
    finds_member: bool = False,
) -> tuple[HeldCall, ...]:
    """The calls of a global that an entry can hold it to; ``finds_member``: an enumeration."""
    calls = [
        call
        for stream in streams
        for call in stream.calls
        if call.how == "REDUCE" and isinstance(call.callee, GlobalRef) and call.callee.name == name
    ]
    return held_calls(str(name), calls, names, finds_member=finds_member)


def called_names(streams: Iterable[Unpickled]) -> frozenset[str]:
    """The names of what the file calls, or hands to what it calls."""
    found: set[str] = set()
    for stream in streams:
        for call in stream.calls:
            values = (call.callee, call.args) if call.how == "REDUCE" else (call.args,)
            found |= {
                str(one.name) for one in _given(values, _NESTED) if isinstance(one, GlobalRef)
            }
    return frozenset(found)


def kept_names(value: PickledValue, limit: int) -> frozenset[str]:
    """The names of what a file keeps as a value: ``self.norm = nn.LayerNorm``, and not an object
    of it. Looks at ``limit`` values at most.
    """
    found: set[str] = set()
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < limit:
        current = waiting.pop()
        if isinstance(current, GlobalRef):
            found.add(str(current.name))
        elif (
            not isinstance(current, (str, bytes, int, float, NoneType)) and id(current) not in seen
        ):
            seen.add(id(current))
            waiting.extend(_inside(current))
    return frozenset(found)


def _inside(value: PickledValue) -> Iterator[PickledValue]:
    if isinstance(value, (list, tuple)):
        yield from value
    if isinstance(value, ObjectValue):
        yield from (value.args, *value.states)
    if isinstance(value, DictValue):
        yield from value.state
    if isinstance(value, (ObjectValue, SetValue)):
        yield from value.items
    if isinstance(value, (ObjectValue, DictValue)):
        for entry in value.entries:
            yield from entry


_NESTED = 3
"""Tuples in tuples that are looked into for what a file hands to a call."""


def _given(values: tuple[PickledValue, ...], depth: int) -> Iterator[PickledValue]:
    for value in values:
        if isinstance(value, tuple) and depth:
            yield from _given(value, depth - 1)
        else:
            yield value
