"""Which arguments numpy's functions take that begin an array, a dtype, a number or a generator.

Source: ``descriptor.c``, ``multiarraymodule.c`` and ``random/_pickle.py`` of numpy 2.4. Only
what no numpy takes is a fault: a dtype may be one that another library has registered.
"""

from __future__ import annotations

from string import digits
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.numpy_dtypes import (
    element_size,
    holds_objects,
    is_numpy_dtype,
)
from torchload_lint.checkpoint.pickles.pickled_values import DictValue, GlobalRef, ObjectValue
from torchload_lint.checkpoint.restricted.argument_kinds import PLAIN, value_kind
from torchload_lint.checkpoint.restricted.arrays.array_states import PLAIN_ARRAYS
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue


_CODE = late_pattern(
    r"[<>=|]?(?:[?bBhHiIlLqQpPnNefdgFDGOSUVaMmcT]|b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)"
    r"|O[48]|[SUVa]\d{1,10}|[Mm]8(?:\[\w+\])?)"
)
"""The codes that numpy writes or reads."""
_WRITTEN = late_pattern(
    r"[<>=|]?(?:[?bBhHiIlLqQefdgFDGOSUVMm]|b1|[iu][1248]|f(?:2|4|8)|c(?:8|16)|O8|[SUV]\d{1,8}|[Mm]8)"
)
"""Of these the ones that each numpy takes on each machine."""
_NAME = late_pattern(
    r"(?:bool|u?int|u?byte|u?short|u?long|u?intc|u?intp|float|bfloat|c?double|half|c?single|complex"
    r"|clong|str|bytes|unicode|string|void|object|datetime64|timedelta64|longdouble|cfloat)\w*"
    r"(?:\[\w+\])?"
)
"""How the names of dtypes begin, also those of other libraries."""
_STRUCTURED = frozenset(",(:")
_REFUSED = frozenset("int bool float complex set bytearray".split())
_GENERATORS = frozenset("MT19937 PCG64 PCG64DXSM Philox SFC64".split())
_NOT_ARRAYS = frozenset({"function", "dtype", "constant", "layout"}) | PLAIN
_FROM_NUMPY = ("numpy.", "builtins.", "_codecs.")


def dtype_given_fault(value: PickledValue) -> str:
    """Why numpy makes no dtype of a value; empty where it may."""
    while isinstance(value, tuple):
        if len(value) != 2:  # noqa: PLR2004 - dtype, shape
            return "its tuple is no pair"
        value = value[0]
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        known = _CODE.fullmatch(value.lstrip(digits)) or _NAME.fullmatch(value)
        may_be = known or not _STRUCTURED.isdisjoint(value)
        return "" if may_be else "its code is none of numpy's"
    return "it is made of what is no dtype" if value_kind(value) in _REFUSED else ""


def is_dtype_code(value: PickledValue) -> bool:
    """Whether every numpy makes a dtype of a text."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return isinstance(value, str) and _WRITTEN.fullmatch(value) is not None


def _dtype(args: tuple[PickledValue, ...]) -> str:
    metadata = args[3] if len(args) > 3 else None  # noqa: PLR2004 - the fourth
    if len(args) > 3 and not isinstance(metadata, (DictValue, ObjectValue)):  # noqa: PLR2004
        return "its metadata is no dict"
    return dtype_given_fault(args[0])


def _array(args: tuple[PickledValue, ...]) -> str:
    """``_reconstruct(ndarray, (0,), b"b")``."""
    cls, shape, dtype = args
    if value_kind(cls) in _NOT_ARRAYS or _is_no_array_class(cls):
        return "its class is none of arrays"
    return _shape(shape) or dtype_given_fault(dtype)


def _is_no_array_class(cls: PickledValue) -> bool:
    """Of what numpy and Python have: a class of another library may be an array."""
    if not isinstance(cls, GlobalRef) or not str(cls.name).startswith(_FROM_NUMPY):
        return False
    last = str(cls.name).rpartition(".")[2]
    return last not in PLAIN_ARRAYS and "asked" not in last and last != "mvoid"


def _shape(shape: PickledValue) -> str:
    kind = value_kind(shape)
    if kind in PLAIN and kind not in {"int", "tuple", "list"} and shape not in ("", b""):
        return "its shape is no shape"
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    wrong = any(
        value_kind(one) in PLAIN and (type(one) is not int or not 0 <= one < 2**63)
        for one in sizes
        if one not in ("", b"")
    )
    return "its shape is no shape" if wrong else ""


def _masked(args: tuple[PickledValue, ...]) -> str:
    """``_mareconstruct(MaskedArray, ndarray, (0,), b"b")``."""
    return _array((args[0], *args[2:])) or _array(args[1:])


def _scalar(args: tuple[PickledValue, ...]) -> str:
    """``scalar(dtype, bytes)``."""
    dtype = args[0]
    if value_kind(dtype) in _NOT_ARRAYS or isinstance(dtype, GlobalRef):
        return "its dtype is none"
    if is_numpy_dtype(dtype) and holds_objects(dtype):
        is_none = len(args) == 1 or value_kind(args[1]) in PLAIN
        return "its value is no array" if is_none else ""
    if len(args) == 1 or not is_numpy_dtype(dtype):
        return ""
    data = args[1]
    if isinstance(data, str) and max(data, default="") <= "\xff":
        data = data.encode("latin-1")  # as Python 2 has written it
    if isinstance(data, bytes):
        return "its value is too short" if len(data) < (element_size(dtype) or 0) else ""
    return "its value is no bytes" if value_kind(data) in PLAIN else ""


def _bit_generator(args: tuple[PickledValue, ...]) -> str:
    """A name, or since numpy 2 the class."""
    first = args[0] if args else "MT19937"
    if isinstance(first, str):
        return "" if first in _GENERATORS else "it names no generator"
    last = str(first.name).rpartition(".")[2] if isinstance(first, GlobalRef) else ""
    ours = isinstance(first, GlobalRef) and str(first.name).startswith(_FROM_NUMPY)
    is_none = value_kind(first) in _NOT_ARRAYS or (ours and last not in _GENERATORS)
    return "it names no generator" if is_none else ""


def _generator(args: tuple[PickledValue, ...]) -> str:
    """A generator of bits, or its name; and the function that makes it, before numpy 2."""
    makes = args[1] if len(args) > 1 else None
    if len(args) > 1 and not isinstance(makes, (GlobalRef, ObjectValue)):
        return "its second argument is no function"
    is_object = bool(args) and isinstance(args[0], ObjectValue)
    return "" if is_object else _bit_generator(args[:1])


def _seeds(args: tuple[PickledValue, ...]) -> str:
    """``(class, checksum, state)``, as Cython writes it."""
    cls, checksum, state = args
    named = not isinstance(cls, GlobalRef) or str(cls.name).endswith("SeedSequence")
    sound = named and value_kind(cls) not in _NOT_ARRAYS
    sound = sound and (type(checksum) is int or value_kind(checksum) not in PLAIN)
    is_state = state is None or isinstance(state, tuple) or value_kind(state) not in PLAIN
    return "" if sound and is_state else "it is given no class, checksum and state"


def _no_argument(_: tuple[PickledValue, ...]) -> str:
    return ""


def _called_array(_: tuple[PickledValue, ...]) -> str:
    """``ndarray((1,), "O", bytes)`` takes the bytes for addresses of objects."""
    return "an array is begun by _reconstruct, and its class is not called"


_RANDOM = "numpy.random._pickle."
_NUMBERS = (
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 longdouble "
    "clongdouble bool bool_ longlong ulonglong".split()
)
_SEEDED = ("_mt19937.MT19937", "_sfc64.SFC64", "_pcg64.PCG64", "_pcg64.PCG64DXSM")
ARRAY_CALLS: dict[str, tuple[int, int, Callable[[tuple[PickledValue, ...]], str]]] = {
    "numpy.dtype": (1, 4, _dtype),
    **{
        f"numpy.{core}.multiarray.{function}": known
        for core in ("core", "_core")
        for function, known in (("_reconstruct", (3, 3, _array)), ("scalar", (1, 2, _scalar)))
    },
    "numpy.ma.core._mareconstruct": (4, 4, _masked),
    **dict.fromkeys((f"numpy.{one}" for one in PLAIN_ARRAYS), (0, 10**6, _called_array)),
    "numpy.ma.core.MaskedConstant": (0, 0, _no_argument),
    f"{_RANDOM}__bit_generator_ctor": (0, 1, _bit_generator),
    f"{_RANDOM}__generator_ctor": (0, 2, _generator),
    f"{_RANDOM}__randomstate_ctor": (0, 2, _generator),
    **dict.fromkeys((f"numpy.{one}" for one in _NUMBERS), (0, 1, _no_argument)),
    **dict.fromkeys(("numpy.complex64", "numpy.complex128"), (0, 2, _no_argument)),
    **dict.fromkeys((f"numpy.random.{one}" for one in _SEEDED), (0, 1, _no_argument)),
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": (3, 3, _seeds),
}
"""Function → fewest and most arguments, and what is wrong with them."""
ARRAY_FUNCTIONS = frozenset(
    name for name in ARRAY_CALLS if name.rpartition(".")[2].startswith(("_", "scalar"))
)
"""Of these the ones that are no classes."""
