"""Which values are equal as keys of a dict or elements of a set, and which may be any at all."""

from __future__ import annotations

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    PickledValue,
    SetValue,
    StorageValue,
)

_MOST_PARTS = 10_000
"""Parts of a tuple, each counted as often as it is met: Python hashes them all, every time."""


class Keys:
    """Numbers for values: equal ones have the same, as Python compares them.

    A tuple that holds another one twice, which holds a third one twice, is looked at once.
    """

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._known: dict[int, tuple[int, int]] = {}
        self._kept: list[PickledValue] = []

    def number(self, value: PickledValue) -> int:
        """The number of a value."""
        return self._looked_at(value)[0]

    def is_key(self, value: PickledValue) -> bool:
        """Whether a plain value may be a key: hashable, and not absurdly large."""
        return self._looked_at(value)[1] <= _MOST_PARTS

    def _looked_at(self, value: PickledValue) -> tuple[int, int]:
        """The number, and how many parts it has; more than may be where it has no hash."""
        if is_atom(value):
            return self._numbered(("atom", value)), 1
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
        unhashable = isinstance(value, (list, DictValue, SetValue, StorageValue))
        return self._numbered(("object", id(value))), _MOST_PARTS + 1 if unhashable else 1

    def _numbered(self, what: object) -> int:
        return self._numbers.setdefault(what, len(self._numbers))


def is_atom(value: PickledValue) -> bool:
    """Whether a value is one of the plain ones that hold no others."""
    return value is None or isinstance(value, (bool, int, float, str, bytes))
