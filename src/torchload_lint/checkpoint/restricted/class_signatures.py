"""The classes of torch that are allowed by default: which arguments they take.

Source: ``torch/csrc/utils/tensor_new.cpp`` (the legacy constructors), ``torch/csrc/Size.cpp``,
``torch/csrc/Device.cpp``, ``torch/csrc/Storage.cpp`` and ``torch/storage.py`` of torch 2.13.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - in an annotation of module level
from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import PickledValue, StorageValue
from torchload_lint.checkpoint.restricted.argument_kinds import (
    ANYTHING,
    LAYOUTS,
    OF_CLASSES,
    Unseen,
    integers,
    is_float,
    is_int64,
    is_whole,
    looped,
    may_be_anything,
    one_number,
    seen_tensor,
    value_kind,
)
from torchload_lint.checkpoint.restricted.argument_table import DEVICES

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.tensors import TensorInfo

MOST_ELEMENTS = 2**63 - 1
_MOST_UNSET = 2**26
"""Elements of a tensor that are set by nobody (``torch.FloatTensor(2, 3)``); torch saves none."""


def tensor_class_fault(name: str, args: tuple[PickledValue, ...]) -> str:
    """``torch.FloatTensor(2, 3)``: sizes, or one list of numbers, storage or tensor."""
    module, _, last = name.rpartition(".")
    if module.startswith("torch.cuda"):
        return "it makes a tensor on a GPU, which this machine may not have"
    if module == "torch.sparse":
        return _sparse_class(args)
    dtype = OF_CLASSES.get(last, "")
    only = args[0] if len(args) == 1 else None
    kind = value_kind(only)
    if isinstance(only, (list, tuple)):
        fits = is_float if "float" in dtype or dtype == "bool" else is_whole
        return "" if all(map(fits, only)) else "its numbers are not numbers of its dtype"
    if kind == "bytearray" or may_be_anything(only):
        return ""
    if isinstance(only, StorageValue):
        return "" if only.dtype == dtype else "it is given a storage of another dtype"
    if kind == "tensor":
        given = seen_tensor(only)
        if given is None or given.kind not in {"tensor", "Parameter"}:
            return "it is given a tensor that is not known to be dense"
        is_same = last == "Tensor" or given.dtype == dtype
        return "" if is_same else "it is given a tensor of another dtype"
    return _sizes_fault(integers(only) if kind == "Size" else args)


def _sizes_fault(given: tuple[PickledValue, ...] | None, most: int = _MOST_UNSET) -> str:
    """The sizes of a tensor that holds nothing yet; only the first must be no truth value."""
    sizes = [one for one in given or () if isinstance(one, int) and is_int64(int(one))]
    if given is None or len(sizes) != len(given) or min(sizes, default=0) < 0:
        return "its sizes are not sizes"
    if sizes and isinstance(sizes[0], bool):
        return "its sizes are not sizes"
    count = prod(sizes)
    return f"it makes {count:,} elements of nothing" if count > most else ""


def _sparse_class(args: tuple[PickledValue, ...]) -> str:
    """``torch.sparse.FloatTensor(indices, values, size)``, or sizes alone."""
    kinds = [value_kind(one) for one in args]
    if kinds[:2] != ["tensor", "tensor"]:
        sizes = integers(args[0]) if kinds == ["Size"] else args
        return _sizes_fault(sizes, MOST_ELEMENTS)
    indices, values = map(seen_tensor, args[:2])
    if indices is None or values is None or {indices.kind, values.kind} != {"tensor"}:
        return "the parts of a sparse tensor are not dense tensors"
    if indices.dtype != "int64" or values.requires_grad:
        return "its indices are not integers, or its values require gradients"
    if len(args) != 3:  # noqa: PLR2004 - indices, values, size
        return Unseen("its size is to be found in its indices, which are not read")
    size = integers(args[2])
    if size is None or min(size, default=0) < 0 or prod(size) > MOST_ELEMENTS:
        return "its size is not a tuple of integers"
    return coordinates_fault(indices, values, size)


def _typed_storage(args: tuple[PickledValue, ...]) -> str:
    """``TypedStorage(2)`` of ``torch/storage.py``: how many numbers, or the numbers."""
    return _storage_fault(args, is_float)


def _untyped_storage(args: tuple[PickledValue, ...]) -> str:
    """``UntypedStorage(2)`` of ``torch/csrc/Storage.cpp``: how many bytes, or the bytes."""
    return _storage_fault(args, lambda one: isinstance(one, int) and is_int64(int(one)))


def _storage_fault(
    args: tuple[PickledValue, ...], is_element: Callable[[PickledValue], bool]
) -> str:
    only = args[0] if args else 0
    if isinstance(only, (list, tuple)):
        fits = all(map(is_element, only))
    else:
        is_count = is_int64(only) and 0 <= only <= _MOST_UNSET
        fits = is_count or value_kind(only) in {"Size", ANYTHING}
    return "" if fits else "it is not given a number of elements"


def coordinates_fault(
    indices: TensorInfo | None, values: TensorInfo | None, size: tuple[int, ...]
) -> str:
    """``(dimensions, n)`` indices and ``(n, …)`` values make a tensor of that size."""
    if indices is None or values is None:
        return ""
    if len(indices.shape) != 2:  # noqa: PLR2004 - dimensions, and how many
        return "its indices are not a matrix"
    dimensions, count = indices.shape
    own = values.shape or (1,)
    fits = len(size) == dimensions + len(own) - 1 and size[dimensions:] == own[1:]
    return "" if fits and own[0] == count else "its indices, values and size do not fit together"


def _layout(args: tuple[PickledValue, ...]) -> str:
    known = isinstance(args[0], str) and args[0] in LAYOUTS
    return "" if known else "there is no such layout"


def _size(args: tuple[PickledValue, ...]) -> str:
    """Integers of any width and truth values, or what is full of them."""
    only = args[0] if args else ()
    found = seen_tensor(only)
    if isinstance(only, StorageValue):
        fits = only.dtype in _INTEGERS
    elif found is not None:
        fits = len(found.shape) == 1 and (found.dtype in _INTEGERS or not found.shape[0])
        fits = fits and found.kind == "tensor"
    elif value_kind(only) in {"bytearray", "Size", ANYTHING}:
        fits = True
    else:
        items = looped(only)
        fits = items is not None and all(map(_is_index, items))
    return "" if fits else "its argument is not a tuple of integers"


_INTEGERS = frozenset("int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split())


def _is_index(value: PickledValue) -> bool:
    found = seen_tensor(value)
    is_integer = found is not None and found.dtype in _INTEGERS and one_number(value)
    return isinstance(value, int) or is_integer


def _device(args: tuple[PickledValue, ...]) -> str:
    first, index = args[0], args[1] if len(args) > 1 else None
    if type(first) is int and len(args) == 1:
        return "a number alone means one of the accelerators that this machine has"
    if not isinstance(first, str):
        fits = may_be_anything(first) or (value_kind(first) == "device" and len(args) == 1)
        return "" if fits else "it is not the name of a device"
    kind, _, named = first.partition(":")
    if kind not in DEVICES or (named and not named.isdigit()):
        return f"there is no device {first!r:.40}"
    if len(args) == 1:
        return ""
    is_index = index is None or (is_int64(index) and index >= 0) or may_be_anything(index)
    return "" if is_index and not named else "it is not the index of a device"


CLASS_CHECKS: dict[str, Callable[[tuple[PickledValue, ...]], str]] = {
    "torch.storage.TypedStorage": _typed_storage,
    "torch.storage.UntypedStorage": _untyped_storage,
    "torch.serialization._get_layout": _layout,
    "torch.Size": _size,
    "torch.device": _device,
}
"""Class → what is wrong with arguments; empty where the call works."""
