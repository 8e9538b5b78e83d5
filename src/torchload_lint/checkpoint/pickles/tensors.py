"""Tensors as a checkpoint describes them: dtype, shape, and which bytes of which storage."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - in an annotation of module level
from math import prod

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.places import name_text
from torchload_lint.checkpoint.pickles.states import truthy
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES
from torchload_lint.named_tuples import NamedTuple

_INT64 = range(-(2**63), 2**63)


class TensorInfo(NamedTuple):
    """One tensor; its numbers stay in the file."""

    dtype: str
    shape: tuple[int, ...]
    kind: str = "tensor"
    """``tensor``, ``Parameter``, ``sparse tensor``, ``quantized tensor``, or a class's name."""
    storage: StorageValue | None = None
    offset: int = 0
    """The first element in the storage, in elements."""
    stride: tuple[int, ...] = ()
    """In elements."""
    requires_grad: bool = False
    conjugate: bool = False
    """Whether the numbers are the complex conjugates of those in the storage."""
    negative: bool = False
    """Whether they are the negatives."""
    metadata: tuple[str, ...] = ()
    """Further properties that the file gives it, by name."""

    @property
    def nbytes(self) -> int:
        """The bytes of its elements (of a dense tensor of this shape)."""
        return prod(self.shape) * ITEM_SIZES.get(self.dtype, 1)


def tensor_of(value: PickledValue) -> TensorInfo | None:
    """The tensor that a value is; None where it is not one, or is described in an unknown way."""
    if isinstance(value, TensorInfo):
        return value
    if not isinstance(value, ObjectValue) or not isinstance(value.callee, GlobalRef):
        return None
    name, args = value.callee.name, value.args
    if not isinstance(args, tuple) or not args or not name.module.startswith("torch"):
        return None
    if value.states and name.module == "torch._utils":
        return None  # another tensor has taken its place by then: Tensor.set_
    reader = _READERS.get(name.qualname)
    return reader(args) if reader is not None else None


def _dense(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    """``(storage, offset, size, stride, requires_grad, …)``."""
    if len(args) < 4:  # noqa: PLR2004 - the fields above
        return None
    storage, offset = args[0], args[1]
    shape = _integers(args[2])
    stride = _integers(args[3]) if args[3] is not None else ()
    if not isinstance(storage, StorageValue) or not isinstance(offset, int):
        return None
    if shape is None or stride is None:
        return None
    stride = stride or contiguous(shape)
    grad = len(args) > 4 and args[4] is True  # noqa: PLR2004 - the flag's place
    flags = _metadata(args[6:])
    return TensorInfo(
        storage.dtype, shape, "tensor", storage, offset, stride, requires_grad=grad,
        conjugate="conj" in flags, negative="neg" in flags,
        metadata=tuple(name for name in flags if name not in {"conj", "neg"}),
    )  # fmt: skip


def _dense_v3(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    """The same with a dtype of its own behind the hooks."""
    found, dtype = _dense(args), named_dtype(args[6]) if len(args) > 6 else ""  # noqa: PLR2004
    return found._replace(dtype=dtype or found.dtype) if found is not None else None


def _quantized(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    return _renamed(_dense(args), "quantized tensor")


def _parameter(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    return _renamed(tensor_of(args[0]), "Parameter")


def _meta(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    """``(dtype, size, stride, requires_grad)``."""
    shape = _integers(args[1]) if len(args) > 1 else None
    return TensorInfo(named_dtype(args[0]), shape, "meta tensor") if shape is not None else None


def _metadata(args: tuple[PickledValue, ...]) -> list[str]:
    """What ``torch._utils.set_tensor_metadata`` is given besides a dtype: ``{"conj": True}``."""
    given = next((arg for arg in args if isinstance(arg, DictValue)), None)
    return [name_text(key) for key, value in given.entries if truthy(value)] if given else []


def _sparse(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    """``(layout, (indices, values, size, …))``."""
    data = args[1] if len(args) > 1 else None
    if not isinstance(data, tuple) or len(data) < 3:  # noqa: PLR2004 - at least these
        return None
    parts = [tensor_of(item) for item in data]
    values = next((part for part in reversed(parts) if part is not None), None)
    shape = next((size for size in map(_integers, data) if size is not None), None)
    if values is None or shape is None:
        return None
    return TensorInfo(values.dtype, shape, "sparse tensor")


def _of_subclass(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    """``(function, type, its arguments, state)``."""
    if len(args) < 3:  # noqa: PLR2004 - the fields above
        return None
    inner = tensor_of(ObjectValue("REDUCE", args[0], args[2]))
    cls = args[1]
    kind = str(cls.name) if isinstance(cls, GlobalRef) else "tensor subclass"
    if kind in {"torch.Tensor", "torch.nn.parameter.Parameter"}:
        kind = "tensor" if kind == "torch.Tensor" else "Parameter"
    return _renamed(inner, kind)


def _renamed(tensor: TensorInfo | None, kind: str) -> TensorInfo | None:
    if tensor is None:
        return None
    return tensor._replace(kind=kind)


def _integers(value: PickledValue) -> tuple[int, ...] | None:
    if isinstance(value, ObjectValue) and isinstance(value.args, tuple) and value.args:
        value = value.args[0]  # torch.Size((2, 3))
    if not isinstance(value, (tuple, list)):
        return None
    if not all(isinstance(item, int) and item in _INT64 for item in value):
        return None
    return tuple(map(int, value))  # torch takes a truth value for an integer


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor whose numbers lie one after the other."""
    return tuple(prod(max(length, 1) for length in shape[at + 1 :]) for at in range(len(shape)))


def named_dtype(value: PickledValue) -> str:
    """A dtype's name; None stands for torch's default, another value for none."""
    if value is None:
        return "float32"
    return value.name.qualname if isinstance(value, GlobalRef) else ""


_READERS: dict[str, Callable[[tuple[PickledValue, ...]], TensorInfo | None]] = {
    "_rebuild_tensor": _dense,
    "_rebuild_tensor_v2": _dense,
    "_rebuild_tensor_v3": _dense_v3,
    "_rebuild_qtensor": _quantized,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
    "_rebuild_from_type_v2": _of_subclass,
    "_rebuild_sparse_tensor": _sparse,
    "_rebuild_meta_tensor_no_storage": _meta,
}
"""torch's function → the tensor that it makes of these arguments."""
