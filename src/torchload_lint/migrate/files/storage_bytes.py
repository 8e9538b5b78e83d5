"""Where a storage's bytes are, and how they get into the new file: in pieces, never as a whole."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 256 * 1024
"""Bytes that are in memory at a time; they stay in the processor's cache."""

PAGE = 4096
"""Bytes of a page of memory, and mostly of a block of the disk."""

LARGE = 1024 * 1024
"""Bytes for which it pays to look at how they are copied."""

_KERNEL_PIECE = 256 * 1024 * 1024
"""Bytes that the kernel is asked to copy at a time."""

_WORTH_A_THREAD = 32 * 1024 * 1024
"""Bytes whose checksum takes about as long as starting a thread for it."""


class Content(Protocol):
    """The bytes of one record."""

    size: int
    crc: int | None
    """Their checksum, where it is known before they are read."""
    place_in_page: int | None
    """Where in a page they begin, for those that are copied fastest to the same place in one."""

    def pieces(self, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """All, or ``size`` of them from ``start``. Raises OSError where they are not there."""

    def copy_to(self, out: BinaryIO, start: int = 0, size: int | None = None) -> None:
        """Write all, or ``size`` of them from ``start``."""


def copy_summed(content: Content, out: BinaryIO) -> int:
    """Write a content and return its checksum.

    Of a large one it is worked out in a thread beside the copying, which reads the file by itself:
    both let go of the interpreter, take about as long, and need not wait for each other.
    """
    if content.size < _WORTH_A_THREAD or not hasattr(os, "pread"):
        crc = 0
        for piece in content.pieces():
            crc = zlib.crc32(piece, crc)
            out.write(piece)
        return crc
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - seldom needed

    with ThreadPoolExecutor(1) as beside:
        summing = beside.submit(_checksum, content)
        content.copy_to(out)
        return summing.result()


def _checksum(content: Content) -> int:
    crc = 0
    for piece in content.pieces():
        crc = zlib.crc32(piece, crc)
    return crc


class FileRange:
    """Bytes that lie in a file as they are."""

    def __init__(self, file: BinaryIO, offset: int, size: int, crc: int | None = None) -> None:
        self._file = file
        self.offset = offset
        self.size = size
        self.crc = crc
        """Where an archive gives a checksum it is carried on unchecked, as torch does not check it
        either: damage that it would show is still shown, and no byte has to be looked at."""
        self.place_in_page: int | None = offset % PAGE

    def pieces(self, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The bytes (or ``size`` of them from ``start``) one piece after the other.

        Raises OSError where the file ends before them.
        """
        position, left = self.offset + start, self.size - start if size is None else size
        while left > 0:
            piece = self._read_at(position, min(PIECE, left))
            if not piece:
                raise OSError("the checkpoint ended while it was read")
            yield piece
            position += len(piece)
            left -= len(piece)

    def _read_at(self, position: int, count: int) -> bytes:
        """Several threads may read at once where the system can read without moving in the file."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), count, position)
        self._file.seek(position)
        return self._file.read(count)

    def copy_to(self, out: BinaryIO, start: int = 0, size: int | None = None) -> None:
        """Write the bytes; where they lie alike in their pages, the kernel copies them.

        Large ones are written from a multiple of PIECE on, since the kernel then keeps them in
        large pieces too, and file systems that can share blocks do.
        """
        length = self.size - start if size is None else size
        done = 0
        if length > LARGE:
            done = -out.tell() % PIECE
            out.writelines(self.pieces(start, done))
            if (self.offset + start + done - out.tell()) % PAGE == 0:
                done += self._copied_by_kernel(out, start + done, length - done)
        out.writelines(self.pieces(start + done, length - done))

    def _copied_by_kernel(self, out: BinaryIO, start: int, length: int) -> int:
        """How many bytes the kernel has copied; fewer than all where it cannot."""
        if not hasattr(os, "copy_file_range"):
            return 0
        out.flush()
        source, target, done = self.offset + start, out.tell(), 0
        while done < length:
            try:
                count = os.copy_file_range(
                    self._file.fileno(), out.fileno(), min(_KERNEL_PIECE, length - done),
                    source + done, target + done,
                )  # fmt: skip
            except OSError:  # two file systems, one that cannot, an old kernel
                break
            if not count:
                break
            done += count
        out.seek(target + done)
        return done


class DeflatedRange:
    """Bytes that an archive keeps compressed."""

    place_in_page: int | None = None

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

    def copy_to(self, out: BinaryIO, start: int = 0, size: int | None = None) -> None:
        """Write the unpacked bytes."""
        out.writelines(self.pieces(start, size))


class BytesContent:
    """Bytes in memory: the pickle, a converted array."""

    place_in_page: int | None = None

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.crc: int | None = zlib.crc32(data)

    def pieces(self, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The bytes, in one piece."""
        yield self._data[start : len(self._data) if size is None else start + size]

    def copy_to(self, out: BinaryIO, start: int = 0, size: int | None = None) -> None:
        """Write the bytes."""
        out.writelines(self.pieces(start, size))
