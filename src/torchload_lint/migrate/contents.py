"""Where a storage's bytes are, and how they get into the new file: in pieces, never as a whole."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 1024 * 1024
"""Bytes that are in memory at a time."""

_KERNEL_PIECE = 256 * 1024 * 1024
"""Bytes that the kernel is asked to copy at a time."""


class Content(Protocol):
    """The bytes of one record."""

    size: int
    crc: int | None
    """Their checksum, where it is known before they are read."""

    def pieces(self, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """All, or ``size`` of them from ``start``. Raises OSError where they are not there."""

    def copy_to(self, out: BinaryIO) -> int:
        """Write them, and return their checksum."""


class FileRange:
    """Bytes that lie in a file as they are."""

    def __init__(self, file: BinaryIO, offset: int, size: int, crc: int | None = None) -> None:
        self._file = file
        self._offset = offset
        self.size = size
        self.crc = crc
        """Where an archive gives a checksum it is carried on unchecked, so that damage which it
        would show is still shown."""

    def pieces(self, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The bytes (or ``size`` of them from ``start``) one piece after the other.

        Raises OSError where the file ends before them.
        """
        position, left = self._offset + start, self.size - start if size is None else size
        while left > 0:
            self._file.seek(position)
            piece = self._file.read(min(PIECE, left))
            if not piece:
                raise OSError("the checkpoint ended while it was read")
            yield piece
            position += len(piece)
            left -= len(piece)

    def copy_to(self, out: BinaryIO) -> int:
        """Write the bytes; by the kernel alone where nothing has to be looked at."""
        if self.crc is not None:
            if not self._copied_by_kernel(out):
                out.writelines(self.pieces())
            return self.crc
        crc = 0
        for piece in self.pieces():
            crc = zlib.crc32(piece, crc)
            out.write(piece)
        return crc

    def _copied_by_kernel(self, out: BinaryIO) -> bool:
        if not hasattr(os, "copy_file_range"):
            return False
        out.flush()
        begin, done = out.tell(), 0
        while done < self.size:
            try:
                count = os.copy_file_range(
                    self._file.fileno(), out.fileno(), min(_KERNEL_PIECE, self.size - done),
                    self._offset + done, begin + done,
                )  # fmt: skip
            except OSError:  # another file system, an old kernel
                count = 0
            if not count:
                break
            done += count
        out.seek(begin + done if done == self.size else begin)
        return done == self.size


class DeflatedRange:
    """Bytes that an archive keeps compressed."""

    def __init__(self, packed: FileRange, size: int, crc: int) -> None:
        self._packed = packed
        self.size = size
        self.crc: int | None = crc

    def pieces(self, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The unpacked bytes. Raises OSError where they are not what the archive says."""
        end = self.size if size is None else start + size
        position = 0
        for piece in self._unpacked():
            begin, stop = max(start - position, 0), min(end - position, len(piece))
            if begin < stop:
                yield piece[begin:stop]
            position += len(piece)
        if position != self.size:
            raise OSError("a record of the archive does not unpack to its size")

    def _unpacked(self) -> Iterator[bytes]:
        stream, total = zlib.decompressobj(-15), 0
        try:
            for packed in self._packed.pieces():
                waiting = packed
                while waiting and not stream.eof:
                    piece = stream.decompress(waiting, PIECE)
                    waiting = stream.unconsumed_tail
                    total += len(piece)
                    if total > self.size:
                        raise OSError("a record of the archive is larger than it says")
                    yield piece
            yield stream.flush()
        except zlib.error as error:
            raise OSError(f"a record of the archive does not unpack: {error}") from None

    def copy_to(self, out: BinaryIO) -> int:
        """Write the unpacked bytes."""
        out.writelines(self.pieces())
        return self.crc or 0


class BytesContent:
    """Bytes in memory: the pickle, a converted array."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.crc: int | None = zlib.crc32(data)

    def pieces(self, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The bytes, in one piece."""
        yield self._data[start : len(self._data) if size is None else start + size]

    def copy_to(self, out: BinaryIO) -> int:
        """Write the bytes."""
        out.write(self._data)
        return self.crc or 0
