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
from torchload_lint.checkpoint.pickles.places import name_text
from torchload_lint.migrate.carriers import pandas_index, tensors
from torchload_lint.migrate.carriers.pickled_instance import name_of_global
from torchload_lint.migrate.carriers.tensors import LEFT_OUT
from torchload_lint.migrate.files.elements import strides, swapped
from torchload_lint.migrate.results import Arrays

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import PickledInstance
    from torchload_lint.migrate.conversion import Conversion

_TORCH_DTYPES = {
    "b1": "bool", "?": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "f2": "float16",
    "f4": "float32", "f8": "float64", "c8": "complex64", "c16": "complex128",
    "M8": "int64", "m8": "int64",
}  # fmt: skip
_STRUCT_CODES = {
    "b1": "?", "?": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H",
    "u4": "I", "u8": "Q", "f2": "e", "f4": "f", "f8": "d", "c8": "ff", "c16": "dd", "M8": "q",
    "m8": "q",
}  # fmt: skip
_TIMES = frozenset({"M8", "m8"})
_MAX_LISTED = 1_000_000
"""Elements of an array that may become a list."""


@dataclass(frozen=True, slots=True)
class DType:
    """A dtype as its pickle describes it."""

    code: str
    """``f8``, ``U4``, ``V12``, ``O8``."""
    order: str = "<"
    fields: tuple[tuple[str, DType, int], ...] = ()
    """Name, dtype and byte offset of each field of a structured dtype."""
    unit: str = ""
    """Of datetime64 and timedelta64."""
    itemsize: int = 0
    unsaid: tuple[str, ...] = ()
    """What it holds besides and is not carried, in words: metadata, titles of fields."""

    @property
    def torch_dtype(self) -> str | None:
        """The torch dtype with the same bytes; None where there is none."""
        return None if self.fields else _TORCH_DTYPES.get(self.code)

    @property
    def is_time(self) -> bool:
        """Whether it is datetime64 or timedelta64."""
        return self.code in _TIMES

    def __str__(self) -> str:
        kind = self.torch_dtype if not self.is_time else f"{self.code}[{self.unit}]"
        return kind or self.code


@dataclass(frozen=True, slots=True)
class Array:
    """An array's shape and bytes."""

    dtype: DType
    shape: tuple[int, ...]
    is_fortran: bool
    data: bytes


def read_dtype(value: PickledValue) -> DType | None:
    """``numpy.dtype('f8', False, True)`` and its state; None where it is something else."""
    if not isinstance(value, ObjectValue) or not isinstance(value.args, tuple) or not value.args:
        return None
    code = value.args[0]
    if isinstance(code, bytes):
        code = code.decode("ascii", "replace")
    if name_of_global(code) in {"numpy.record", "numpy.void"}:
        code = "V"
    if not isinstance(code, str):
        return None
    state = value.states[-1] if value.states else None
    bare, order = code.lstrip("<>=|"), "<"
    if not isinstance(state, tuple) or len(state) < 7:  # noqa: PLR2004 - version to alignment
        return DType(bare, ">" if code.startswith(">") else "<", itemsize=_size_of(bare))
    order = ">" if _text(state[1]) == ">" else "<"
    if state[2] is not None:
        return None  # a subarray
    fields = _read_fields(state[3], state[4])
    if fields is None:
        return None
    size = state[5] if isinstance(state[5], int) and state[5] > 0 else _size_of(bare)
    return DType(bare, order, fields, _read_unit(state), size, _unsaid(state))


def _unsaid(state: tuple[PickledValue, ...]) -> tuple[str, ...]:
    """The metadata of a dtype, and the titles that its fields have besides their names."""
    metadata = state[8] if len(state) > 8 else None  # noqa: PLR2004 - the ninth
    if isinstance(metadata, tuple):  # of a time: its metadata, and its unit
        metadata = metadata[0] if metadata else None
    fields = state[4].entries if isinstance(state[4], DictValue) else []
    titled = any(isinstance(field, tuple) and len(field) > 2 for _, field in fields)  # noqa: PLR2004
    found = ["metadata"] if isinstance(metadata, DictValue) and metadata.entries else []
    return (*found, "titles of fields") if titled else tuple(found)


def _read_fields(
    names: PickledValue, fields: PickledValue
) -> tuple[tuple[str, DType, int], ...] | None:
    if names is None:
        return ()
    if not isinstance(names, tuple) or not isinstance(fields, DictValue):
        return None
    found = []
    for name in names:
        described = fields.get(_text(name))
        inner = read_dtype(described[0]) if isinstance(described, tuple) and described else None
        if inner is None or not isinstance(described, tuple) or not isinstance(described[1], int):
            return None
        found.append((_text(name), inner, described[1]))
    return tuple(found)


def _read_unit(state: tuple[PickledValue, ...]) -> str:
    """The ninth item of a time's state: ``({}, (b'ns', 1, 1, 1))``."""
    metadata = state[8] if len(state) > 8 else None  # noqa: PLR2004 - the ninth
    described = metadata[1] if isinstance(metadata, tuple) and len(metadata) == 2 else None  # noqa: PLR2004
    if isinstance(described, tuple) and described:
        count = name_text(described[1]) if len(described) > 1 and described[1] != 1 else ""
        return f"{count}{_text(described[0])}"
    return "generic"


def _size_of(code: str) -> int:
    digits = code.lstrip("?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    number = int(digits) if digits.isdigit() and len(digits) < 10 else 1  # noqa: PLR2004 - sane
    return number * 4 if code.startswith("U") else number


def _text(value: PickledValue) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else name_text(value)


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
    shape, dtype_value, is_fortran, data = state[-4:] if len(state) == 5 else state[1:5]  # noqa: PLR2004
    name = "numpy.ndarray" if made.name.endswith("ndarray") else made.name
    if is_masked:
        return _masked(converter, state, place)
    return _carry_array(converter, name, (shape, dtype_value, is_fortran, data), place)


def _carry_array(
    converter: Conversion,
    name: str,
    state: tuple[PickledValue, PickledValue, PickledValue, PickledValue],
    place: str,
) -> PickledValue:
    shape_value, dtype_value, is_fortran, data = state
    shape = _shape(shape_value)
    if isinstance(data, list):
        return _objects(converter, name, shape, data, place)
    dtype = read_dtype(dtype_value)
    if dtype is None or shape is None:
        return converter.leave_out(place, name, "its dtype is not understood")
    for what in dtype.unsaid:
        converter.leave_out(place, f"{what} of a numpy dtype", "there is no room for it")
    raw = _in_bytes(converter, data)
    if not isinstance(raw, bytes) or len(raw) != prod(shape) * dtype.itemsize:
        return converter.leave_out(place, name, "its data does not have the size of its shape")
    return _carried(converter, name, Array(dtype, shape, is_fortran is True, raw), place)


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
    as_tensor = converter.options.arrays is Arrays.TENSOR
    if dtype.torch_dtype is not None and as_tensor and _is_read(converter, dtype.torch_dtype):
        outcome = "an int64 tensor" if dtype.is_time else "a tensor"
        converter.changed(place, what, outcome)
        return _tensor(converter, array, dtype.torch_dtype)
    if prod(array.shape) > _MAX_LISTED:
        return converter.leave_out(place, what, f"more than {_MAX_LISTED:,} elements for a list")
    elements = _elements(array)
    if elements is None:
        return converter.leave_out(place, what, "torch has no such dtype, nor has Python")
    converter.changed(place, what, _listed(array.shape) if array.shape else "a plain value")
    return _nested(elements, array.shape, array.is_fortran)


def _field(array: Array, dtype: DType, offset: int) -> Array:
    step, size = array.dtype.itemsize, dtype.itemsize
    data = b"".join(
        array.data[at + offset : at + offset + size] for at in range(0, len(array.data), step)
    )
    return Array(dtype, array.shape, array.is_fortran, data)


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
    return tensors.dense(
        storage, array.shape, strides(array.shape, is_fortran=array.is_fortran), torch_dtype
    )


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


def _nested(
    elements: list[PickledValue], shape: tuple[int, ...], is_fortran: bool = False
) -> PickledValue:
    """A flat list as nested lists of a shape; the element itself without dimensions."""
    if not shape:
        return elements[0] if elements else None
    if is_fortran and len(shape) > 1:
        step = strides(shape, is_fortran=True)
        indices = product(*map(range, shape))
        elements = [elements[sum(i * s for i, s in zip(at, step, strict=True))] for at in indices]
    for axis in range(len(shape) - 1, 0, -1):
        length = shape[axis]
        starts = range(0, len(elements), length) if length else range(prod(shape[:axis]))
        elements = [list(elements[at : at + length]) for at in starts]
    return list(elements)


def _objects(
    converter: Conversion,
    name: str,
    shape: tuple[int, ...] | None,
    data: list[PickledValue],
    place: str,
) -> PickledValue:
    """An array of objects: its elements lie in the pickle, always row by row."""
    outcome = _listed(shape) if shape else "its element"
    converter.changed(place, f"{name} of objects", outcome)
    items = converter.items(data, place)
    if shape is None or prod(shape) != len(items):
        return items
    return _nested(items, shape)


def _masked(converter: Conversion, state: tuple[PickledValue, ...], place: str) -> PickledValue:
    """``(version, shape, dtype, is_fortran, data, mask, fill value)``."""
    _, shape, dtype, is_fortran, data, mask, fill = state
    converter.changed(place, "numpy.ma.MaskedArray", "a dict of data, mask and fill_value")
    parts = {
        "data": _carry_array(converter, "numpy.ndarray", (shape, dtype, is_fortran, data), place),
        "mask": _mask(converter, shape, is_fortran, mask, place),
        "fill_value": converter.plain(fill, place),
    }
    return DictValue(entries=[(k, v) for k, v in parts.items() if v is not LEFT_OUT])


def _mask(
    converter: Conversion,
    shape_value: PickledValue,
    is_fortran: PickledValue,
    mask: PickledValue,
    place: str,
) -> PickledValue:
    shape = _shape(shape_value)
    if shape is None or not isinstance(mask, bytes) or len(mask) != prod(shape):
        return converter.leave_out(place, "a mask", "it does not have the size of its array")
    array = Array(DType("b1", itemsize=1), shape, is_fortran is True, mask)
    return _carried(converter, "numpy.ndarray", array, place)


def _from_buffer(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``_frombuffer(buffer, dtype, shape, order)``, written with protocol 5."""
    if len(made.args) < 4:  # noqa: PLR2004 - the four arguments
        return converter.leave_out(place, "numpy.ndarray", "it has no data")
    buffer, dtype, shape, order = made.args[:4]
    if isinstance(buffer, ObjectValue) and isinstance(buffer.args, tuple) and buffer.args:
        buffer = buffer.args[0]  # bytearray(…)
    state = (shape, dtype, order == "F", buffer)
    return _carry_array(converter, "numpy.ndarray", state, place)


def _scalar(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``scalar(dtype, bytes)``."""
    dtype = read_dtype(made.args[0]) if made.args else None
    data = made.args[1] if len(made.args) > 1 else None
    if dtype is not None and dtype.code.startswith("O"):
        return converter.plain(data, place)
    data = _in_bytes(converter, data)
    if dtype is None or not isinstance(data, bytes):
        return converter.leave_out(place, "a numpy scalar", "its dtype is not understood")
    if len(data) != dtype.itemsize:
        return converter.leave_out(
            place, f"a numpy scalar of {dtype}", "it does not have the size of its dtype"
        )
    array = Array(dtype, (), is_fortran=False, data=data)
    what = f"a numpy scalar of {dtype}"
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
    if "metadata" in _unsaid(state):
        converter.leave_out(place, "metadata of a numpy dtype", "there is no room for it")
    order, unit = _text(state[1]), _read_unit(state)
    unit = f"[{unit}]" if code.lstrip("<>|") in _TIMES and unit != "generic" else ""
    return f"{order if order in '<>|' else '<'}{code}{unit}"


def _device_tensor(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``_rebuild_device_tensor_from_numpy(array, dtype, device, requires_grad)``, of XLA."""
    device = made.args[2] if len(made.args) > 2 else ""  # noqa: PLR2004 - its place
    array = made.args[0] if made.args else None
    converter.changed(place, f"a tensor on {name_text(device):.20}", "a tensor on the CPU")
    return converter.plain(array, place)


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
    "torch._utils._rebuild_device_tensor_from_numpy": _device_tensor,
}
"""Class or function → how what it makes is carried."""
