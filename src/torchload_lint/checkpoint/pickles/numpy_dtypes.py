"""Whether the state of a numpy dtype agrees with itself.

numpy believes a pickled dtype (numpy 2.4 ``descriptor.c``, ``arraydescr_setstate``): flags that say
that numbers are objects, or fields beyond the end, make it follow addresses that the file chose.
What numpy itself writes has one form for each kind; anything else was made by hand.
"""

from __future__ import annotations

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
)

_REFCOUNT, _OF_OBJECT, _WITH_OBJECTS, _NEEDS_INIT, _PYAPI, _ALIGNED = 1, 63, 27, 8, 16, 128
_SIZES = {"?": 1, "b": 1, "B": 1, "O": 8}
_DEEPEST = 16
_MOST_FIELDS = 4096


def array_fault(target: PickledValue) -> str:
    """Why an array may not be filled: its first memory would go, which a tensor may share."""
    if not isinstance(target, ObjectValue) or not isinstance(target.callee, GlobalRef):
        return ""
    is_array = str(target.callee.name).endswith("core.multiarray._reconstruct")
    return "it is filled a second time" if is_array and target.states else ""


def dtype_fault(target: PickledValue, state: PickledValue) -> str:
    """Why a state contradicts the dtype that it is given to; empty where it does not."""
    if not _is_dtype(target) or _code(target) == "":
        return ""
    if not isinstance(state, tuple) or len(state) not in {8, 9}:
        return "its state has another form than numpy's"
    version, _, subarray, names, fields, size, alignment, flags = state[:8]
    if not all(type(number) is int for number in (version, size, alignment, flags)):
        return "its version, size, alignment or flags are not integers"
    if version not in {3, 4}:
        return "its state has another form than numpy's"
    kind = _code(target)[:1]
    if not _is_sound_metadata(kind, state):
        return "its metadata is not that of its kind"
    if names is not None or fields is not None:
        return _fields_fault(_code(target), names, fields, size, flags)
    if subarray is not None:
        return _subarray_fault(_code(target), subarray, size, flags)
    if kind in "SUVa":
        fits = size == _own_size(_code(target)) and flags in {0, _NEEDS_INIT}
        return "" if fits else "its size or flags are not those of its kind"
    fits = (size, alignment) == (-1, -1) and flags == (_OF_OBJECT if kind == "O" else 0)
    return "" if fits else "its size or flags are not those of its kind"


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
        and isinstance(unit[0], (str, bytes))
        and all(type(number) is int and 1 <= number < 2**31 for number in unit[1:])
    )


def _is_dtype(value: PickledValue) -> bool:
    return (
        isinstance(value, ObjectValue)
        and isinstance(value.callee, GlobalRef)
        and str(value.callee.name) == "numpy.dtype"
    )


def _code(value: PickledValue) -> str:
    """``f8``, ``V24``, ``O8``; empty where the dtype is made from a type."""
    args = value.args if isinstance(value, ObjectValue) else ()
    first = args[0] if isinstance(args, tuple) and args else None
    return first.lstrip("<>=|") if isinstance(first, str) else ""


def _own_size(code: str) -> int:
    number = int(code[1:]) if code[1:].isdigit() and len(code) < 12 else 0  # noqa: PLR2004 - a size
    return number * 4 if code.startswith("U") else number or _SIZES.get(code[:1], 0)


def _has_objects(value: PickledValue, depth: int = 0) -> bool:
    """Whether a dtype is of objects, or has fields that are."""
    if depth > _DEEPEST or _code(value).startswith("O"):
        return True
    for state in value.states if isinstance(value, ObjectValue) else ():
        if isinstance(state, tuple) and len(state) >= 5:  # noqa: PLR2004 - fields come fifth
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
    if not code.startswith("V") or size != _own_size(code):
        return "its size is not that of its fields"
    return _layout_fault(given, size) or _flags_fault([one[0] for one in given], flags)


def _layout_fault(given: list[tuple[PickledValue, ...]], size: int) -> str:
    """Fields lie inside, and nothing overlaps objects."""
    spans = []
    for dtype, offset, *_ in given:
        length = _own_size(_code(dtype))
        if not _is_dtype(dtype) or type(offset) is not int or not length:
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
    if pair is None or not _is_dtype(pair[0]):
        return "its base is not a dtype"
    shape = pair[1] if isinstance(pair[1], tuple) else (pair[1],)
    if not all(type(number) is int and 0 <= number < 2**31 for number in shape):
        return "its shape is not a shape"
    whole = _own_size(_code(pair[0]))
    for number in shape[:64]:
        whole *= number
    if len(shape) > 64 or whole != size or size != _own_size(code):  # noqa: PLR2004 - numpy's most
        return "its size is not that of its base"
    return _flags_fault([pair[0]], flags)
