"""What was read of objects, kept from run to run by their etags.

Bytes are kept, not answers: an answer depends on the project as well. An object is asked for its
etag each time, and read again where that has changed.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from struct import Struct, error
from typing import TYPE_CHECKING

from torchload_lint.remote.windows import RemoteSource, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.remote.remote_stores import RemoteObject

MOST_OBJECTS = 2000
"""Objects that are kept; those that were read first go first."""
MOST_BYTES = 4 * 1024 * 1024
"""Bytes of one object that are kept; where it took more, none are."""
_SPAN = Struct("<2Q")
"""Where a window begins, and how many bytes it has; its bytes follow."""


def cache_folder() -> Path:
    """Where the user's programs keep what they can get again."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return Path(named or Path("~/.cache").expanduser(), "torchload-lint", "objects")


class KeptBytes:
    """A folder with a file for each object."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0

    def source(self, item: RemoteObject, fetch: Callable[[int, int], bytes]) -> RemoteSource:
        """The bytes of an object: those that are kept of exactly this state, else ``fetch``."""
        return RemoteSource(item.size, fetch, self._find(item))

    def keep(self, item: RemoteObject, source: RemoteSource) -> None:
        """Keep what was read, where the store tells states apart. A full disk does not matter."""
        path = self._path(item)
        if path is None or not 0 < source.bytes_read <= MOST_BYTES:
            return
        parts = (_SPAN.pack(one.start, len(one.data)) + one.data for one in source.windows)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.write_bytes(b"".join(parts))
            beside.replace(path)
            if not self._written:
                self._prune()
            self._written += 1

    def _find(self, item: RemoteObject) -> list[Window]:
        path = self._path(item)
        if path is None:
            return []
        try:
            return list(_windows(path.read_bytes(), item.size))
        except (OSError, ValueError, error):
            return []

    def _path(self, item: RemoteObject) -> Path | None:
        """A weak etag says that two states mean the same, not that they are the same bytes."""
        if not (item.etag or item.version) or item.etag.startswith("W/"):
            return None
        state = "\0".join((item.uri, item.etag, item.version, str(item.size)))
        return self._folder / hashlib.sha256(state.encode("utf-8", "surrogateescape")).hexdigest()

    def _prune(self) -> None:
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in files[:-MOST_OBJECTS]:
            path.unlink(missing_ok=True)


def _windows(data: bytes, size: int) -> Iterator[Window]:
    """Raises ValueError and ``struct.error`` where a file is damaged."""
    at = 0
    while at < len(data):
        start, count = _SPAN.unpack_from(data, at)
        at += _SPAN.size
        if not 0 < count <= min(len(data) - at, size - start):
            raise ValueError("this is not what was kept")
        yield Window(start, data[at : at + count])
        at += count
