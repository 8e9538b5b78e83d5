"""What torch takes for an integer, a number, a tensor: parts of the signatures.

A file says of each value how it is made. Of what is made by something that torch allows by default
(:func:`value_kind`) it is known what it is; of all else nothing is, and an entry is needed for it.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import ever_allowed
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    Opaque,
    PickledValue,
    SetValue,
    StorageValue,
    unhashable,
)
from torchload_lint.checkpoint.pickles.tensors import TensorInfo, tensor_of

if TYPE_CHECKING:
    from typing import TypeGuard

_INT64 = range(-(2**63), 2**63)

PLAIN = frozenset("int bool float str bytes NoneType tuple list dict set bytearray".split())
"""Kinds of which everything is known that a call looks at."""
ANYTHING = "anything"
"""The kind of what only the program's own code can say."""


class Unseen(str):
    """A fault that lies in numbers which are not read: torch may take the call all the same."""

    __slots__ = ()


_FUNCTIONS = ("torch._utils.", "torch._tensor.", "torch.serialization.", "_codecs.")
_CLASSES = frozenset(
    """
    collections.OrderedDict collections.Counter torch.nn.parameter.Parameter torch.Size
    torch.Tensor torch.device builtins.bytearray builtins.set builtins.complex
    torch.storage.TypedStorage torch.storage.UntypedStorage
    """.split()
)
LAYOUTS = frozenset(
    f"torch.{name}"
    for name in (
        "strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc jagged _mkldnn".split()
    )
)
_MADE = {
    "builtins.complex": "complex", "builtins.bytearray": "bytearray", "builtins.set": "set",
    "collections.OrderedDict": "dict", "collections.Counter": "dict", "_codecs.encode": "bytes",
    "torch.Size": "Size", "torch.device": "device", "torch.serialization._get_layout": "layout",
    "torch.storage.TypedStorage": "new storage", "torch.storage.UntypedStorage": "new storage",
    "torch._utils._rebuild_wrapper_subclass": ANYTHING,
}  # fmt: skip
"""Callable that torch allows by default → what its call makes, where that is no tensor."""

_PLAIN_TENSORS = frozenset({"torch.Tensor", "torch.nn.parameter.Parameter"})
OF_CLASSES = {
    "Tensor": "float32", "FloatTensor": "float32", "DoubleTensor": "float64",
    "HalfTensor": "float16", "BFloat16Tensor": "bfloat16", "LongTensor": "int64",
    "IntTensor": "int32", "ShortTensor": "int16", "CharTensor": "int8", "ByteTensor": "uint8",
    "BoolTensor": "bool",
}  # fmt: skip
"""Class below ``torch`` → the dtype of its tensors."""


TENSOR_PROPERTIES = frozenset(
    """
    H T __class__ __cuda_array_interface__ __dict__ __weakref__ _backward_hooks _base _cdata _grad
    _grad_fn _has_symbolic_sizes_strides _post_accumulate_grad_hooks _python_dispatch _version data
    device dtype grad grad_dtype grad_fn imag is_cpu is_cuda is_ipu is_leaf is_maia is_meta
    is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse is_sparse_csr is_vulkan is_xla is_xpu
    itemsize layout mH mT name names nbytes ndim output_nr real requires_grad retains_grad shape
    volatile
    """.split()
)
"""Attributes of a tensor that are computed, and that no file sets."""


def default_kind(name: str) -> str:
    """``class``, ``function`` or ``value`` (a dtype, a quantization scheme, a storage type)."""
    if name in _CLASSES or name.endswith("Tensor"):
        return "class"
    return "function" if name.startswith(_FUNCTIONS) else "value"


def value_kind(value: PickledValue) -> str:
    """What a value is: the name of a type of Python, ``tensor``, ``storage``, ``dtype``, ``class``
    …; ``anything`` where an entry of the allowlist decides.
    """
    if isinstance(value, ObjectValue):
        return _made_by(value)
    if isinstance(value, GlobalRef):
        return _named().get(str(value.name), "other name")
    if isinstance(value, Opaque):
        return ANYTHING
    if isinstance(value, StorageValue):
        return "storage"
    if isinstance(value, SetValue):
        return "set"
    return "dict" if isinstance(value, DictValue) else type(value).__name__


def _made_by(value: ObjectValue) -> str:
    if not isinstance(value.callee, GlobalRef):
        return ANYTHING
    name = str(value.callee.name)
    if name == "torch._tensor._rebuild_from_type_v2":
        cls = value.args[1] if isinstance(value.args, tuple) and len(value.args) > 1 else None
        is_plain = isinstance(cls, GlobalRef) and str(cls.name) in _PLAIN_TENSORS
        return "tensor" if is_plain else ANYTHING
    return _makes().get(name, ANYTHING)


@cache
def _makes() -> dict[str, str]:
    """Callable that torch allows by default → the kind of what its call makes."""
    tensors = ("torch._utils._rebuild_", "torch.nn.parameter.Parameter")
    return {
        name: _MADE.get(name, "tensor")
        for name in ever_allowed() | {"torch._utils._rebuild_nested_tensor"}
        if name in _MADE or name.startswith(tensors) or _is_tensor_class(name)
    }


def _is_tensor_class(name: str) -> bool:
    return name.startswith("torch.") and name.rpartition(".")[2] in OF_CLASSES


@cache
def _named() -> dict[str, str]:
    """Name → the kind of what it names: ``class``, ``function``, ``dtype`` … None of a dtype is
    made by a call (torch 2.13, ``torch/_weights_only_unpickler.py``).
    """
    kinds = dict.fromkeys(LAYOUTS, "layout")
    for name in ever_allowed():
        module, _, last = name.rpartition(".")
        kind = default_kind(name)
        if kind == "class" and name not in _CLASSES and not _is_tensor_class(name):
            continue  # of a tensor subclass, which an import allows
        if kind != "value":
            kinds[name] = kind
        elif module in {"torch", "torch.cuda"}:
            is_dtype = not last.endswith("Storage") and not last.startswith("per_")
            kinds[name] = "dtype" if is_dtype else "constant"
    return kinds


def may_be_anything(value: PickledValue) -> bool:
    """Whether a value is an object of a class that may be of any kind."""
    return value_kind(value) == ANYTHING


def may_be_tensor(value: PickledValue) -> bool:
    """Whether a value is a tensor, or what a call of something unknown gives."""
    return isinstance(value, ObjectValue) and value_kind(value) in {"tensor", ANYTHING}


QUANTIZED = ("qint", "quint")
"""How the dtypes of quantized numbers begin."""

_IN_MEMORY = frozenset({"tensor", "Parameter"})


def seen_tensor(value: PickledValue) -> TensorInfo | None:
    """The tensor that a value is, by whatever torch allows by default to make one; None where it is
    none, or where the file does not say what it is like.
    """
    found = tensor_of(value)
    if found is not None and found.kind in _IN_MEMORY and found.dtype.startswith(QUANTIZED):
        return found._replace(kind="quantized numbers")  # seen as a tensor, which most calls refuse
    if found is not None or value_kind(value) != "tensor" or not isinstance(value, ObjectValue):
        return found
    args = value.args if isinstance(value.args, tuple) else ()
    name = str(value.callee.name) if isinstance(value.callee, GlobalRef) else ""
    if value.states:
        return None
    if name.endswith(("Parameter", "_rebuild_parameter", "_rebuild_parameter_with_state")):
        data = seen_tensor(args[0]) if args and args[0] is not None else _NO_NUMBERS
        return data._replace(kind="Parameter") if data is not None else None
    if name.endswith("_rebuild_device_tensor_from_cpu_tensor"):
        return _moved(args)
    if name.endswith("_rebuild_nested_tensor"):
        data = seen_tensor(args[0]) if args else None
        return TensorInfo(data.dtype, (), "nested tensor") if data is not None else None
    return _of_class(name, args)


_NO_NUMBERS = TensorInfo("float32", (0,))


def _moved(args: tuple[PickledValue, ...]) -> TensorInfo | None:
    """``(tensor, dtype, device, requires_grad)``."""
    data = seen_tensor(args[0]) if args else None
    if data is None or len(args) != 4:  # noqa: PLR2004 - the fields above
        return None
    dtype = args[1].name.qualname if isinstance(args[1], GlobalRef) else data.dtype
    kind = "tensor" if args[2] in ("cpu", None) else "tensor elsewhere"
    return TensorInfo(dtype, data.shape, kind, requires_grad=args[3] is True)


def _of_class(name: str, args: tuple[PickledValue, ...]) -> TensorInfo | None:
    """``torch.FloatTensor(2, 3)``, ``torch.sparse.FloatTensor(indices, values, size)``."""
    module, _, last = name.rpartition(".")
    if module == "torch.sparse":
        values = seen_tensor(args[1]) if len(args) > 1 else None
        return TensorInfo(values.dtype if values else OF_CLASSES[last], (), "sparse tensor")
    if module != "torch" or last not in OF_CLASSES:
        return None
    if len(args) == 1 and not isinstance(args[0], int):
        given = seen_tensor(args[0])
        if given is not None:
            return TensorInfo(OF_CLASSES[last], given.shape)
        sizes = integers(args[0]) if value_kind(args[0]) == "Size" else None
    else:
        sizes = integers(args or (0,))
    return TensorInfo(OF_CLASSES[last], sizes) if sizes is not None else None


def one_number(value: PickledValue) -> bool:
    """Whether a value is a tensor of one number that can be taken out of it."""
    found = seen_tensor(value)
    return found is not None and found.kind in _WITH_NUMBERS and prod(found.shape) == 1


_WITH_NUMBERS = frozenset({"tensor", "Parameter", "quantized tensor"})


def is_single(value: PickledValue) -> bool:
    """Whether it is certain that no loop goes over a value."""
    found = seen_tensor(value)
    if found is not None:
        return found.kind in _IN_MEMORY and found.shape == ()
    return value_kind(value) in _SINGLE


_SINGLE = frozenset(
    "NoneType bool int float complex dtype constant layout device class function".split()
)


def looped(value: PickledValue) -> tuple[PickledValue, ...] | None:
    """What a loop over a value gives; None where there is none, or it is not known."""
    if isinstance(value, (list, tuple, str, bytes)):
        return tuple(value)
    if isinstance(value, DictValue):
        return tuple(key for key, _ in value.entries)
    if isinstance(value, SetValue):
        return tuple(value.items)
    if value_kind(value) == "Size":
        return integers(value)
    found = seen_tensor(value)
    is_empty = found is not None and found.kind in _WITH_NUMBERS and found.shape[:1] == (0,)
    return () if is_empty else None


def is_pair(value: PickledValue) -> bool:
    """Whether a value is a pair whose first part can be the key of a dict."""
    if isinstance(value, (list, tuple, str, bytes, DictValue)):
        parts = looped(value) or ()
        return len(parts) == 2 and not unhashable(parts[0])  # noqa: PLR2004 - a pair
    found = seen_tensor(value)
    return found is not None and found.kind in _WITH_NUMBERS and found.shape[:1] == (2,)


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
    """The integers of a tuple, a list or a ``torch.Size``; None where it is another thing.

    torch takes truth values for integers, but for the first: by this it tells what it is given.
    """
    is_size = isinstance(value, ObjectValue) and value_kind(value) in {"Size", ANYTHING}
    if isinstance(value, ObjectValue) and is_size:
        args = value.args
        value = (args[0] if args else ()) if isinstance(args, tuple) else None
    if not isinstance(value, (tuple, list)) or not all(map(_is_integer, value)):
        return None
    return tuple(map(int, value)) if is_size or not value or is_int64(value[0]) else None


def _is_integer(value: PickledValue) -> TypeGuard[int]:
    return isinstance(value, int) and value in _INT64
