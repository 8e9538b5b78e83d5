"""Persistent ids: the references from a pickle to the tensors' bytes beside it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.pickles.pickled_values import (
    GlobalRef,
    PickledValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.places import key_text, name_text
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeGuard

    from torchload_lint.checkpoint.report import Problem

ITEM_SIZES = {
    "float16": 2, "float32": 4, "float64": 8, "bfloat16": 2, "complex32": 4, "complex64": 8,
    "complex128": 16, "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "bool": 1,
    "uint16": 2, "uint32": 4, "uint64": 8, "bits16": 2,
    "qint8": 1, "quint8": 1, "qint32": 4, "quint4x2": 1, "quint2x4": 1,
}  # fmt: skip
"""Bytes of one element, by dtype; of those that are not here, one."""

PER_BYTE = {"quint4x2": 2, "quint2x4": 4}
"""Elements of one byte, by dtype, where there are several; a storage then counts its bytes."""

STORAGE_DTYPES = {
    "Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16",
    "Long": "int64", "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8",
    "Bool": "bool", "ComplexFloat": "complex64", "ComplexDouble": "complex128",
    "QInt8": "qint8", "QUInt8": "quint8", "QInt32": "qint32", "QUInt4x2": "quint4x2",
    "QUInt2x4": "quint2x4", "Untyped": "uint8",
}  # fmt: skip
"""Storage class without its suffix → dtype of its elements."""

_LOCATION = late_pattern(
    r"cpu|meta|(?:cuda|mps|xla|hpu|xpu|privateuseone|npu|mtia)(?::(?:[1-9]?\d|1[01]\d|12[0-7]))?"
)
"""Devices that a storage may say it was on. What torch compares with ``cpu`` and ``meta`` has no
number; a number has eight bits.
"""

_UNUSABLE = advice.damaged("a storage is described by values that torch cannot use")
_FIELDS = {"zip": 5, "legacy": 6}


def names_device(location: str) -> bool:
    """Whether a text is the name of a device that a storage can be on."""
    return _LOCATION.fullmatch(location) is not None


class StorageReader:
    """Turns persistent ids into storages, by the rules of one container."""

    def __init__(
        self,
        kind: str,
        record_size: Callable[[str], int | str] | None = None,
        integers: Callable[[str], Sequence[int] | None] | None = None,
    ) -> None:
        self._kind = kind
        """``zip``, ``legacy``, or anything else, where there are no storages."""
        self._is_legacy = kind == "legacy"
        self._record_size = record_size
        """The bytes of the record ``data/<key>``, or why they cannot be read."""
        self._integers = integers
        """Its numbers, if it holds integers of 64 bits and they can be read."""
        self.storages: dict[str, StorageValue] = {}
        """The storages by their names."""
        self._loaded: dict[str | bytes | int, StorageValue] = {}
        self._parts: dict[str | bytes | int, StorageValue] = {}
        """The same, and parts of them, by what the file calls them: 0 is not ``"0"``."""
        self.checks_sizes = True
        """Whether a record must have exactly the bytes that its storage says (torch 2.10)."""

    def load(self, pid: PickledValue) -> tuple[StorageValue | None, Problem | None]:
        """The storage that an id stands for, or why there is none."""
        fields = _FIELDS.get(self._kind)
        if fields is None:
            return None, advice.persistent("something")
        if not isinstance(pid, tuple):
            return None, advice.persistent(
                f"{key_text(pid):.60}" if isinstance(pid, (str, int)) else "a value"
            )
        if not pid or _text(pid[0]) != "storage":
            return None, advice.persistent(f"a {_text(pid[0])!r:.60}" if pid else "nothing")
        if len(pid) != fields:
            return None, advice.damaged(f"a storage has {len(pid)} fields instead of {fields}")
        storage, problem = self._storage(pid)
        if storage is None or not self._is_legacy or pid[5] is None:
            return storage, problem
        part = self._part(storage, pid[5], _dtype(pid[1]) or storage.dtype)
        if part is None:
            return None, advice.damaged("a part of a storage is described by what torch cannot use")
        return part, problem

    def listed(self, key: PickledValue) -> StorageValue | None:
        """The storage that the list behind an object of the old format means."""
        return self._loaded.get(key) if _is_key(key) else None

    def is_unreadable(self, pid: PickledValue) -> bool:
        """Whether torch itself cannot read this storage, though it wrote it.

        The old format asks a storage's class for its dtype, which ``UntypedStorage`` has not: what
        torch.save writes there for ``uint16``, the float8 dtypes and untyped storages
        (``_legacy_load`` in torch 2.13's serialization.py).
        """
        if not self._is_legacy or not isinstance(pid, tuple) or len(pid) < _FIELDS["legacy"]:
            return False
        kind = pid[1]
        return isinstance(kind, GlobalRef) and str(kind.name).endswith(".UntypedStorage")

    def _storage(self, pid: tuple[PickledValue, ...]) -> tuple[StorageValue | None, Problem | None]:
        kind, key, raw_location, numel = pid[1:5]
        dtype = _dtype(kind)
        if dtype is None or not _is_key(key) or key in self._parts:
            return None, _UNUSABLE
        if isinstance(key, bytes) and not self._is_legacy:
            return None, _UNUSABLE  # the record of b"0" would be called data/b'0'
        known = self._loaded.get(key)
        if known is not None and self._is_passed_over(numel, known):
            return known if known.is_in_memory else _emptied(known, dtype), None
        location, name = _text(raw_location), _text(key) or name_text(key)
        if location is None or not _fits(numel, dtype):
            return None, _UNUSABLE
        if not names_device(location):
            return None, advice.damaged(f"a storage lies on an unknown device ({location!r:.40})")
        while self._is_legacy and name in self.storages:
            name += "'"  # bytes and a text, or 0 and "0": two storages
        can_grow = self._is_legacy or location == "meta"
        storage = StorageValue(name, dtype, numel, location, resizable=can_grow)
        if self._integers is not None:
            storage.integers = partial(self._integers, f"data/{name}")
        self.storages[name] = self._loaded[key] = storage
        return storage, self._check_record(storage)

    def _is_passed_over(self, numel: PickledValue, known: StorageValue) -> bool:
        """Whether torch takes any number of elements for a storage that it has read already: one
        that it can multiply, in the old format.
        """
        if self._is_legacy:
            return isinstance(numel, (int, float, str, bytes, list, tuple))
        return known.is_in_memory  # others are read again

    def _part(self, storage: StorageValue, view: PickledValue, dtype: str) -> StorageValue | None:
        """``(key, offset, size)``: a part of a storage, which torch cannot make larger; or what
        has its key already.
        """
        if not isinstance(view, (tuple, list)) or len(view) != 3 or not _is_key(view[0]):  # noqa: PLR2004
            return None
        key, offset, size = view
        if not isinstance(offset, int) or not isinstance(size, int):
            return None
        known = self._loaded.get(key) or self._parts.get(key)
        if known is not None:
            return known
        if storage.location == "meta":
            return None
        width, whole = ITEM_SIZES.get(dtype, 1), storage.numel * ITEM_SIZES.get(storage.dtype, 1)
        numel = len(range(whole)[offset * width : (offset + size) * width]) // width
        part = self._parts[key] = StorageValue(storage.key, dtype, numel, storage.location)
        return part

    def _check_record(self, storage: StorageValue) -> Problem | None:
        if self._record_size is None:
            return None
        size = self._record_size(f"data/{storage.key}")
        if isinstance(size, str):
            return advice.damaged(size)
        expected = storage.numel * ITEM_SIZES.get(storage.dtype, 1)
        if size != expected and self.checks_sizes:
            return advice.damaged(
                f"the record data/{storage.key:.60} has {size:,} bytes instead of {expected:,}"
            )
        return None


def _emptied(known: StorageValue, dtype: str) -> StorageValue:
    """What the old format makes of a storage without memory that is named again."""
    return StorageValue(known.key, dtype, 0, known.location, resizable=True)


def _is_key(value: PickledValue) -> TypeGuard[str | bytes | int]:
    return isinstance(value, (str, bytes)) or (isinstance(value, int) and abs(value) < 2**63)


def _fits(numel: PickledValue, dtype: str) -> TypeGuard[int]:
    """Whether it is a number of elements whose bytes torch can count."""
    return isinstance(numel, int) and 0 <= numel * ITEM_SIZES.get(dtype, 1) < 2**63


def _dtype(kind: PickledValue) -> str | None:
    if not isinstance(kind, GlobalRef) or not kind.name.module.startswith("torch"):
        return None
    name = str(kind.name).rpartition(".")[2]  # torch looks for the whole name, wherever it is cut
    return STORAGE_DTYPES.get(name.removesuffix("Storage"))


def _text(value: PickledValue) -> str | None:
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else None
