"""Which values are equal as keys of a dict or elements of a set, and which may be any at all.

Python's and torch's own rules: ``complex(1, 0) == 1``, ``torch.Size([1]) == (1,)``.
"""

from __future__ import annotations

import struct

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    SetValue,
    StorageValue,
    type_of,
)
from torchload_lint.checkpoint.pickles.places import key_text, name_text

_MOST_PARTS = 10_000
"""Parts of a tuple, each counted as often as it is met: Python hashes them all, every time."""
_BY_ARGUMENTS = frozenset({"torch.device", "torch.serialization._get_layout"})
"""What is equal where it is made of the same, and to nothing else."""


class Keys:
    """Numbers for values: equal ones have the same, as Python compares them.

    A tuple that holds another one twice, which holds a third one twice, is looked at once.
    """

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._known: dict[int, tuple[int, int]] = {}
        self._kept: list[PickledValue] = []
        self._kept_numbers: list[complex] = []

    def number(self, value: PickledValue) -> int:
        """The number of a value."""
        return self._looked_at(value)[0]

    def is_key(self, value: PickledValue) -> bool:
        """Whether a plain value may be a key: hashable, and not absurdly large."""
        return self._looked_at(value)[1] <= _MOST_PARTS

    def _looked_at(self, value: PickledValue) -> tuple[int, int]:
        """The number, and how many parts it has; more than may be where it has no hash."""
        if is_atom(value):
            return self._numbered(self._told_apart(value)), 1
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = self._new(value)
            self._kept.append(value)
        return known

    def _new(self, value: PickledValue) -> tuple[int, int]:
        if isinstance(value, tuple):
            parts = [self._looked_at(item) for item in value]
            size = min(sum(part[1] for part in parts) + 1, _MOST_PARTS + 1)
            return self._numbered(("tuple", *(part[0] for part in parts))), size
        if isinstance(value, GlobalRef):
            return self._numbered(("global", str(value.name))), 1
        if isinstance(value, ObjectValue) and (made := self._made(value)):
            return made
        unhashable = isinstance(value, (list, DictValue, SetValue, StorageValue))
        unhashable = unhashable or str(type_of(value)) == "builtins.bytearray"
        return self._numbered(("object", id(value))), _MOST_PARTS + 1 if unhashable else 1

    def _made(self, value: ObjectValue) -> tuple[int, int] | None:
        """Of what a call makes that is equal to what another one makes, or to a plain value."""
        args = value.args if isinstance(value.args, tuple) else ()
        name = str(value.callee.name) if isinstance(value.callee, GlobalRef) else ""
        if value.how != "REDUCE" or value.states or not all(map(_is_plain, args)):
            return None
        if name == "builtins.complex" and all(type(arg) in {int, float} for arg in args[:2]):
            return self._numbered(self._told_apart(_complex(*args[:2]))), 1
        if name == "torch.Size" and args and isinstance(args[0], tuple):
            return self._looked_at(args[0])
        if name in _BY_ARGUMENTS:
            return self._numbered((name, ":".join(map(name_text, args)))), 1
        return None

    def _told_apart(self, value: object) -> object:
        """What is equal where the values are, and whose hash no file can foresee.

        Python's hashes of numbers are known to all: a hundred thousand keys that share one are
        compared with each other.
        """
        if isinstance(value, complex) and not value.imag:
            value = value.real
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int):
            return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        if isinstance(value, (float, complex)):
            if value != value:  # noqa: PLR0124 - NaN is equal to itself alone
                self._kept_numbers.append(value)
                return "nan", id(value)
            return "float", struct.pack("<dd", value.real + 0.0, value.imag + 0.0)  # -0.0 is 0.0
        return "atom", value

    def _numbered(self, what: object) -> int:
        return self._numbers.setdefault(what, len(self._numbers))


def is_atom(value: PickledValue) -> bool:
    """Whether a value is one of the plain ones that hold no others."""
    return value is None or isinstance(value, (bool, int, float, str, bytes))


def is_one(value: PickledValue, other: PickledValue) -> bool:
    """Whether an attribute is the entry of that name too, as in dicts whose keys are attributes."""
    if value is other:
        return True
    if not is_atom(value) or type(value) is not type(other):
        return False
    is_nan = value != value and other != other  # noqa: PLR0124 - the one value that is not itself
    return bool(value == other or is_nan)


def apart(value: PickledValue, plain: PickledValue, taken: dict[str, int]) -> str:
    """A text for a key whose plain value another key has too: its type, and that value.

    ``taken`` has what no text may be, each with the last number that was tried behind it: thousands
    of keys may have one text.
    """
    kind = value.kind if isinstance(value, SetValue) else getattr(value, "type_name", None)
    if kind is None and isinstance(value, ObjectValue) and isinstance(value.callee, GlobalRef):
        kind = value.callee.name  # a numpy scalar: the function that makes it
    name = "global" if isinstance(value, GlobalRef) else str(kind or type(value).__name__)
    shown = repr(plain) if is_atom(plain) else key_text(plain)  # bounded, whatever it holds
    text = candidate = f"{name}({shown})"
    number = taken.get(text, 1)
    while candidate in taken:
        number += 1
        candidate = f"{text} #{number}"
    taken[text] = number
    taken[candidate] = 1
    return candidate


def _is_plain(value: PickledValue) -> bool:
    return is_atom(value) or (isinstance(value, tuple) and all(map(is_atom, value)))


def _complex(real: float = 0, imaginary: float = 0) -> complex:
    try:
        return complex(real, imaginary)
    except OverflowError:  # torch refuses it as well
        return complex("nan")
