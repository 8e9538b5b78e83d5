"""Read a file that a stranger may have put there: never a device, a pipe or something endless.

A repository can hold links such as ``requirements.txt -> /dev/zero``, and a pipe would be waited
for without end.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

MAX_BYTES = 64 * 2**20
"""No source file, setting or list of findings is larger."""
LEAST_READ = 2**16


def read_regular(path: Path | str, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file.

    Raises OSError where it cannot be read, is no regular file, or is larger than ``limit``.
    """
    with _opened(path) as file:
        status = os.fstat(file.fileno())
        if status.st_size > limit:
            raise OSError(errno.EFBIG, f"it is larger than {limit >> 20} MB", str(path))
        # To ask for the whole limit would allocate it; what calls itself empty may be a device.
        return file.read(max(status.st_size, LEAST_READ))


def read_head(path: Path | str, size: int) -> bytes:
    """The first bytes of a regular file. Raises OSError where it cannot be read or is none."""
    with _opened(path) as file:
        return file.read(size)


def _opened(path: Path | str) -> BinaryIO:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(handle, "rb")


def read_regular_text(path: Path | str) -> str:
    """The same as UTF-8 text. Raises UnicodeDecodeError too."""
    return read_regular(path).decode("utf-8")
