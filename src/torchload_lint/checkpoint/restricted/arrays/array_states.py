"""Whether ``ndarray.__setstate__`` takes a state: version, shape, dtype, order and bytes.

Source: ``array_setstate`` and ``array__reconstruct`` of numpy 2.4 (``methods.c``,
``multiarraymodule.c``). The state of a class of a program's own is not looked at.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.numpy_dtypes import (
    element_size,
    holds_objects,
    is_numpy_dtype,
)
from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, ObjectValue
from torchload_lint.checkpoint.restricted.argument_kinds import may_be_anything

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

PLAIN_ARRAYS = frozenset(
    "ndarray matrix recarray chararray memmap defmatrix.matrix records.recarray rec.recarray "
    "char.chararray".split()
)
"""Classes of numpy that take the state of an array."""
_LARGEST = 2**63
_INT32 = range(-(2**31), 2**31)
_MOST_DIMENSIONS = 64
_EMPTY = (0,)
"""The shape with which numpy begins an array."""


def makes_arrays(value: ObjectValue) -> bool:
    """Whether a value is made by the function that begins an array."""
    name = str(value.callee.name) if isinstance(value.callee, GlobalRef) else ""
    return name.startswith("numpy.") and name.endswith(("._reconstruct", "._mareconstruct"))


def array_fault(target: ObjectValue) -> str:
    """Why an array may not be filled: its first memory would go, which a tensor may share."""
    if target.states:
        return "it is filled a second time"
    args = target.args if isinstance(target.args, tuple) else ()
    at = len(args) - 2
    return "" if at > 0 and args[at] == _EMPTY else "it is filled though it has memory already"


def array_state_fault(target: ObjectValue, state: PickledValue) -> str:
    """Why numpy does not take a state."""
    args = target.args if isinstance(target.args, tuple) else ()
    cls = str(args[0].name) if args and isinstance(args[0], GlobalRef) else ""
    if may_be_anything(state) or not cls.startswith("numpy."):
        return ""
    if cls.rpartition(".")[2] == "MaskedArray":
        return _masked_fault(state)
    return _state_fault(state) if cls.rpartition(".")[2] in PLAIN_ARRAYS else ""


def _masked_fault(state: PickledValue) -> str:
    """``(version, shape, dtype, order, data, mask, fill value)``."""
    if not isinstance(state, (tuple, list)) or len(state) != 7:  # noqa: PLR2004 - the fields above
        return "a masked array has seven parts"
    return _state_fault((1, *state[1:5]))


def _state_fault(state: PickledValue) -> str:
    """``(version, shape, dtype, order, data)``; before numpy 1.0 without a version."""
    if not isinstance(state, (tuple, list)) or len(state) not in {4, 5}:
        return "it has not the five parts of an array"
    version, shape, dtype, order, data = (1, *state)[-5:]
    if _is_no_number(version) or (isinstance(version, int) and version not in {0, 1}):
        return "its version is none of numpy's"
    if _is_no_number(order) or (isinstance(order, int) and order not in _INT32):
        return "its order is no number"
    if not isinstance(dtype, ObjectValue):
        return "its dtype is none"
    return _shape_fault(shape) or _data_fault(shape, dtype, data)


def _is_no_number(value: PickledValue) -> bool:
    return not isinstance(value, int) and not may_be_anything(value)


def _shape_fault(shape: PickledValue) -> str:
    """A tuple of sizes whose product a machine can count."""
    if may_be_anything(shape):
        return ""
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        return "its shape is no shape"
    sizes = [one for one in shape if not may_be_anything(one)]
    if any(type(one) is not int or not 0 <= one < _LARGEST for one in sizes):
        return "its shape is no shape"
    return "" if 0 in sizes or prod(sizes) < _LARGEST else "it is larger than any memory"


def _data_fault(shape: PickledValue, dtype: ObjectValue, data: PickledValue) -> str:
    """As many objects or bytes as the shape says."""
    sizes = shape if isinstance(shape, tuple) else (None,)
    if may_be_anything(data) or not all(isinstance(one, int) for one in sizes):
        return ""
    is_number = is_numpy_dtype(dtype)
    if isinstance(data, list) and not is_number:  # numpy's own strings, which no dtype holds
        return "" if len(data) >= prod(sizes) else "it has not as many texts as its shape says"
    if not is_number:
        return ""
    if holds_objects(dtype):
        enough = isinstance(data, list) and len(data) >= prod(sizes)
        return "" if enough else "it has not as many objects as its shape says"
    return _bytes_fault(data, prod(sizes), element_size(dtype))


def _bytes_fault(data: PickledValue, count: int, size: int | None) -> str:
    if isinstance(data, str) and max(data, default="") <= "\xff":
        data = data.encode("latin-1")  # as Python 2 has written them
    if not isinstance(data, bytes):
        return "its data is no bytes"
    fits = size is None or len(data) == size * count
    return "" if fits else "it has not as many bytes as its shape says"
