"""Items of sequences: by index, and as a loop sees them."""

from __future__ import annotations

from torchload_lint.source.domain.conversions import why
from torchload_lint.source.domain.patterns import known
from torchload_lint.source.domain.strings import one_of_them
from torchload_lint.source.domain.values import (
    Record,
    Sequence,
    Text,
    Unknown,
    Value,
    Values,
    lift,
    union,
    unknown,
)


def item(value: Value, index: int) -> Values:
    """``value[index]``."""
    if isinstance(value, Sequence):
        if value.kind == "split" and not _is_certain(value, index):
            return unknown("it is cut out of an unknown text")
        if -len(value.items) <= index < len(value.items) and (index >= 0 or not value.others):
            return lift(value.items[index], value.rung)
        if index < 0 and value.others and value.items:  # the others may not be there at all
            return _any(
                union(value.items[index], value.others)
                if -index <= len(value.items)
                else value.element(),
                value,
            )
        return _any(value.others or value.element(), value)
    return unknown(why(value))


def _any(values: Values, sequence: Sequence) -> Values:
    """One of several items, of which nobody knows at what place each is."""
    if all(isinstance(value, Text | Unknown) for value in values):
        values = one_of_them(values, "which item of several it is")
    return lift(values, sequence.rung)


def last(sequence: Sequence) -> Values:
    """``sequence.pop()``."""
    return item(sequence, -1) if sequence.items or sequence.others else ()


def _is_certain(split: Sequence, index: int) -> bool:
    """Whether a piece of a split text is the same whatever its unknown parts hold."""
    counted = split.items[: index + 1] if index >= 0 else split.items[index:]
    last = split.items[index : index + 1 or None]
    between = counted[:-1] if index >= 0 else counted[1:]
    return bool(last) and not any(
        isinstance(value, Text) and value.why for values in between for value in values
    )


def elements(values: Values) -> Values:
    """What a loop over the values sees."""
    found: list[Values] = []
    for value in values:
        if isinstance(value, Sequence):
            found.append(lift(value.element(), value.rung))
        elif isinstance(value, Record):
            found.append(tuple(Text(known(key)) for key in value.entries))
            if value.others:
                found.append(unknown("its keys are not known"))
        else:
            found.append(unknown(f"a loop over what is not known ({why(value)})"))
    return union(*found)
