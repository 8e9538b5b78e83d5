"""Which states BUILD can give to which objects."""

from __future__ import annotations

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    Opaque,
    PickledValue,
    SetValue,
    StorageValue,
)


def truthy(state: PickledValue) -> bool:
    """Whether ``if state:`` would pass."""
    if isinstance(state, DictValue):
        return bool(state.entries)
    if isinstance(state, SetValue):
        return bool(state.items)
    if isinstance(state, (GlobalRef, ObjectValue, Opaque, StorageValue)):
        return True
    return bool(state)


def has_slots(state: PickledValue) -> bool:
    """Whether it is the (dict, slots) state of an object with ``__slots__``."""
    return isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], DictValue)  # noqa: PLR2004
