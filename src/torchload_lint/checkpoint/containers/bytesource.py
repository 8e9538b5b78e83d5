"""Random access to a checkpoint's bytes, from a file or from memory.

Files are read in small pieces and never mapped: a file that another process shortens while it is
mapped would kill this one with SIGBUS, whereas a short read is just a truncated file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import BinaryIO


class ByteSource(Protocol):
    """What the readers need of a file."""

    @property
    def size(self) -> int:
        """The number of bytes there are."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer at the end."""


class MemorySource:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """The number of bytes there are."""
        return len(self._data)

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer at the end."""
        if offset < 0 or count <= 0:
            return b""
        return self._data[offset : offset + count]


class FileSource:
    """An open regular file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)

    @property
    def size(self) -> int:
        """The number of bytes there are."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer at the end."""
        if offset < 0 or count <= 0 or offset >= self._size:
            return b""
        self._file.seek(offset)
        return self._file.read(min(count, self._size - offset))


class PartSource:
    """A stretch of another source."""

    def __init__(self, whole: ByteSource, begin: int, size: int | None = None) -> None:
        self._whole = whole
        self._begin = begin
        there = max(whole.size - begin, 0)
        self._size = there if size is None else min(size, there)

    @property
    def size(self) -> int:
        """The number of bytes there are."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer at the end."""
        if offset < 0:
            return b""
        return self._whole.read_at(self._begin + offset, min(count, self._size - offset))
