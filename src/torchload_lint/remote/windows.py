"""A remote object as a source of bytes: few large reads, each kept, within a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.remote.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEAD, TAIL = 64 * 1024, 128 * 1024
"""Bytes that are read first. torch writes an archive's pickle to its beginning, and the directory
and the small records to its end."""
MOST_BYTES = 320 * 1024 * 1024
"""Bytes that one object may cost: a pickle may have 256 MiB (``checkpoint/limits.py``)."""
AROUND = 1024
"""Bytes that are read before and behind what is asked for: an archive's small records lie beside
its pickle and its directory."""
_ARCHIVE = b"PK\x03\x04"


class Window(NamedTuple):
    """Bytes that were read, and where they begin."""

    start: int
    data: bytes

    @property
    def end(self) -> int:
        """Where they end."""
        return self.start + len(self.data)

    def holds(self, start: int, end: int) -> bool:
        """Whether all bytes from ``start`` up to ``end`` are in it."""
        return self.start <= start and end <= self.end


class RemoteSource:
    """The bytes of one object, of a known size (see ``ByteSource``).

    ``fetch(start, end)`` gives the bytes from ``start`` up to ``end``, which always lie within the
    object; it raises OSError.
    """

    def __init__(
        self, size: int, fetch: Callable[[int, int], bytes], windows: Sequence[Window] = ()
    ) -> None:
        """``windows``: what is known of the object already."""
        self._size = size
        self._fetch = fetch
        self._windows = list(windows)
        self.requests = 0
        self.bytes_read = 0

    @property
    def size(self) -> int:
        """The number of bytes there are."""
        return self._size

    @property
    def windows(self) -> tuple[Window, ...]:
        """What was read, or known."""
        return tuple(self._windows)

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer at the end. Raises OSError."""
        end = min(offset + count, self._size)
        if offset < 0 or count <= 0 or offset >= end:
            return b""
        if not self._windows:
            self._read_ends()
        window = self._window(offset, end) or self._read_missing(offset, end)
        return window.data[offset - window.start : end - window.start]

    def _read_ends(self) -> None:
        if self._size <= HEAD + TAIL:
            self._read(0, self._size)
            return
        head = self._read(0, HEAD)
        if head.data.startswith(_ARCHIVE):
            self._read(self._size - TAIL, self._size)

    def _window(self, start: int, end: int) -> Window | None:
        return next((one for one in self._windows if one.holds(start, end)), None)

    def _read_missing(self, start: int, end: int) -> Window:
        """Read what is not there yet of a range, and a little around it, with one request."""
        start, end = max(0, start - AROUND), min(self._size, max(start + HEAD, end + AROUND))
        before, after = self._window(start, start), self._window(end, end)
        read = self._read(before.end if before else start, after.start if after else end)
        parts = [one for one in (before, read, after) if one is not None]
        whole = Window(parts[0].start, b"".join(one.data for one in parts))
        self._windows = [one for one in self._windows if not whole.holds(one.start, one.end)]
        self._windows.append(whole)
        return whole

    def _read(self, start: int, end: int) -> Window:
        if self.bytes_read + end - start > MOST_BYTES:
            raise RemoteError(f"more than {MOST_BYTES:,} bytes of it would have to be read")
        data = self._fetch(start, end)
        self.requests += 1
        self.bytes_read += len(data)
        if len(data) != end - start:
            raise RemoteError(f"{len(data):,} bytes came where {end - start:,} were asked for")
        self._windows.append(Window(start, data))
        return self._windows[-1]
