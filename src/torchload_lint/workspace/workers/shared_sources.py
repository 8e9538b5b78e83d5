"""Source files in memory that several processes share: read by one of them, seen by all."""

from __future__ import annotations

import mmap
import os
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.regular_files import read_regular
from torchload_lint.workspace.on_disk.source_files import KEPT_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence


class SharedSources:
    """The bytes of ``paths``, and which of them are done with; made before the forks are.

    The memory is an anonymous mapping: a page of it exists once something is written there. Each
    writer has a part of its own, so that nobody has to wait for anybody.
    """

    def __init__(self, paths: Sequence[str], writers: int, settled: int) -> None:
        """``settled`` is a pipe that ends when the last writer does; before that, no entry of
        another process is looked at.
        """
        self._paths = paths
        self._settled = settled
        self._is_settled = False
        os.set_blocking(settled, False)
        count = len(paths)
        memory, room = _mapped(17 * count)
        self._part = room // writers
        self._places = memory[: 16 * count].cast("Q")
        """For each path where its bytes begin, and where they end; 0 and 0 for none."""
        self._cleared = memory[16 * count : 17 * count]
        self._bytes = memory[17 * count :]

    def writer(self, number: int) -> Writer:
        """What the writer of that number (from 0) writes with."""
        start = number * self._part
        return Writer(self._places, self._cleared, self._bytes, start, start + self._part)

    def is_cleared(self, number: int) -> bool:
        """Whether there is nothing to report of the path of this number."""
        return bool(self._cleared[number])

    def read(self, path: str) -> bytes:
        """The bytes of a file by its absolute path: shared ones, or read now. Raises OSError."""
        if self._settles():
            number = self._numbers.get(path)
            if number is not None and (end := self._places[2 * number + 1]):
                return bytes(self._bytes[self._places[2 * number] : end])
        return read_regular(path)

    def _settles(self) -> bool:
        if not self._is_settled:
            try:
                self._is_settled = not os.read(self._settled, 1)
            except BlockingIOError:
                return False
        return self._is_settled

    @cached_property
    def _numbers(self) -> dict[str, int]:
        here = os.getcwd()
        return {os.path.join(here, path): number for number, path in enumerate(self._paths)}


def _mapped(least: int) -> tuple[memoryview, int]:
    """Memory for ``least`` bytes and for sources, and how many bytes of sources it has room for.

    None, where the system promises no more memory than it has: they are read from the disk then.
    """
    try:
        return memoryview(mmap.mmap(-1, least + KEPT_BYTES)), KEPT_BYTES
    except OSError:
        return memoryview(mmap.mmap(-1, least)), 0


class Writer:
    """One process's part of the shared memory."""

    def __init__(
        self, places: memoryview, cleared: memoryview, data: memoryview, start: int, end: int
    ) -> None:
        self._places = places
        self._cleared = cleared
        self._bytes = data
        self._next = start
        self._end = end

    def keep(self, number: int, data: bytes) -> None:
        """Share the bytes of a path, if there is room."""
        start, end = self._next, self._next + len(data)
        if data and end <= self._end:
            self._bytes[start:end] = data
            self._places[2 * number], self._places[2 * number + 1] = start, end
            self._next = end

    def clear(self, number: int) -> None:
        """There is nothing to report of this path."""
        self._cleared[number] = 1
