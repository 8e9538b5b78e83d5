"""numpy's arrays and scalars, as pickles hold them, as tensors, lists and Python numbers.

Source: ``array_reduce`` and ``array_setstate`` (``numpy/_core/src/multiarray/methods.c``),
``arraydescr_reduce`` (``descriptor.c``) and ``numpy/ma/core.py`` of numpy 1.26 and 2.4.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from math import prod
from struct import Struct
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, ObjectValue, PickledValue
from torchload_lint.migrate.carriers import pandas_index, tensors
from torchload_lint.migrate.carriers.array_dtypes import (
    TIMES,
    DType,
    names_of_fields,
    read_unit,
    text,
    unsaid,
)
from torchload_lint.migrate.carriers.tensors import LEFT_OUT
from torchload_lint.migrate.files.elements import strides, swapped
from torchload_lint.migrate.results import Arrays
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import PickledInstance
    from torchload_lint.migrate.conversion import Conversion

_STRUCT_CODES = {
    "b1": "?", "?": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H",
    "u4": "I", "u8": "Q", "f2": "e", "f4": "f", "f8": "d", "c8": "ff", "c16": "dd", "M8": "q",
    "m8": "q",
}  # fmt: skip
_MAX_LISTED = 1_000_000
"""Elements of an array that may become a list."""


_GROWS = "it would become many times its bytes"
_NO_ROOM = "there is no room for it"


class ArrayLayout(NamedTuple):
    """How the elements of an array lie in its bytes, without gaps."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    """In elements."""

    @property
    def is_by_rows(self) -> bool:
        """Whether the elements lie as nested lists hold them."""
        return self.stride == strides(self.shape)


@dataclass(frozen=True, slots=True)
class Array:
    """An array's shape and bytes."""

    dtype: DType
    layout: ArrayLayout
    data: bytes

    @property
    def shape(self) -> tuple[int, ...]:
        """Its axes."""
        return self.layout.shape


# -- carriers --------------------------------------------------------------------------------------


def _array(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``_reconstruct(class, (0,), b"b")``, then ``(version, shape, dtype, is_fortran, data)``."""
    state = made.states[-1] if made.states else None
    more: tuple[PickledValue, ...] = ()
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], tuple):  # noqa: PLR2004
        state, more = state[0], state[1:]  # a subclass with attributes
    if not isinstance(state, tuple) or len(state) < 5:  # noqa: PLR2004 - as above
        return converter.leave_out(place, made.name, "it has no data")
    is_masked = made.name.endswith("MaskedArray") and len(state) == 7  # noqa: PLR2004 - and mask, fill value
    if more or (len(state) > 5 and not is_masked):  # noqa: PLR2004 - as above
        converter.leave_out(place, f"attributes of {made.name}", "its class knows them")
    shape, dtype, is_fortran, data = state[-4:] if len(state) == 5 else state[1:5]  # noqa: PLR2004
    name = "numpy.ndarray" if made.name.endswith("ndarray") else made.name
    if is_masked:
        return _masked(converter, state, place)
    return _carry_array(converter, name, _layout(shape, is_fortran), (dtype, data), place)


def _carry_array(
    converter: Conversion,
    name: str,
    layout: ArrayLayout | None,
    held: tuple[PickledValue, PickledValue],
    place: str,
) -> PickledValue:
    """An array of a dtype and data."""
    described, data = held
    if isinstance(data, list):
        return _objects(converter, name, layout, (described, data), place)
    dtype = converter.dtypes.read(described)
    if dtype is None or layout is None:
        return converter.leave_out(place, name, "its dtype is not understood")
    raw = _in_bytes(converter, data)
    if not isinstance(raw, bytes) or len(raw) != prod(layout.shape) * dtype.itemsize:
        return converter.leave_out(place, name, "its data does not have the size of its shape")
    array = Array(dtype, layout, raw)
    if converter.growth.is_too_much(_made_of(converter, array), data):
        return converter.leave_out(place, name, _GROWS)
    _leave_out_unsaid(converter, dtype.unsaid, place)
    return _carried(converter, name, array, place)


def _leave_out_unsaid(converter: Conversion, unsaid_of_it: tuple[str, ...], place: str) -> None:
    for what in unsaid_of_it:
        converter.leave_out(place, f"{what} of a numpy dtype", _NO_ROOM)


def _made_of(converter: Conversion, array: Array) -> int:
    """About how many bytes, or elements without bytes, an array becomes."""
    dtype, shape = array.dtype, array.shape
    if not dtype.fields and _as_tensor(converter, dtype):
        return len(array.data)
    each = max(dtype.parts_size, dtype.parts)
    return each * prod(shape) + dtype.parts + _inner_lists(shape) - 1


def _inner_lists(shape: tuple[int, ...]) -> int:
    """How many empty lists an array without elements becomes."""
    first = shape.index(0) if 0 in shape else 0
    return prod(shape[:first]) if first else 0


def _in_bytes(converter: Conversion, data: PickledValue) -> PickledValue:
    """The bytes of a Python 2 string that were read as a text."""
    with suppress(UnicodeError, LookupError):
        return data.encode(converter.options.encoding) if isinstance(data, str) else data
    return data


def _carried(converter: Conversion, name: str, array: Array, place: str) -> PickledValue:
    dtype = array.dtype
    if dtype.fields:
        converter.changed(place, f"a structured {name}", "a dict of its fields")
        parts = ((field, _field(array, inner, at)) for field, inner, at in dtype.fields)
        plain = [(f, _carried(converter, name, a, f"{place}[{f!r}]")) for f, a in parts]
        return DictValue(entries=[(f, value) for f, value in plain if value is not LEFT_OUT])
    what = f"{name} of {dtype}"
    if dtype.torch_dtype is not None and _as_tensor(converter, dtype):
        outcome = "an int64 tensor" if dtype.is_time else "a tensor"
        converter.changed(place, what, outcome)
        return _tensor(converter, array, dtype.torch_dtype)
    if prod(array.shape) > _MAX_LISTED:
        return converter.leave_out(place, what, f"more than {_MAX_LISTED:,} elements for a list")
    elements = _elements(array)
    if elements is None:
        return converter.leave_out(place, what, "torch has no such dtype, nor has Python")
    converter.changed(place, what, _listed(array.shape) if array.shape else "a plain value")
    return _nested(elements, array.layout)


def _as_tensor(converter: Conversion, dtype: DType) -> bool:
    """Whether arrays of a dtype become tensors."""
    as_tensors = converter.options.arrays is Arrays.TENSOR
    return as_tensors and dtype.torch_dtype is not None and _is_read(converter, dtype.torch_dtype)


def _field(array: Array, dtype: DType, offset: int) -> Array:
    step, size = array.dtype.itemsize, dtype.itemsize
    data = b"".join(
        array.data[at + offset : at + offset + size] for at in range(0, len(array.data), step)
    )
    return Array(dtype, array.layout, data)


def _is_read(converter: Conversion, torch_dtype: str) -> bool:
    """Whether torch reads such a tensor as it was written. Of dtypes without a storage class it
    turns no bytes around, in the checkpoint of another kind of machine.
    """
    return converter.pool.byteorder == "little" or torch_dtype not in tensors.DTYPES_WITHOUT_STORAGE


def _tensor(converter: Conversion, array: Array, torch_dtype: str) -> PickledValue:
    data = array.data
    stored_little = array.dtype.order == "<" or array.dtype.itemsize == 1
    if stored_little != (converter.pool.byteorder == "little") and array.dtype.itemsize > 1:
        halves = 2 if array.dtype.code.startswith("c") else 1
        data = swapped(data, array.dtype.itemsize // halves)
    storage = converter.pool.add(data, torch_dtype)
    return tensors.dense(storage, *array.layout, torch_dtype)


def _elements(array: Array) -> list[PickledValue] | None:
    """The elements in the order of the memory, as Python values."""
    code, size, data = array.dtype.code, array.dtype.itemsize, array.data
    if not size:
        return ["" if code.startswith("U") else b""] * prod(array.shape)
    if code[:1] in {"S", "a"}:
        return [data[at : at + size].rstrip(b"\0") for at in range(0, len(data), size)]
    if code.startswith("U"):
        codec = "utf-32-be" if array.dtype.order == ">" else "utf-32-le"
        texts = (data[at : at + size] for at in range(0, len(data), size))
        try:
            return [text.decode(codec, "surrogatepass").rstrip("\0") for text in texts]
        except UnicodeDecodeError:
            return None
    if code.startswith("V"):
        return [data[at : at + size] for at in range(0, len(data), size)]
    fmt = _STRUCT_CODES.get(code)
    if fmt is None:
        return None
    rows = list(Struct(array.dtype.order + fmt).iter_unpack(data))
    if len(fmt) == 1:
        return [row[0] for row in rows]
    return [tensors.call("builtins.complex", *row) for row in rows]


def _listed(shape: tuple[int, ...]) -> str:
    """What an array becomes; an axis without elements hides how long the others are."""
    hidden = len(shape) > 1 and not all(shape)
    return f"a list that does not tell the shape {shape}" if hidden else "a list"


def _nested(elements: list[PickledValue], layout: ArrayLayout) -> PickledValue:
    """A flat list as nested lists of a shape; the element itself without dimensions."""
    shape = layout.shape
    if not shape:
        return elements[0] if elements else None
    if elements and not layout.is_by_rows:
        indices = product(*map(range, shape))
        elements = [
            elements[sum(i * s for i, s in zip(at, layout.stride, strict=True))] for at in indices
        ]
    for axis in range(len(shape) - 1, 0, -1):
        length = shape[axis]
        starts = range(0, len(elements), length) if length else range(prod(shape[:axis]))
        elements = [list(elements[at : at + length]) for at in starts]
    return list(elements)


def _objects(
    converter: Conversion,
    name: str,
    layout: ArrayLayout | None,
    held: tuple[PickledValue, list[PickledValue]],
    place: str,
) -> PickledValue:
    """An array of objects: its elements lie in the pickle, always row by row."""
    described, data = held
    shape = layout.shape if layout else None
    if converter.growth.is_too_much(len(data) + _inner_lists(shape or ()), data):
        return converter.leave_out(place, name, _GROWS)
    dtype = converter.dtypes.read(described)
    _leave_out_unsaid(converter, dtype.unsaid if dtype else (), place)
    if fields := names_of_fields(described):
        return _rows(converter, name, (fields, shape), data, place)
    outcome = _listed(shape) if shape else "its element"
    converter.changed(place, f"{name} of objects", outcome)
    items = converter.items(data, place)
    if shape is None or prod(shape) != len(items):
        return items
    return _nested(items, ArrayLayout(shape, strides(shape)))


def _rows(
    converter: Conversion,
    name: str,
    described: tuple[tuple[str, ...], tuple[int, ...] | None],
    data: list[PickledValue],
    place: str,
) -> PickledValue:
    """A structured array with objects, whose elements are tuples: a list for each field."""
    fields, shape = described
    what = f"a structured {name} with objects"
    rows = [row for row in data if isinstance(row, tuple) and len(row) == len(fields)]
    if shape is None or not len(rows) == len(data) == prod(shape):
        return converter.leave_out(place, what, "its data does not have the size of its shape")
    converter.changed(place, what, "a dict of lists, one for each field")
    plain = [converter.items(row, f"{place}[{index}]") for index, row in enumerate(rows)]
    layout = ArrayLayout(shape, strides(shape))
    return DictValue(
        entries=[
            (field, _nested([row[at] for row in plain], layout)) for at, field in enumerate(fields)
        ]
    )


def _masked(converter: Conversion, state: tuple[PickledValue, ...], place: str) -> PickledValue:
    """``(version, shape, dtype, is_fortran, data, mask, fill value)``."""
    _, shape, dtype, is_fortran, data, mask, fill = state
    converter.changed(place, "numpy.ma.MaskedArray", "a dict of data, mask and fill_value")
    layout = _layout(shape, is_fortran)
    parts = {
        "data": _carry_array(converter, "numpy.ndarray", layout, (dtype, data), place),
        "mask": _mask(converter, layout, mask, place),
        "fill_value": converter.plain(fill, place),
    }
    return DictValue(entries=[(k, v) for k, v in parts.items() if v is not LEFT_OUT])


def _mask(
    converter: Conversion, layout: ArrayLayout | None, mask: PickledValue, place: str
) -> PickledValue:
    if layout is None or not isinstance(mask, bytes) or len(mask) != prod(layout.shape):
        return converter.leave_out(place, "a mask", "it does not have the size of its array")
    array = Array(DType("b1", itemsize=1, parts_size=1), layout, mask)
    if converter.growth.is_too_much(_made_of(converter, array), mask):
        return converter.leave_out(place, "a mask", _GROWS)
    return _carried(converter, "numpy.ndarray", array, place)


def _from_buffer(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``_frombuffer(buffer, dtype, shape, order)``, written with protocol 5; numpy 2.3 and newer
    write ``"K"`` and the order of the axes for an array whose axes were moved.
    """
    if len(made.args) < 4:  # noqa: PLR2004 - the four arguments
        return converter.leave_out(place, "numpy.ndarray", "it has no data")
    buffer, dtype, shape, order = made.args[:4]
    if isinstance(buffer, ObjectValue) and isinstance(buffer.args, tuple) and buffer.args:
        buffer = buffer.args[0]  # bytearray(…)
    layout = _layout(shape, order == "F")
    if order == "K":
        layout = _moved(layout, made.args[4:])
    elif order not in {"C", "F"}:
        layout = None
    if layout is None:
        return converter.leave_out(place, "numpy.ndarray", "its shape and order are not understood")
    return _carry_array(converter, "numpy.ndarray", layout, (dtype, buffer), place)


def _moved(layout: ArrayLayout | None, more: tuple[PickledValue, ...]) -> ArrayLayout | None:
    """The elements lie row by row in the shape given; then the axes are put in another order."""
    axes = more[0] if len(more) == 1 else None
    if layout is None or not isinstance(axes, tuple):
        return None
    whole = [axis for axis in axes if type(axis) is int]
    if sorted(whole) != list(range(len(layout.shape))) or len(whole) != len(axes):
        return None
    return ArrayLayout(
        tuple(layout.shape[n] for n in whole), tuple(layout.stride[n] for n in whole)
    )


def _scalar(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``scalar(dtype, bytes)``."""
    dtype = converter.dtypes.read(made.args[0]) if made.args else None
    data = made.args[1] if len(made.args) > 1 else None
    if dtype is not None and dtype.code.startswith("O"):
        return converter.plain(data, place)
    held, data = data, _in_bytes(converter, data)
    if dtype is None or not isinstance(data, bytes):
        return converter.leave_out(place, "a numpy scalar", "its dtype is not understood")
    if len(data) != dtype.itemsize:
        return converter.leave_out(
            place, f"a numpy scalar of {dtype}", "it does not have the size of its dtype"
        )
    _leave_out_unsaid(converter, dtype.unsaid, place)
    array = Array(dtype, ArrayLayout((), ()), data)
    what = f"a numpy scalar of {dtype}"
    if dtype.fields and converter.growth.is_too_much(_made_of(converter, array), held):
        return converter.leave_out(place, "a structured numpy.void", _GROWS)
    if dtype.fields:
        return _carried(converter, "numpy.void", array, place)
    as_tensor = converter.options.scalars_as_tensors
    if as_tensor and dtype.torch_dtype is not None and _is_read(converter, dtype.torch_dtype):
        converter.changed(place, what, "a tensor without dimensions")
        return _tensor(converter, array, dtype.torch_dtype)
    elements = _elements(array)
    if not elements:
        return converter.leave_out(place, what, "Python has no such number")
    converter.changed(place, what, "a Python value")
    return elements[0]


def _dtype_text(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A dtype itself: as the text that numpy.dtype takes."""
    code = made.args[0] if made.args else None
    if not isinstance(code, str):
        return converter.leave_out(place, "numpy.dtype", "it is not made from a text")
    if code.startswith("V"):
        return converter.leave_out(place, "a structured numpy.dtype", "it is not made from a text")
    converter.changed(place, "numpy.dtype", "its text")
    state = made.states[-1] if made.states else None
    if not isinstance(state, tuple) or len(state) < 7:  # noqa: PLR2004 - version to alignment
        return code if code[:1] in "<>|" else f"<{code}"
    if "metadata" in unsaid(state):
        converter.leave_out(place, "metadata of a numpy dtype", "there is no room for it")
    order, unit = text(state[1]), read_unit(state)
    unit = f"[{unit}]" if code.lstrip("<>|") in TIMES and unit != "generic" else ""
    return f"{order if order in '<>|' else '<'}{code}{unit}"


def _layout(shape: PickledValue, is_fortran: PickledValue) -> ArrayLayout | None:
    """Elements one behind the other, row by row or, as Fortran has them, column by column.

    numpy asks of that only whether it is 0: a number will do.
    """
    found = _shape(shape)
    if found is None or not isinstance(is_fortran, int):
        return None
    return ArrayLayout(found, strides(found, is_fortran=bool(is_fortran)))


def _shape(value: PickledValue) -> tuple[int, ...] | None:
    if isinstance(value, (tuple, list)) and all(isinstance(n, int) and n in _SIZES for n in value):
        return tuple(value)
    return None


_SIZES = range(2**63)
_MODULES = ("numpy.core", "numpy._core")

CARRIERS = {
    **{f"{module}.multiarray._reconstruct": _array for module in _MODULES},
    "numpy.ma.core._mareconstruct": _array,
    **pandas_index.CARRIERS,
    **{f"{module}.multiarray.scalar": _scalar for module in _MODULES},
    **{f"{module}.numeric._frombuffer": _from_buffer for module in _MODULES},
    "numpy.dtype": _dtype_text,
    "torch._utils._rebuild_device_tensor_from_numpy": tensors.device_tensor,
}
"""Class or function → how what it makes is carried."""
