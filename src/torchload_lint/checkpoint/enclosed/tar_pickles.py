"""Tar files, as torch.save wrote them before 0.2: the pickles that an unsafe load of one runs.

Source: ``legacy_load`` in ``torch/serialization.py`` of torch 2.13. A member ``storages`` and a
member ``tensors`` have a pickle for each storage and each tensor, with bytes between them; a member
``pickle`` has the object. What follows a failure is not run.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, GlobalRef, Opaque, SetValue
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES, STORAGE_DTYPES, StorageReader
from torchload_lint.checkpoint.pickles.unpickler import Unpickled, unpickle
from torchload_lint.checkpoint.restricted.weights_only import WeightsOnlyGuard

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue


_NO_NUMBERS = (float, str, bytes, tuple, list, DictValue, SetValue)
_WINDOW = 64 * 1024
"""Bytes in which a pickle is first looked for."""


class OddTarError(Exception):
    """It is read in a way in which torch never wrote one: what it calls cannot be told."""


class _EndError(Exception):
    """The pickle, or what it describes, is no such thing: torch fails here, too."""


class TarGuard(WeightsOnlyGuard):
    """The object's pickle names tensors by numbers, and classes together with their source."""

    def persistent_load(self, pid: PickledValue) -> PickledValue:
        """A tensor; or the first of a tuple, whatever that is."""
        first: PickledValue = pid[0] if isinstance(pid, tuple) and pid else Opaque(None)
        return first


def tar_guard() -> TarGuard:
    """A guard for ``read_tar_pickles``."""
    return TarGuard(StorageReader("none"))


def read_tar_pickles(
    source: ByteSource, guard: TarGuard, limits: Limits, found: list[Unpickled]
) -> None:
    """Add the pickles of the file; none where it is another tar file. Raises OddTarError."""
    members = _members(source, limits)
    for name, tell in (("storages", _storages), ("tensors", _tensors), ("pickle", _object)):
        member = members.get(name)
        if member is None:
            break
        if not member.isreg() or member.issparse():
            raise OddTarError(f"its member {name} is no plain file")
        try:
            tell(_Reader(source, member, guard, limits, found))
        except (_EndError, struct.error):
            break


def _members(source: ByteSource, limits: Limits) -> dict[str, tarfile.TarInfo]:
    """The last member of each name, as ``getmember`` finds it."""
    found: dict[str, tarfile.TarInfo] = {}
    try:
        for number, member in enumerate(tar_members(source)):
            if number > limits.storages:
                raise OddTarError("it has more members than torch ever wrote")
            found[member.name] = member
    except TAR_ERRORS:
        return {}
    return found


TAR_ERRORS = (EOFError, OSError, ValueError, OverflowError)
"""What reading the members of a tar file raises."""


def tar_members(source: ByteSource) -> Iterator[tarfile.TarInfo]:
    """All members, in their order. Raises TAR_ERRORS."""
    import tarfile  # noqa: PLC0415 - seldom

    try:
        with tarfile.open(fileobj=io.BufferedReader(_File(source)), mode="r:") as archive:
            yield from archive
    except tarfile.TarError as error:
        raise ValueError(str(error)) from None


class _File(io.RawIOBase):
    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, self._source.size)[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._source.read_at(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class _Reader:
    def __init__(
        self,
        source: ByteSource,
        member: tarfile.TarInfo,
        guard: TarGuard,
        limits: Limits,
        found: list[Unpickled],
    ) -> None:
        self._source = source
        self._at = member.offset_data
        self._end = member.offset_data + member.size
        self._guard = guard
        self._limits = limits
        self._found = found

    def pickle(self) -> PickledValue:
        stream = self._read()
        self._found.append(stream)
        is_too_much = len(self._found) > self._limits.storages
        if is_too_much or (stream.fault is not None and stream.fault.code == "limit"):
            raise OddTarError("it is too large to be read to its end")
        if stream.fault is not None:
            raise _EndError
        self._at += stream.end
        return stream.value

    def _read(self) -> Unpickled:
        """Through a window that grows until the pickle fits."""
        window = _WINDOW
        while True:
            data = self._source.read_at(self._at, min(window, self._end - self._at))
            stream = unpickle(data, self._guard, 0, self._limits)
            is_cut_off = stream.fault is not None and stream.fault.code == "truncated"
            if not is_cut_off or self._at + window >= self._end:
                return stream
            if window > self._limits.pickle_bytes:
                raise OddTarError("it is too large to be read to its end")
            window *= 16

    def number(self) -> int:
        value = self.pickle()
        if isinstance(value, int):
            return value
        if value is None or isinstance(value, _NO_NUMBERS):
            raise _EndError  # range() takes none of them
        raise OddTarError("it counts by what is no number")

    def triple(self) -> tuple[PickledValue, ...]:
        value = self.pickle()
        if isinstance(value, tuple) and len(value) == 3:  # noqa: PLR2004 - a triple
            return value
        if value is None or isinstance(value, (int, float, tuple)):
            raise _EndError  # nothing else is certain not to come apart into three
        raise OddTarError("it describes a tensor by no triple")

    def bytes(self, count: int) -> bytes:
        data = self._source.read_at(self._at, min(count, self._end - self._at))
        self._at += len(data)
        return data

    def skip(self, count: int) -> None:
        self._at = min(self._at + count, self._end)


def _storages(reader: _Reader) -> None:
    for _ in range(reader.number()):
        _, _, kind = reader.triple()
        name = ""
        if isinstance(kind, GlobalRef) and kind.name.module in {"torch", "torch.cuda"}:
            name = kind.name.qualname
        dtype = STORAGE_DTYPES.get(name.removesuffix("Storage"))
        if dtype is None:
            raise OddTarError("it has a storage of a class that torch never wrote")
        (count,) = struct.unpack("<q", reader.bytes(8))
        if count < 0:
            raise _EndError
        reader.skip(count * ITEM_SIZES[dtype])
    reader.pickle()


def _tensors(reader: _Reader) -> None:
    for _ in range(reader.number()):
        reader.triple()
        (ndim,) = struct.unpack("<i4x", reader.bytes(8))
        struct.unpack(f"<{ndim}q", sizes := reader.bytes(8 * ndim))
        struct.unpack(f"<{ndim}q", reader.bytes(len(sizes)))
        struct.unpack("<q", reader.bytes(8))


def _object(reader: _Reader) -> None:
    reader.pickle()
