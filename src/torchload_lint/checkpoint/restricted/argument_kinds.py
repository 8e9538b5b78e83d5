"""What torch takes for an integer, a number, a tensor: parts of the signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, ObjectValue, PickledValue
from torchload_lint.checkpoint.pickles.tensors import tensor_of

if TYPE_CHECKING:
    from typing import TypeGuard

_INT64 = range(-(2**63), 2**63)
_NO_TENSORS = frozenset(
    """
    builtins.complex builtins.bytearray builtins.set _codecs.encode torch.Size torch.device
    torch.serialization._get_layout
    """.split()
)
"""Calls that give something else than a tensor, whatever their arguments are."""


def may_be_anything(value: PickledValue) -> bool:
    """Whether a value is an object of a class that may be of any kind."""
    return may_be_tensor(value) and tensor_of(value) is None


def may_be_tensor(value: PickledValue) -> bool:
    """Whether a value is a tensor, or what a call of something unknown gives."""
    if not isinstance(value, ObjectValue):
        return False
    callee = value.callee
    return not isinstance(callee, GlobalRef) or str(callee.name) not in _NO_TENSORS


def is_int64(value: PickledValue) -> TypeGuard[int]:
    """Whether torch takes a value for an integer: no truth values, and 64 bits."""
    return type(value) is int and value in _INT64


def is_whole(value: PickledValue) -> bool:
    """Whether a value can be an integer of 64 bits: also a float, whose fraction is cut off."""
    return isinstance(value, (int, float)) and _INT64[0] <= value <= _INT64[-1]


def is_float(value: PickledValue) -> bool:
    """Whether a value can be a floating point number."""
    try:
        return isinstance(value, (int, float)) and isinstance(float(value), float)
    except OverflowError:
        return False


def integers(value: PickledValue) -> tuple[int, ...] | None:
    """The integers of a tuple, a list or a ``torch.Size``; None where it is another thing."""
    if isinstance(value, ObjectValue) and isinstance(value.args, tuple):
        value = value.args[0] if value.args else ()  # torch.Size((2, 3))
    if isinstance(value, (tuple, list)) and all(map(is_int64, value)):
        return tuple(value)  # torch takes no truth values for integers here
    return None
