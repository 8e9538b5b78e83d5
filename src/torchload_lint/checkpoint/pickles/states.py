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


def updates_dict(state: PickledValue) -> bool:
    """Whether ``{}.update(state)`` can work: a mapping, or pairs."""
    if isinstance(state, (DictValue, ObjectValue)):
        return True
    if isinstance(state, SetValue):
        return not state.items
    if isinstance(state, (list, tuple)):
        return all(_is_pair(item) for item in state)
    return state in ("", b"") if isinstance(state, (str, bytes)) else False


def is_default_state(state: PickledValue) -> bool:
    """What an object without ``__setstate__`` can be given: a dict, or (dict, slots)."""
    if isinstance(state, tuple) and len(state) == 2:  # noqa: PLR2004 - dict and slots
        attributes, slots = state
        slots_fine = not truthy(slots) or isinstance(slots, (DictValue, ObjectValue))
        return slots_fine and (not truthy(attributes) or updates_dict(attributes))
    return not truthy(state) or updates_dict(state)


def is_tensor_state(state: PickledValue, kind: str) -> bool:
    """What ``Tensor.set_`` or ``Tensor.__setstate__`` takes."""
    if isinstance(state, ObjectValue):
        return True
    if not isinstance(state, (tuple, list)):
        return kind == "torch.Tensor" and not truthy(state) and state not in (None, False, 0)
    return kind == "torch.Tensor" or len(state) in {3, 4, 5}


def _is_pair(item: PickledValue) -> bool:
    if isinstance(item, DictValue):
        return len(item.entries) == 2  # noqa: PLR2004 - a pair
    return isinstance(item, (list, tuple, str)) and len(item) == 2  # noqa: PLR2004 - a pair


def has_slots(state: PickledValue) -> bool:
    """Whether it is the (dict, slots) state of an object with ``__slots__``."""
    return isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], DictValue)  # noqa: PLR2004
