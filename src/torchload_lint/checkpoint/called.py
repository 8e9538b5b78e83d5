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
    held_in,
)
from torchload_lint.checkpoint.pickles.shown_values import render_arguments, shortened
from torchload_lint.checkpoint.report import NeededGlobal
from torchload_lint.checkpoint.threats import everything_called

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from torchload_lint.checkpoint.evaluate import Question
    from torchload_lint.checkpoint.pickles.call_results import NameResolver
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.pickles.unpickler import Unpickled
    from torchload_lint.checkpoint.restricted.needs import RequiredEntry
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


def called_classes(
    streams: Iterable[Unpickled], names: NameResolver, understood: Container[str] = ()
) -> tuple[NeededGlobal, ...]:
    """What is called in a file that no allowlist loads, and that only the policy can judge.

    An unsafe load calls it all the same. ``understood`` is known to be harmless.
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
        if str(name) not in understood
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
    calls = [call for stream in streams for call in stream.calls_named(name)]
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
    kept = (one for one in _everything_in(value, limit) if isinstance(one, GlobalRef))
    return frozenset(str(one.name) for one in kept)


def hashed_by_own_code(
    needs: Iterable[RequiredEntry], value: PickledValue, question: Question
) -> frozenset[str]:
    """The needs whose own code is called because an object of theirs is a key, or in a set."""
    keys = _type_names_of_keys(value, question.limits.places)
    lookup = question.lookup or (lambda _: None)
    hashed = [(str(need.name), lookup(need.name)) for need in needs if str(need.runtime) in keys]
    return frozenset(name for name, facts in hashed if facts is not None and facts.hashes)


def _type_names_of_keys(value: PickledValue, limit: int) -> frozenset[str]:
    """The classes of the objects that are keys of dicts, or in sets; in tuples, too."""
    keys: list[PickledValue] = []
    for one in _everything_in(value, limit):
        if isinstance(one, SetValue):
            keys += one.items
        elif isinstance(one, (DictValue, ObjectValue)):
            keys += [key for key, _ in one.entries]
    objects = (one for one in _given(tuple(keys), _NESTED) if isinstance(one, ObjectValue))
    return frozenset(str(one.type_name) for one in objects)


def _everything_in(value: PickledValue, limit: int) -> Iterator[PickledValue]:
    """A value and all inside it but plain texts and numbers, the first ``limit`` of them."""
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < limit:
        current = waiting.pop()
        if isinstance(current, (str, bytes, int, float, NoneType)) or id(current) in seen:
            continue
        seen.add(id(current))
        waiting.extend(held_in(current))
        yield current


_NESTED = 3
"""Tuples in tuples that are looked into for what a file hands to a call."""


def _given(values: tuple[PickledValue, ...], depth: int) -> Iterator[PickledValue]:
    for value in values:
        if isinstance(value, tuple) and depth:
            yield from _given(value, depth - 1)
        else:
            yield value
