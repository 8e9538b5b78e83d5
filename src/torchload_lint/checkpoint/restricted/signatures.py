"""The callables that torch allows by default: what they are, and which arguments they take.

Source: the signatures in ``torch/_utils.py``, ``torch/_tensor.py`` and ``torch/serialization.py``
of torch 2.13. A call that must fail makes a file unreadable, whatever is allowed.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - in an annotation of module level
from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.known.torch_versions import ever_allowed
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.states import truthy
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES, PER_BYTE
from torchload_lint.checkpoint.pickles.tensors import tensor_of
from torchload_lint.checkpoint.restricted.argument_kinds import (
    integers,
    is_float,
    is_int64,
    is_whole,
    may_be_anything,
    may_be_tensor,
)
from torchload_lint.checkpoint.restricted.python_signatures import PYTHON_CHECKS

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.tensors import TensorInfo
    from torchload_lint.checkpoint.report import Problem
    from torchload_lint.names import GlobalName

_FUNCTIONS = ("torch._utils.", "torch._tensor.", "torch.serialization.", "_codecs.")
_CLASSES = frozenset(
    """
    collections.OrderedDict collections.Counter torch.nn.parameter.Parameter torch.Size
    torch.Tensor torch.device builtins.bytearray builtins.set builtins.complex
    torch.storage.TypedStorage torch.storage.UntypedStorage
    """.split()
)
_LAYOUTS = frozenset(
    f"torch.{name}"
    for name in (
        "strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc jagged _mkldnn".split()
    )
)
_DEVICES = frozenset(
    """
    cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia
    privateuseone
    """.split()
)
_SPARSE_LAYOUTS = frozenset("sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc".split())
_NOT_DENSE = frozenset({"sparse tensor", "quantized tensor"})
_MOST_ELEMENTS = 2**63 - 1
_MOST_UNSET = 2**26
"""Elements of a tensor that are set by nobody (``torch.FloatTensor(2, 3)``); torch saves none."""
_GRAD_DTYPES = frozenset("float16 float32 float64 bfloat16 complex32 complex64 complex128".split())


def default_kind(name: str) -> str:
    """``class``, ``function`` or ``value`` (a dtype, a quantization scheme, a storage type)."""
    if name in _CLASSES or name.endswith("Tensor"):
        return "class"
    return "function" if name.startswith(_FUNCTIONS) else "value"


def _is_constant(name: GlobalName) -> bool:
    """Whether torch makes neither a class nor a function of a name that it allows by default: a
    dtype, a storage type, a quantization scheme (torch 2.13, ``torch/_weights_only_unpickler.py``).
    """
    in_torch = name.module in {"torch", "torch.cuda"} and str(name) in ever_allowed()
    return in_torch and default_kind(str(name)) == "value"


def _is_dtype(value: PickledValue) -> bool:
    """Whether it is a dtype, which ``torch.empty`` asks for."""
    if not isinstance(value, GlobalRef) or not _is_constant(value.name):
        return False
    qualname = value.name.qualname
    return not qualname.endswith("Storage") and not qualname.startswith("per_")


def call_problem(name: str, args: PickledValue) -> Problem | None:
    """Why calling a default-allowed global with these arguments must fail; None where it works."""
    if not isinstance(args, tuple):
        return None
    fault = _arity_fault(name, len(args))
    if fault:
        return advice.hostile_arguments(name, fault)
    check = _CHECKS.get(name)
    if check is None and name.endswith("Tensor"):
        fault = _tensor_class(name, args)
    else:
        fault = check(args) if check is not None else ""
    if not fault:
        return None
    of_python = name.startswith(("builtins.", "collections."))
    return (advice.hostile_arguments if of_python else advice.arguments)(name, fault)


_ARITIES = {
    "torch._utils._rebuild_tensor": (4, 4),
    "torch._utils._rebuild_tensor_v2": (6, 7),
    "torch._utils._rebuild_tensor_v3": (7, 8),
    "torch._utils._rebuild_parameter": (3, 3),
    "torch._utils._rebuild_parameter_with_state": (4, 4),
    "torch._utils._rebuild_qtensor": (7, 7),
    "torch._utils._rebuild_sparse_tensor": (2, 2),
    "torch._utils._rebuild_nested_tensor": (4, 4),
    "torch._utils._rebuild_meta_tensor_no_storage": (4, 4),
    "torch._utils._rebuild_device_tensor_from_numpy": (4, 4),
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": (4, 4),
    "torch._utils._rebuild_wrapper_subclass": (8, 8),
    "torch._tensor._rebuild_from_type_v2": (4, 4),
    "torch.serialization._get_layout": (1, 1),
    "_codecs.encode": (1, 3),
    "builtins.set": (0, 1),
    "builtins.bytearray": (0, 3),
    "builtins.complex": (0, 2),
    "torch.Size": (0, 1),
    "torch.device": (1, 2),
    "collections.OrderedDict": (0, 1),
    "collections.Counter": (0, 1),
    "torch.nn.parameter.Parameter": (0, 2),
}
"""Fewest and most positional arguments."""


def _arity_fault(name: str, count: int) -> str:
    fewest, most = _ARITIES.get(name, (0, count))
    if fewest <= count <= most:
        return ""
    return f"it is given {count} arguments and takes {fewest if count < fewest else most}"


def _tensor(args: tuple[PickledValue, ...]) -> str:
    """``(storage, offset, size, stride[, requires_grad, hooks[, dtype]])``."""
    storage, offset = args[0], args[1]
    if not isinstance(storage, StorageValue) or not is_int64(offset) or offset < 0:
        return "its arguments do not begin with a storage and an offset"
    size, stride = integers(args[2]), integers(args[3])
    if size is None or stride is None or len(size) != len(stride):
        return "its size and stride are not tuples of integers of one length"
    if any(number < 0 for number in (*size, *stride)):
        return "its size or stride is negative"
    if prod(size) > _MOST_ELEMENTS:
        return "its size is beyond what torch counts to"
    reach = 0
    if all(size):
        reach = offset + 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    room = storage.numel * PER_BYTE.get(storage.dtype, 1)
    if reach > room and storage.resizable:
        storage.numel = -(-reach // PER_BYTE.get(storage.dtype, 1))
    elif reach > room:
        return f"it reaches to element {reach:,} of a storage of {room:,}"
    if len(args) > 4:  # noqa: PLR2004 - the flag's place
        return _gradient_fault(args[4], storage.dtype) or _metadata_fault(storage.dtype, *args[6:7])
    return ""


def _tensor_v3(args: tuple[PickledValue, ...]) -> str:
    """As ``_rebuild_tensor_v2``, over an untyped storage and with a dtype of its own."""
    storage, dtype = args[0], args[6]
    if not isinstance(storage, StorageValue) or not _is_dtype(dtype):
        return "its arguments do not hold a storage and a dtype"
    assert isinstance(dtype, GlobalRef)
    if args[4] is True:
        return "torch gives it its storage when it requires gradients already, which it refuses"
    width = ITEM_SIZES.get(dtype.name.qualname, 1)
    items = StorageValue(
        storage.key,
        dtype.name.qualname,
        storage.numel * ITEM_SIZES.get(storage.dtype, 1) // width,
        storage.location,
    )
    return _tensor((items, *args[1:6], *args[7:8]))


def _quantized(args: tuple[PickledValue, ...]) -> str:
    """``(storage, offset, size, stride, (scheme, scale, zero point, …), requires_grad, hooks)``."""
    dtype = args[0].dtype if isinstance(args[0], StorageValue) else ""
    if not dtype.startswith(("qint", "quint")):
        return "its storage is none of quantized numbers"
    fault = _tensor(args[:4]) or _gradient_fault(args[5], dtype)
    if fault:
        return fault
    params, size = args[4], integers(args[2]) or ()
    scheme, given = "", params[1:] if isinstance(params, tuple) else ()
    if isinstance(params, tuple) and params and isinstance(params[0], GlobalRef):
        scheme = str(params[0].name)
    if scheme == "torch.per_tensor_affine":
        fits = len(given) == 2 and is_float(given[0]) and is_int64(given[1])  # noqa: PLR2004
    elif scheme in {"torch.per_channel_affine", "torch.per_channel_affine_float_qparams"}:
        axis = given[2] if len(given) == 3 else -1  # noqa: PLR2004 - scales, zero points, axis
        in_range = type(axis) is int and 0 <= axis < len(size)
        fits = in_range and all(_count(one) in {None, size[axis]} for one in given[:2])
        fits = fits and isinstance(given[0], list) == isinstance(given[1], list)
        scales = tensor_of(given[0]) if fits else None
        fits = fits and (scales is None or scales.dtype.startswith(("float", "bfloat")))
    else:
        fits = False
    return "" if fits else "its quantization parameters are not what its scheme takes"


def _count(value: PickledValue) -> int | None:
    """How many numbers a list or tensor has; None where that is not known, -1 if it is neither."""
    if isinstance(value, list):
        return len(value) if all(map(is_whole, value)) else -1
    found = tensor_of(value) if isinstance(value, ObjectValue) else None
    if found is not None:
        return prod(found.shape)
    return None if may_be_tensor(value) else -1


def _gradient_fault(flag: PickledValue, dtype: str) -> str:
    if not isinstance(flag, bool):
        return "requires_grad is not a bool"
    if flag and dtype not in _GRAD_DTYPES:
        return f"a tensor of {dtype} cannot require gradients"
    return ""


def _metadata_fault(dtype: str, metadata: PickledValue = None) -> str:
    """The flags of a tensor (``conj``, ``neg``): a dict from texts to truth values."""
    if not truthy(metadata) or may_be_anything(metadata):
        return ""
    if not isinstance(metadata, DictValue):
        return "its flags are not a dict"
    for key, flag in metadata.entries:
        if not isinstance(key, str) or not isinstance(flag, (bool, int, float, type(None))):
            return "its flags are not texts with truth values"
        if key == "conj" and not dtype.startswith("complex"):
            return f"a tensor of {dtype} cannot be conjugated"
    return ""


def _state_fault(state: PickledValue) -> str:
    """``_set_obj_state(tensor, state)``: attributes, or a pair of those and of slots."""
    if isinstance(state, tuple) and len(state) != 2:  # noqa: PLR2004 - the pair
        return "its state is not a pair"
    for part in state if isinstance(state, tuple) else (state,):
        if not truthy(part) or may_be_anything(part):
            continue
        names = [key for key, _ in part.entries] if isinstance(part, DictValue) else [None]
        if not all(isinstance(name, str) for name in names):
            return "its state is not a dict of attributes"
    return ""


_OF_REAL_NUMBERS = ("float", "bfloat", "complex")


def _parameter(args: tuple[PickledValue, ...]) -> str:
    """``(data, requires_grad, hooks[, state])``."""
    data = args[0] if args else None
    if data is not None and not may_be_tensor(data):
        return "its data is not a tensor"
    flag = args[1] if len(args) > 1 else True
    if not isinstance(flag, bool):
        return "requires_grad is not a bool"
    found = tensor_of(data)
    if flag and found is not None and not found.dtype.startswith(_OF_REAL_NUMBERS):
        return f"a tensor of {found.dtype} cannot require gradients"
    return _state_fault(args[3]) if len(args) == 4 else ""  # noqa: PLR2004 - with a state


def _meta(args: tuple[PickledValue, ...]) -> str:
    """``(dtype, size, stride, requires_grad)``."""
    dtype, size, stride, flag = args
    if not _is_dtype(dtype):
        return "its first argument is not a dtype"
    lengths, steps = integers(size), integers(stride)
    if lengths is None or steps is None or len(lengths) != len(steps):
        return "its size and stride are not tuples of integers of one length"
    if min(lengths, default=0) < 0 or prod(lengths) > _MOST_ELEMENTS:
        return "its size is negative, or beyond what torch counts to"
    return "" if isinstance(flag, bool) else "requires_grad is not a bool"


def _from_type(args: tuple[PickledValue, ...]) -> str:
    """``(function, type, its arguments, state)``: the inner call has to work as well."""
    function, inner = args[0], args[2]
    if _is_value(function) or not isinstance(function, (GlobalRef, ObjectValue)):
        return "it calls something that is not a function"
    if _is_value(args[1]) or not isinstance(args[1], (GlobalRef, ObjectValue)):
        return "its type is not a type"
    if not isinstance(inner, (tuple, list)):
        return "its inner arguments are not a tuple or a list"
    if isinstance(function, GlobalRef):
        problem = call_problem(str(function.name), tuple(inner))
        if problem is not None:
            return problem.message
    of_torch = isinstance(args[1], GlobalRef) and str(args[1].name).startswith("torch.")
    return _state_fault(args[3]) if of_torch else ""  # another class may have a __setstate__


def _is_value(value: PickledValue) -> bool:
    """Whether a value is surely no function and no class: a dtype, a layout, a tensor."""
    if isinstance(value, GlobalRef):
        return _is_constant(value.name) or str(value.name) in _LAYOUTS
    return isinstance(value, ObjectValue) and not may_be_anything(value)


def _sparse(args: tuple[PickledValue, ...]) -> str:
    """``(layout, (indices, values, size[, is_coalesced]))``; compressed: two kinds of indices."""
    layout, data = _layout_name(args[0]), args[1]
    is_coo = layout == "sparse_coo"
    if layout not in _SPARSE_LAYOUTS:
        return "its layout is not that of a sparse tensor"
    if not isinstance(data, (tuple, list)) or len(data) not in ({3, 4} if is_coo else {4}):
        return "a sparse tensor has three or four parts"
    if is_coo and not isinstance(data[3] if len(data) > 3 else None, (bool, type(None))):  # noqa: PLR2004 - the fourth
        return "whether it is coalesced is not a bool"
    tensors, lengths = data[: 2 if is_coo else 3], integers(data[2 if is_coo else 3])
    values_may_be_quantized = not is_coo and _is_strided(data[2])
    if not all(map(_is_dense, tensors[:2] if values_may_be_quantized else tensors)):
        return "the parts of a sparse tensor are not dense tensors"
    if lengths is None or min(lengths, default=0) < 0 or prod(lengths) > _MOST_ELEMENTS:
        return "its size is not a tuple of integers"
    return _coordinates_fault(tensor_of(data[0]), tensor_of(data[1]), lengths) if is_coo else ""


def _is_strided(value: PickledValue) -> bool:
    """Whether it may be the values of a compressed tensor, which may be quantized (torch 2.13)."""
    found = tensor_of(value)
    return may_be_tensor(value) and (found is None or found.kind != "sparse tensor")


def _is_dense(value: PickledValue) -> bool:
    found = tensor_of(value)
    return may_be_tensor(value) and (found is None or found.kind not in _NOT_DENSE)


_OF_CLASSES = {
    "Tensor": "float32", "FloatTensor": "float32", "DoubleTensor": "float64",
    "HalfTensor": "float16", "BFloat16Tensor": "bfloat16", "LongTensor": "int64",
    "IntTensor": "int32", "ShortTensor": "int16", "CharTensor": "int8", "ByteTensor": "uint8",
    "BoolTensor": "bool",
}  # fmt: skip
"""Class below ``torch`` → the dtype of its tensors."""


def _tensor_class(name: str, args: tuple[PickledValue, ...]) -> str:
    """``torch.FloatTensor(2, 3)``: sizes, or one list of numbers, storage or tensor."""
    dtype = _OF_CLASSES.get(name.rpartition(".")[2], "")
    only = args[0] if len(args) == 1 else None
    if isinstance(only, (list, tuple)):
        fits = is_float if "float" in dtype or dtype == "bool" else is_whole
        return "" if all(map(fits, only)) else "its numbers are not numbers of its dtype"
    if isinstance(only, StorageValue) or may_be_tensor(only):
        given = only if isinstance(only, StorageValue) else tensor_of(only)
        is_another = given is not None and dtype not in {"", given.dtype}
        return "it is given a tensor or a storage of another dtype" if is_another else ""
    sizes = [size for size in args if is_int64(size) and size >= 0]
    if len(sizes) != len(args):
        return "its sizes are not sizes"
    count = prod(sizes)
    return f"it makes {count:,} elements of nothing" if count > _MOST_UNSET else ""


def _layout_name(layout: PickledValue) -> str:
    """``sparse_coo`` for ``torch.sparse_coo``, by its name or by ``_get_layout``; else empty."""
    if isinstance(layout, ObjectValue) and isinstance(layout.callee, GlobalRef):
        given = layout.args[0] if isinstance(layout.args, tuple) and layout.args else None
        return given.removeprefix("torch.") if isinstance(given, str) else ""
    return layout.name.qualname if isinstance(layout, GlobalRef) else ""


def _coordinates_fault(
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


def _nested(args: tuple[PickledValue, ...]) -> str:
    """``(buffer, sizes, strides, offsets)``: the sizes must have been read by then."""
    for part in args[1:]:
        inner = part.args if isinstance(part, ObjectValue) else None
        storage = inner[0] if isinstance(inner, tuple) and inner else None
        if isinstance(storage, StorageValue) and storage.resizable:
            return "a file of this old form gives its sizes only after the object"
    return ""


def _layout(args: tuple[PickledValue, ...]) -> str:
    known = isinstance(args[0], str) and args[0] in _LAYOUTS
    return "" if known else "there is no such layout"


def _size(args: tuple[PickledValue, ...]) -> str:
    fine = not args or integers(args[0]) is not None
    return "" if fine else "its argument is not a tuple of integers"


def _device(args: tuple[PickledValue, ...]) -> str:
    if type(args[0]) is int and len(args) == 1:
        return "a number alone means one of the accelerators that this machine has"
    if not isinstance(args[0], str):
        return "" if may_be_anything(args[0]) else "it is not the name of a device"
    kind, _, index = args[0].partition(":")
    if kind not in _DEVICES or (index and not index.isdigit()):
        return f"there is no device {args[0]!r:.40}"
    if len(args) == 1:
        return ""
    is_index = is_int64(args[1]) and args[1] >= 0 and not index
    return "" if is_index else "it is not the index of a device"


_CHECKS: dict[str, Callable[[tuple[PickledValue, ...]], str]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_qtensor": _quantized,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._utils._rebuild_sparse_tensor": _sparse,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._utils._rebuild_nested_tensor": _nested,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.serialization._get_layout": _layout,
    "torch.Size": _size,
    "torch.device": _device,
    **PYTHON_CHECKS,
}
