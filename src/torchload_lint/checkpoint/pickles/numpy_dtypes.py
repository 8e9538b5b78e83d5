"""Whether the state of a numpy dtype agrees with itself.

numpy believes a pickled dtype (numpy 2.4 ``descriptor.c``, ``arraydescr_setstate``): flags that say
that numbers are objects, or fields beyond the end, make it follow addresses that the file chose.
What numpy itself writes has one form for each kind; anything else was made by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
)
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from typing import TypeGuard

_REFCOUNT, _OF_OBJECT, _WITH_OBJECTS, _NEEDS_INIT, _PYAPI, _ALIGNED = 1, 63, 27, 8, 16, 128
_HOLDS_OBJECTS = 1 | 2
"""Counted references, or written as a list."""
_SIZES = {"?": 1, "b": 1, "B": 1, "O": 8}
_SIMPLE = late_pattern(r"c\d{1,10}|[?abd-zA-Z]\d{0,10}")
"""A letter and a size; ``c`` alone stands for texts of one letter."""
_DEEPEST = 16
_MOST_FIELDS = 4096


def dtype_fault(target: ObjectValue, state: PickledValue) -> str:
    """Why a state contradicts the dtype that it is given to; empty where it does not."""
    code = _code(target)
    if not code:
        return "it is made from what numpy writes no state for"
    if not isinstance(state, tuple) or len(state) not in {8, 9}:
        return "its state has another form than numpy's"
    version, order, subarray, names, fields, size, alignment, flags = state[:8]
    if not all(type(number) is int for number in (version, size, alignment, flags)):
        return "its version, size, alignment or flags are not integers"
    if size not in _MACHINE_SIZES or alignment not in _MACHINE_SIZES:
        return "its size or alignment is beyond a machine's numbers"
    if version not in {3, 4} or order not in _ORDERS:
        return "its state has another form than numpy's"
    if code == _PROGRAMS_OWN:
        return _own_type_fault(state)
    if not _is_sound_metadata(code[:1], state):
        return "its metadata is not that of its kind"
    if (subarray, names, fields) != (None, None, None):
        return _parts_fault(code, state)
    if code[:1] in "SUVa":
        fits = size == _own_size(code, size) and flags in {0, _NEEDS_INIT}
        return "" if fits else "its size or flags are not those of its kind"
    fits = (size, alignment) == (-1, -1) and flags == (_OF_OBJECT if code[:1] == "O" else 0)
    return "" if fits else "its size or flags are not those of its kind"


def _parts_fault(code: str, state: tuple[PickledValue, ...]) -> str:
    """Of a dtype with fields, or of one that repeats another."""
    _, _, subarray, names, fields, size, _, flags = state[:8]
    if not isinstance(size, int) or not isinstance(flags, int):
        return "its size or flags are not integers"
    if (names, fields) == (None, None):
        return _subarray_fault(code, subarray, size, flags)
    if subarray is not None:
        return "it has fields, and a subarray beside them"
    return _fields_fault(code, names, fields, size, flags)


_ORDERS = ("<", ">", "=", "|", b"<", b">", b"=", b"|")
_PROGRAMS_OWN = "own"
"""In place of a code: of numbers that another library than numpy has made."""
_LARGEST_NUMBER = 64
_MACHINE_SIZES = range(-(2**63), 2**63)


def _own_type_fault(state: tuple[PickledValue, ...]) -> str:
    """No fields, no objects, and no more than a number takes."""
    size, flags = state[5], state[7]
    is_number = isinstance(size, int) and 0 < size <= _LARGEST_NUMBER
    of_objects = isinstance(flags, int) and flags & _HOLDS_OBJECTS
    is_plain = state[2:5] == (None, None, None) and is_number and not of_objects
    return "" if is_plain else "its size or flags are not those of its kind"


def _is_sound_metadata(kind: str, state: tuple[PickledValue, ...]) -> bool:
    """A dictionary; for times, which numpy takes for granted, with their unit beside it."""
    metadata = state[8] if len(state) > 8 else None  # noqa: PLR2004 - it comes last
    if kind not in {"M", "m"}:
        return metadata is None or isinstance(metadata, DictValue)
    if not isinstance(metadata, tuple) or len(metadata) != 2:  # noqa: PLR2004 - dictionary, unit
        return False
    described, unit = metadata
    return (
        (described is None or isinstance(described, DictValue))
        and isinstance(unit, tuple)
        and len(unit) == 4  # noqa: PLR2004 - name, number, denominator, event
        and _is_unit(unit[0])
        and all(type(number) is int and 1 <= number < 2**31 for number in unit[1:])
        and unit[2] == 1  # numpy has divided by it before it writes
    )


def _is_unit(name: PickledValue) -> bool:
    name = name.decode("latin-1") if isinstance(name, bytes) else name
    return isinstance(name, str) and name in _UNITS


_UNITS = frozenset("Y M W D h m s ms us μs ns ps fs as generic".split())


def is_numpy_dtype(value: PickledValue) -> TypeGuard[ObjectValue]:
    """Whether a value is what ``numpy.dtype(…)`` gives, under any name that numpy has for it."""
    if not isinstance(value, ObjectValue) or not isinstance(value.callee, GlobalRef):
        return False
    name = str(value.callee.name)
    return name.startswith("numpy.") and name.endswith(".dtype")


def _code(value: PickledValue) -> str:
    """``f8``, ``V24``, ``O8``; ``V`` of a record, whose state says the size."""
    args = value.args if isinstance(value, ObjectValue) else ()
    first = args[0] if isinstance(args, tuple) and args else None
    if isinstance(first, bytes):
        first = first.decode("latin-1")
    if isinstance(first, str):
        code = first.lstrip("<>=|")
        return code if _SIMPLE.fullmatch(code) else ""  # "i4,O" has fields of its own
    if not isinstance(first, GlobalRef):
        return ""
    module, _, last = str(first.name).rpartition(".")
    if module.partition(".")[0] in {"numpy", "builtins", "torch"}:
        return "V" if last in _RECORDS else ""
    return _PROGRAMS_OWN


_RECORDS = frozenset({"record", "void"})


def _own_size(code: str, state_size: int = 0) -> int:
    """The size that its code says; that of the state, where it says none."""
    if code == "V":
        return max(state_size, 0)
    number = int(code[1:]) if code[1:].isdigit() and len(code) < 12 else 0  # noqa: PLR2004 - a size
    return number * 4 if code.startswith("U") else number or _SIZES.get(code[:1], 0)


def _size_of(dtype: PickledValue) -> int:
    """The bytes of one element; 0 where they are not known."""
    sizes = [state[5] for state in _states(dtype) if isinstance(state[5], int)]
    return _own_size(_code(dtype), sizes[-1] if sizes else 0)


def element_size(dtype: PickledValue) -> int | None:
    """The bytes of one element; None where they are not known."""
    code = _code(dtype)
    is_sized = code == "V" or (code[:1] in "SUVa" and code[1:].isdigit())
    return _size_of(dtype) if is_sized else _size_of(dtype) or None


def holds_objects(dtype: PickledValue) -> bool:
    """Whether numpy writes its elements as a list of objects."""
    return _has_objects(dtype)


def _states(dtype: PickledValue) -> list[tuple[PickledValue, ...]]:
    given = dtype.states if isinstance(dtype, ObjectValue) else ()
    return [one for one in given if isinstance(one, tuple) and len(one) >= 8]  # noqa: PLR2004 - numpy's form


def _has_objects(value: PickledValue, depth: int = 0) -> bool:
    """Whether a dtype is of objects, or has fields that are."""
    if depth > _DEEPEST or _code(value).startswith("O"):
        return True
    for state in _states(value):
        subarray, fields = state[2], state[4]
        inner = [subarray[0]] if isinstance(subarray, tuple) and subarray else []
        inner += [one[0] for one in _given(fields)]
        if any(_has_objects(one, depth + 1) for one in inner):
            return True
    return False


def _given(fields: PickledValue) -> list[tuple[PickledValue, ...]]:
    values = [value for _, value in fields.entries] if isinstance(fields, DictValue) else []
    return [value for value in values if isinstance(value, tuple) and len(value) in {2, 3}]


def _fields_fault(
    code: str, names: PickledValue, fields: PickledValue, size: int, flags: int
) -> str:
    if not isinstance(names, tuple) or not isinstance(fields, DictValue):
        return "it has names without fields, or fields without names"
    keys = [key for key, _ in fields.entries if isinstance(key, str)]
    given = _given(fields)
    titles = {one[2] for one in given if len(one) > 2 and isinstance(one[2], str)}  # noqa: PLR2004 - with a title
    if not all(isinstance(name, str) for name in names) or len(given) != len(fields.entries):
        return "its names or fields are not names and fields"
    if set(names) | titles != set(keys) or len(keys) != len(given) or len(names) > _MOST_FIELDS:
        return "its names are not those of its fields"
    if not code.startswith("V") or size != _own_size(code, size):
        return "its size is not that of its fields"
    fields.is_held = True
    return _layout_fault(given, size) or _flags_fault([one[0] for one in given], flags)


def _layout_fault(given: list[tuple[PickledValue, ...]], size: int) -> str:
    """Fields lie inside, and nothing overlaps objects."""
    spans = []
    for dtype, offset, *_ in given:
        length = _size_of(dtype)
        if not is_numpy_dtype(dtype) or type(offset) is not int or not length:
            return "a field is not a dtype with an offset"
        if offset < 0 or offset + length > size:
            return "a field reaches beyond its end"
        spans.append((offset, offset + length, _has_objects(dtype)))
    reach = reach_of_objects = 0
    for start, end, objects in sorted(spans):
        if start < reach_of_objects or (objects and start < reach):
            return "fields overlap objects"
        reach = max(reach, end)
        reach_of_objects = max(reach_of_objects, end) if objects else reach_of_objects
    return ""


def _flags_fault(parts: list[PickledValue], flags: int) -> str:
    kept = flags & ~_ALIGNED
    if any(map(_has_objects, parts)):
        return "" if kept & _WITH_OBJECTS == _WITH_OBJECTS else "its flags deny its objects"
    return "" if not kept & ~(_NEEDS_INIT | _PYAPI) else "its flags say that numbers are objects"


def _subarray_fault(code: str, subarray: PickledValue, size: int, flags: int) -> str:
    pair = subarray if isinstance(subarray, tuple) and len(subarray) == 2 else None  # noqa: PLR2004 - dtype, shape
    if pair is None or not is_numpy_dtype(pair[0]):
        return "its base is not a dtype"
    shape = pair[1] if isinstance(pair[1], tuple) else (pair[1],)
    if not all(type(number) is int and 0 <= number < 2**31 for number in shape):
        return "its shape is not a shape"
    whole = _size_of(pair[0])
    for number in shape[:64]:
        whole *= number
    if len(shape) > 64 or whole != size or size != _own_size(code, size):  # noqa: PLR2004 - numpy's most
        return "its size is not that of its base"
    return _flags_fault([pair[0]], flags)
