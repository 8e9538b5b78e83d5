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
LINK = "link"
"""What stands for the kind of file where a link leads out of what was named: nothing reads it."""
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path | str, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file.

    Raises OSError where it cannot be read, is not a regular file, or is larger than ``limit``.
    """
    handle, size = _opened(path)
    try:
        if size > limit:
            raise OSError(errno.EFBIG, f"it is larger than {limit >> 20} MB", str(path))
        # What calls itself empty may be made up by the system, as below /proc.
        data = os.read(handle, size or LEAST_READ)
        while len(data) < size and (more := os.read(handle, size - len(data))):
            data += more
        return data
    finally:
        os.close(handle)


def read_head(path: Path | str, size: int) -> bytes:
    """The first bytes of a regular file. Raises OSError where it is not one, or cannot be read."""
    handle, _ = _opened(path)
    try:
        return os.read(handle, size)
    finally:
        os.close(handle)


def open_regular(path: Path | str) -> BinaryIO:
    """A regular file, opened to be read. Raises OSError where it is not one, or cannot be read."""
    handle, _ = _opened(path)
    return os.fdopen(handle, "rb")


def refuse_leading_out(path: Path | str) -> None:
    """Raises OSError for a link out of the current folder, or of its own if that lies elsewhere.

    A repository may hold ``report.txt -> ~/.bashrc``. (``/dev/stdout`` is the system's.)
    """
    from pathlib import Path  # noqa: PLC0415 - only where something is written

    named = Path(path).absolute()
    if not named.is_symlink() or named.parts[1:2] in {("dev",), ("proc",)}:
        return
    own, here = (Path(os.path.realpath(one)) for one in (named.parent, os.curdir))
    top = here if own.is_relative_to(here) else own
    if not Path(os.path.realpath(named)).is_relative_to(top):
        raise OSError(errno.ELOOP, "it is a link that leads out of its folder", str(path))


def _opened(path: Path | str) -> tuple[int, int]:
    """A descriptor, which the caller closes, and the size of the file."""
    handle = os.open(path, FLAGS)
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return handle, status.st_size


def read_regular_text(path: Path | str) -> str:
    """The same as UTF-8 text. Raises UnicodeDecodeError too."""
    return read_regular(path).decode("utf-8")
