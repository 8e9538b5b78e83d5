"""Files that torch.save wrote before 1.6: five pickles after one another, then the storages.

Source: ``_legacy_load`` in ``torch/serialization.py``: a magic number, a protocol version, the
machine's byte order and sizes, the object, the storages' keys, then for each key its number of
elements (eight bytes) and its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.limits import LimitExceededError
from torchload_lint.checkpoint.pickles.guard import Guard
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES, StorageReader
from torchload_lint.checkpoint.pickles.unpickler import Unpickled, unpickle
from torchload_lint.checkpoint.report import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.pickles.pickled_values import StorageValue

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
_OVERFLOW = 1 << 64
"""torch multiplies the number of elements with their size in 64 bits."""
_MOST_UNLISTED = 256 * 1024 * 1024
"""Bytes of memory for storages that are in no list; torch lists all that it writes."""
_OBJECT = 3
"""The place of the object among the pickles."""
_SMALL_WINDOW = 1024 * 1024

AnyGuard = TypeVar("AnyGuard", bound=Guard)


@dataclass(slots=True)
class PickleFile(Generic[AnyGuard]):
    """The pickles of a file that is not an archive."""

    guard: AnyGuard
    """Which was asked at each step."""
    is_legacy: bool = False
    """Whether it starts as torch.save's files did; otherwise it is any pickle."""
    streams: list[Unpickled] = field(default_factory=list)
    problem: Problem | None = None
    """What is wrong around the pickles."""
    end: int | None = None
    """Where a second load of the same open file would read on; None where this one goes wrong."""

    @property
    def object_stream(self) -> Unpickled | None:
        """The pickle that holds the object."""
        if not self.is_legacy:
            return self.streams[0] if self.streams else None
        return self.streams[_OBJECT] if len(self.streams) > _OBJECT else None


def read_pickles(
    source: ByteSource, make_guard: Callable[[], AnyGuard], limits: Limits
) -> PickleFile[AnyGuard]:
    """Run the pickles at the start of a file.

    Nobody knows beforehand how far they reach, so they are read through a window that grows until
    they fit; each attempt starts afresh.
    """
    window = limits.first_window
    while True:
        data = source.read_at(0, min(window, source.size))
        result = _read(data, make_guard(), limits)
        last = result.streams[-1].fault
        cut_off = last is not None and last.code == "truncated" and len(data) < source.size
        if not cut_off:
            break
        if window >= limits.pickle_bytes:
            message = f"the pickle has more than {limits.pickle_bytes:,} bytes"
            result.streams[-1].fault = advice.too_large(LimitExceededError("pickle_bytes", message))
            break
        window *= 4 if window < _SMALL_WINDOW else 16
    if result.is_legacy and result.problem is None and last is None:
        result.problem = _check_storages(source, result, limits)
    elif not result.is_legacy and last is None:
        result.end = result.streams[0].end
    return result


def _read(data: bytes, guard: AnyGuard, limits: Limits) -> PickleFile[AnyGuard]:
    result = PickleFile(guard)
    storages, position = guard.storages, 0
    guard.storages = StorageReader("none")
    checks: tuple[tuple[int, str] | None, ...] = (
        (MAGIC_NUMBER, "it does not start with torch.save's magic number"),
        (PROTOCOL_VERSION, "its protocol version is not the one that torch reads"),
        None,
        None,
        None,
    )
    for index, check in enumerate(checks):
        guard.storages = storages if index == _OBJECT else StorageReader("none")
        stream = unpickle(data, guard, position, limits)
        result.streams.append(stream)
        position = stream.end
        if stream.fault is not None:
            break
        if check is not None and not (isinstance(stream.value, int) and stream.value == check[0]):
            result.problem = Problem("not-torch-save", check[1])
            break
        result.is_legacy = True
    guard.storages = storages
    return result


def _unlisted_bytes(storages: StorageReader, listed: list[StorageValue | None]) -> int:
    """What torch takes of the memory for storages that it finds no bytes for."""
    known = {id(storage) for storage in listed}
    return sum(
        storage.numel * ITEM_SIZES.get(storage.dtype, 1)
        for storage in storages.storages.values()
        if id(storage) not in known
    )


def _check_storages(
    source: ByteSource, result: PickleFile[AnyGuard], limits: Limits
) -> Problem | None:
    """Whether the storages behind the pickles are all there."""
    guard, last = result.guard, result.streams[-1]
    keys = last.value
    if not isinstance(keys, (list, tuple)):
        return advice.damaged("the list of storages is not a list")
    if len(keys) > limits.storages:
        return advice.too_large(
            LimitExceededError("storages", f"more than {limits.storages:,} storages")
        )
    storages = [guard.storages.listed(key) for key in keys]
    position = last.end
    if _unlisted_bytes(guard.storages, storages) > _MOST_UNLISTED:
        return advice.damaged("it has storages whose bytes it has not")
    for storage in storages:
        if storage is None:
            return advice.damaged("a storage is listed that the object does not have")
        width = ITEM_SIZES.get(storage.dtype, 1)
        expected = storage.numel * width
        at = position
        position += 8 + expected
        if position > source.size:
            return Problem(
                "truncated",
                "the file ends before the bytes of its tensors do",
                "get the file again: the download or the save was cut off",
            )
        if not limits.whole:
            continue
        count = int.from_bytes(source.read_at(at, 8), "little")
        if count * width % _OVERFLOW != expected:
            return advice.damaged("a storage has another size than the object says")
    result.end = position
    return None
