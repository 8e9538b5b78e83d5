"""numpy's dtypes as pickles describe them.

Source: ``arraydescr_reduce`` (``numpy/_core/src/multiarray/descriptor.c``) of numpy 1.26 and 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, ObjectValue, PickledValue
from torchload_lint.checkpoint.pickles.places import name_text
from torchload_lint.migrate.carriers.pickled_instance import name_of_global

_TORCH_DTYPES = {
    "b1": "bool", "?": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "f2": "float16",
    "f4": "float32", "f8": "float64", "c8": "complex64", "c16": "complex128",
    "M8": "int64", "m8": "int64",
}  # fmt: skip
TIMES = frozenset({"M8", "m8"})
_A_COPY = (False, True)
"""How numpy has a dtype made that it gives a state: one that is not shared, whose state it ignores.
Old releases write 0 and 1."""
_STATE = 7
"""The least items of a state: version, order, subarray, names, fields, size, alignment."""


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
    """What it and its fields hold besides and is not carried: metadata, titles of fields."""

    parts: int = 1
    """How many fields without fields it has, all told."""
    parts_size: int = 0
    """Bytes of these, which may lie in one another."""

    @property
    def torch_dtype(self) -> str | None:
        """The torch dtype with the same bytes; None where there is none."""
        return None if self.fields else _TORCH_DTYPES.get(self.code)

    @property
    def is_time(self) -> bool:
        """Whether it is datetime64 or timedelta64."""
        return self.code in TIMES

    def __str__(self) -> str:
        kind = self.torch_dtype if not self.is_time else f"{self.code}[{self.unit}]"
        return kind or self.code


class KnownDTypes:
    """The dtypes of a file, each read once: one may be that of many arrays, and of many fields."""

    def __init__(self) -> None:
        """None is known yet."""
        self._read: dict[int, tuple[PickledValue, DType | None]] = {}
        """By identity; the values are kept, so that no other gets theirs."""

    def read(self, value: PickledValue) -> DType | None:
        """``numpy.dtype('f8', False, True)`` and its state; None where it is something else."""
        if id(value) not in self._read:
            self._read[id(value)] = value, None  # for a dtype inside itself
            self._read[id(value)] = value, _read(value, self)
        return self._read[id(value)][1]


def _read(value: PickledValue, known: KnownDTypes) -> DType | None:
    if not isinstance(value, ObjectValue) or not isinstance(value.args, tuple) or not value.args:
        return None
    if len(value.states) > 1 or (value.states and value.args[1:] != _A_COPY):
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
    if not isinstance(state, tuple) or len(state) < _STATE:
        size = _size_of(bare)
        order = ">" if code.startswith(">") else "<"
        return DType(bare, order, itemsize=size, parts_size=size)
    order = ">" if text(state[1]) == ">" else "<"
    if state[2] is not None:
        return None  # a subarray
    fields = _read_fields(state[3], state[4], known)
    if fields is None:
        return None
    given = _size_in(state[5], bare)
    if given is None or any(at < 0 or at + one.itemsize > given for _, one, at in fields):
        return None  # a field outside of it
    inner = [one for _, one, _ in fields]
    return DType(
        bare,
        order,
        fields,
        read_unit(state),
        given,
        tuple(dict.fromkeys((*unsaid(state), *(what for one in inner for what in one.unsaid)))),
        sum(one.parts for one in inner) or 1,
        sum(one.parts_size for one in inner) or given,
    )


def names_of_fields(value: PickledValue) -> tuple[str, ...]:
    """The names of the fields of a dtype as its pickle holds it; none if it has no fields."""
    states = value.states if isinstance(value, ObjectValue) else []
    state = states[-1] if states else None
    names = state[3] if isinstance(state, tuple) and len(state) >= _STATE else None
    return tuple(map(text, names)) if isinstance(names, tuple) else ()


def unsaid(state: tuple[PickledValue, ...]) -> tuple[str, ...]:
    """The metadata of a dtype, and the titles that its fields have besides their names."""
    metadata = state[8] if len(state) > 8 else None  # noqa: PLR2004 - the ninth
    if isinstance(metadata, tuple):  # of a time: its metadata, and its unit
        metadata = metadata[0] if metadata else None
    fields = state[4].entries if isinstance(state[4], DictValue) else []
    titled = any(isinstance(field, tuple) and len(field) > 2 for _, field in fields)  # noqa: PLR2004
    found = ["metadata"] if isinstance(metadata, DictValue) and metadata.entries else []
    return (*found, "titles of fields") if titled else tuple(found)


def _read_fields(
    names: PickledValue, fields: PickledValue, known: KnownDTypes
) -> tuple[tuple[str, DType, int], ...] | None:
    if names is None:
        return ()
    if not isinstance(names, tuple) or not isinstance(fields, DictValue):
        return None
    found = []
    for name in names:
        described = fields.get(text(name))
        if not isinstance(described, tuple) or len(described) < 2:  # noqa: PLR2004 - and its offset
            return None
        inner, offset = known.read(described[0]), described[1]
        if inner is None or not isinstance(offset, int):
            return None
        found.append((text(name), inner, offset))
    return tuple(found)


def read_unit(state: tuple[PickledValue, ...]) -> str:
    """The ninth item of a time's state: ``({}, (b'ns', 1, 1, 1))``."""
    metadata = state[8] if len(state) > 8 else None  # noqa: PLR2004 - the ninth
    described = metadata[1] if isinstance(metadata, tuple) and len(metadata) == 2 else None  # noqa: PLR2004
    if isinstance(described, tuple) and described:
        count = name_text(described[1]) if len(described) > 1 and described[1] != 1 else ""
        return f"{count}{text(described[0])}"
    return "generic"


def _size_in(given: PickledValue, code: str) -> int | None:
    """The bytes of an element: numpy reads them from the state of texts, bytes and structures, and
    passes over what that of a number says. None where the code says otherwise.
    """
    size = _size_of(code)
    if not code.startswith(("S", "a", "U", "V")):
        return size
    if code == "V" and isinstance(given, int) and given > 0:
        return given
    return size if type(given) is int and given == size else None


def _size_of(code: str) -> int:
    digits = code.lstrip("?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    number = int(digits) if digits.isdigit() and len(digits) < 10 else 1  # noqa: PLR2004 - sane
    return number * 4 if code.startswith("U") else number


def text(value: PickledValue) -> str:
    """A text, also of Python 2."""
    return value.decode("latin-1") if isinstance(value, bytes) else name_text(value)
