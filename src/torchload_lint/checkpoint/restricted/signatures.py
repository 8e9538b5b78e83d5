"""The callables that torch allows by default: which arguments they take.

Source: the signatures in ``torch/_utils.py``, ``torch/_tensor.py`` and ``torch/serialization.py``
of torch 2.13; of classes in :mod:`.class_signatures`. A call that must fail, or that torch is not
known to take, makes a file unreadable, whatever is allowed.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - in an annotation of module level
from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.states import truthy
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES, PER_BYTE
from torchload_lint.checkpoint.pickles.tensors import contiguous, named_dtype
from torchload_lint.checkpoint.restricted.argument_kinds import (
    ANYTHING,
    QUANTIZED,
    TENSOR_PROPERTIES,
    Unseen,
    integers,
    is_float,
    is_int64,
    is_whole,
    may_be_anything,
    may_be_tensor,
    seen_tensor,
    value_kind,
)
from torchload_lint.checkpoint.restricted.argument_table import (
    place_fault,
)
from torchload_lint.checkpoint.restricted.class_signatures import (
    CLASS_CHECKS,
    MOST_ELEMENTS,
    coordinates_fault,
    tensor_class_fault,
)
from torchload_lint.checkpoint.restricted.nested_sizes import nested_fault
from torchload_lint.checkpoint.restricted.python_signatures import PYTHON_CHECKS
from torchload_lint.checkpoint.restricted.unwritten_calls import is_unwritten

if TYPE_CHECKING:
    from torchload_lint.checkpoint.report import Problem

_SPARSE_LAYOUTS = frozenset("sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc".split())
_NEVER_INSIDE = frozenset({"sparse tensor", "nested tensor"})
_NOT_DENSE = _NEVER_INSIDE | {"quantized tensor"}
_GRAD_DTYPES = frozenset("float16 float32 float64 bfloat16 complex32 complex64 complex128".split())


_JAGGED = "torch.nested._internal.nested_tensor."
NESTED_CALLS = frozenset(
    ("torch._utils._rebuild_nested_tensor", f"{_JAGGED}_rebuild_njt", f"{_JAGGED}NestedTensor")
)
"""What torch allows by default, and has to be allowed since 2.15."""


def call_problem(name: str, args: PickledValue) -> Problem | None:
    """Why torch does not take a call of a default-allowed global; None where it does."""
    if not isinstance(args, tuple):
        return None
    fault = _arity_fault(name, len(args))
    if fault:
        return advice.hostile_arguments(name, fault)
    check = _CHECKS.get(name)
    fault = place_fault(name, args)
    if check is not None:
        fault = fault or check(args)
    elif name.endswith("Tensor"):
        fault = tensor_class_fault(name, args)
    if not fault:
        return None
    of_python = name.startswith(("builtins.", "collections.", "_codecs."))
    is_hostile = not isinstance(fault, Unseen) and (of_python or is_unwritten(name, args))
    return (advice.hostile_arguments if is_hostile else advice.arguments)(name, fault)


def new_problem(name: str, args: PickledValue) -> Problem | None:
    """The same for ``cls.__new__(cls, *args)``, which is the whole of a call for most classes."""
    if name.endswith("._rebuild_njt"):
        return advice.arguments(name, "it is a function, and makes no objects")
    return None if name in _NEW_TAKES_ALL else call_problem(name, args)


_NEW_TAKES_ALL = frozenset(
    """
    builtins.set builtins.bytearray collections.OrderedDict collections.Counter
    torch.storage.TypedStorage
    """.split()
)
"""Classes that look at arguments in ``__init__`` alone."""


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
    f"{_JAGGED}_rebuild_njt": (1, 1),
    f"{_JAGGED}NestedTensor": (2, 2),
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
    "torch.storage.TypedStorage": (0, 1),
    "torch.storage.UntypedStorage": (0, 1),
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
    size = integers(args[2])
    stride = integers(args[3] if args[3] is not None else ()) if size is not None else None
    if size is not None and stride == ():
        stride = contiguous(size)  # so does Tensor.set_
    if size is None or stride is None or len(size) != len(stride):
        return "its size and stride are not tuples of integers of one length"
    backward = any(step < 0 and n > 1 for n, step in zip(size, stride, strict=True))
    if min(size, default=0) < 0 or (backward and all(size)):
        return "its size or stride is negative"
    if prod(size) > MOST_ELEMENTS:
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
    if not isinstance(storage, StorageValue) or value_kind(dtype) not in {"dtype", "NoneType"}:
        return "its arguments do not hold a storage and a dtype"
    if args[4] is True:
        return "torch gives it its storage when it requires gradients already, which it refuses"
    named = named_dtype(dtype)
    width = ITEM_SIZES.get(named, 1)
    items = StorageValue(
        storage.key,
        named,
        storage.numel * ITEM_SIZES.get(storage.dtype, 1) // width,
        storage.location,
    )
    flag = args[4] is not None and args[4]  # torch.empty takes None for False
    return _tensor((items, *args[1:4], flag, args[5], *args[7:8]))


def _quantized(args: tuple[PickledValue, ...]) -> str:
    """``(storage, offset, size, stride, (scheme, scale, zero point, …), requires_grad, hooks)``."""
    dtype = args[0].dtype if isinstance(args[0], StorageValue) else ""
    if not dtype.startswith(QUANTIZED):
        return "its storage is none of quantized numbers"
    fault = _tensor(args[:4]) or _gradient_fault(args[5], dtype)
    if len(integers(args[2]) or ()) != len(integers(args[3]) or ()):
        return "its size and stride are not of one length"
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
        scales = seen_tensor(given[0]) if fits else None
        fits = fits and (scales is None or scales.dtype.startswith(("float", "bfloat")))
    else:
        fits = False
    return "" if fits else "its quantization parameters are not what its scheme takes"


def _count(value: PickledValue) -> int | None:
    """How many numbers a list or tensor has; None where that is not known, -1 if it is neither."""
    if isinstance(value, list):
        return len(value) if all(map(is_whole, value)) else -1
    found = seen_tensor(value)
    if found is not None:
        return prod(found.shape)
    return None if may_be_anything(value) else -1


def _gradient_fault(flag: PickledValue, dtype: str) -> str:
    if not isinstance(flag, bool):
        return "requires_grad is not a bool"
    if flag and dtype not in _GRAD_DTYPES:
        return f"a tensor of {dtype} cannot require gradients"
    return ""


def _is_tensor_class(value: PickledValue) -> bool:
    """A class of tensors, which torch takes for a truth value, too (seen in torch 2.13)."""
    return isinstance(value, GlobalRef) and str(value.name) in _FOR_TRUE


_FOR_TRUE = frozenset({"torch.Tensor", "torch.FloatTensor"})


def _metadata_fault(dtype: str, metadata: PickledValue = None) -> str:
    """The flags of a tensor (``conj``, ``neg``): a dict from texts to truth values."""
    if not truthy(metadata) or may_be_anything(metadata):
        return ""
    if not isinstance(metadata, DictValue):
        return "its flags are not a dict"
    for key, flag in metadata.entries:
        if not _is_utf8(key) or not isinstance(flag, (bool, int, float, type(None))):
            return "its flags are not texts with truth values"
        if key == "conj" and not dtype.startswith("complex"):
            return f"a tensor of {dtype} cannot be conjugated"
    return ""


def _is_utf8(key: PickledValue) -> bool:
    """Whether C++ takes it for a text, which half of a pair of surrogates is not."""
    return isinstance(key, str) and not any("\ud800" <= letter <= "\udfff" for letter in key)


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
        if not TENSOR_PROPERTIES.isdisjoint(names):
            return "its state holds what is computed, and not set"
    return ""


_OF_REAL_NUMBERS = ("float", "bfloat", "complex")


def _parameter(args: tuple[PickledValue, ...]) -> str:
    """``(data, requires_grad, hooks[, state])``."""
    data = args[0] if args else None
    if data is not None and not may_be_tensor(data):
        return "its data is not a tensor"
    flag = args[1] if len(args) > 1 else True
    if not isinstance(flag, bool) and not _is_tensor_class(flag):
        return "requires_grad is not a bool"
    found = seen_tensor(data)
    if found is None and value_kind(data) == "tensor":
        return "it is not known what its data is like"
    if found is not None and found.kind == "nested tensor":
        return "a nested tensor cannot be a parameter"
    if flag and found is not None and not found.dtype.startswith(_OF_REAL_NUMBERS):
        return f"a tensor of {found.dtype} cannot require gradients"
    return _state_fault(args[3]) if len(args) == 4 else ""  # noqa: PLR2004 - with a state


def _meta(args: tuple[PickledValue, ...]) -> str:
    """``(dtype, size, stride, requires_grad)``."""
    dtype, size, stride, flag = args
    if value_kind(dtype) not in {"dtype", "NoneType"}:
        return "its first argument is not a dtype"
    if named_dtype(dtype).startswith(QUANTIZED):
        return "there is no such tensor of quantized numbers"
    lengths, steps = integers(size), integers(stride)
    if lengths is None or steps is None or len(lengths) != len(steps):
        return "its size and stride are not tuples of integers of one length"
    if min(lengths, default=0) < 0 or prod(lengths) > MOST_ELEMENTS:
        return "its size is negative, or beyond what torch counts to"
    return _gradient_fault(flag, named_dtype(dtype)) if flag is not None else ""


def _moved(args: tuple[PickledValue, ...]) -> str:
    """``(tensor, dtype, device, requires_grad)``."""
    found = seen_tensor(args[0])
    dtype = named_dtype(args[1]) if args[1] is not None else found.dtype if found else ""
    if dtype.startswith(QUANTIZED):
        return "quantized numbers are not carried from device to device"
    return _gradient_fault(args[3], dtype) if dtype else ""


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
        if str(function.name).startswith("numpy."):
            return "its function makes no tensor"
        problem = call_problem(str(function.name), tuple(inner))
        if problem is not None:
            return problem.message
    of_torch = isinstance(args[1], GlobalRef) and str(args[1].name).startswith("torch.")
    named = str(args[1].name) if isinstance(args[1], GlobalRef) else ""
    if value_kind(args[1]) in {"class", "function"} and named not in _SUBCLASSES:
        return "its type is no subclass of Tensor"
    if value_kind(ObjectValue("REDUCE", function, inner)) not in {"tensor", ANYTHING}:
        return "its function makes no tensor"
    return _state_fault(args[3]) if of_torch else ""  # another class may have a __setstate__


_SUBCLASSES = frozenset({"torch.Tensor", "torch.nn.parameter.Parameter"})
"""The classes that torch allows by default and that a tensor can be made one of."""


def _is_value(value: PickledValue) -> bool:
    """Whether a value is surely no function and no class: a dtype, a layout, a tensor."""
    if isinstance(value, GlobalRef):
        return value_kind(value) in {"dtype", "constant", "layout"}
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
    if lengths is None or min(lengths, default=0) < 0 or prod(lengths) > MOST_ELEMENTS:
        return "its size is not a tuple of integers"
    return coordinates_fault(seen_tensor(data[0]), seen_tensor(data[1]), lengths) if is_coo else ""


def _is_strided(value: PickledValue) -> bool:
    """Whether it may be the values of a compressed tensor, which may be quantized (torch 2.13)."""
    found = seen_tensor(value)
    return may_be_anything(value) or (found is not None and found.kind not in _NEVER_INSIDE)


def _is_dense(value: PickledValue) -> bool:
    found = seen_tensor(value)
    return may_be_anything(value) or (found is not None and found.kind not in _NOT_DENSE)


def _layout_name(layout: PickledValue) -> str:
    """``sparse_coo`` for ``torch.sparse_coo``, by its name or by ``_get_layout``; else empty."""
    if isinstance(layout, ObjectValue) and isinstance(layout.callee, GlobalRef):
        given = layout.args[0] if isinstance(layout.args, tuple) and layout.args else None
        return given.removeprefix("torch.") if isinstance(given, str) else ""
    return layout.name.qualname if isinstance(layout, GlobalRef) else ""


def _jagged(args: tuple[PickledValue, ...]) -> str:
    """``_rebuild_njt({"values": …, "offsets": …})``: what the class takes, by keyword."""
    parts = args[0]
    if not isinstance(parts, DictValue):
        return "" if may_be_anything(parts) else "its argument is no dict"
    names = [name for name, _ in parts.entries]
    if not all(isinstance(name, str) for name in names) or {"cls", "self"} & {*names}:
        return "its dict does not hold keywords"
    return _jagged_parts((parts.get("values"), parts.get("offsets")))


def _jagged_parts(args: tuple[PickledValue, ...]) -> str:
    """``NestedTensor(values, offsets)``."""
    if not all(map(may_be_tensor, args)):
        return "its values or offsets are no tensors"
    values, offsets = map(seen_tensor, args)
    if values is None or offsets is None:
        return ""
    kinds, in_memory = {values.kind, offsets.kind}, values.storage or offsets.storage
    if kinds & _NOT_DENSE or ("meta tensor" in kinds and in_memory):
        return "its values and offsets are not of one kind"
    fits = len(offsets.shape) == 1 and values.shape
    return "" if fits else "its offsets lie in no row, or its values have no dimensions"


_CHECKS: dict[str, Callable[[tuple[PickledValue, ...]], str]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_qtensor": _quantized,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._utils._rebuild_sparse_tensor": _sparse,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._utils._rebuild_nested_tensor": nested_fault,
    f"{_JAGGED}_rebuild_njt": _jagged,
    f"{_JAGGED}NestedTensor": _jagged_parts,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _moved,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.nn.parameter.Parameter": _parameter,
    **CLASS_CHECKS,
    **PYTHON_CHECKS,
}
