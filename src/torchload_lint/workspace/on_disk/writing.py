"""Write a file as a whole or not at all, as the file that it was.

The new content is written beside the file and put in its place. While that lasts, the temporary
file is locked: one that nobody has locked belongs to a run that was killed, and is taken away by
the next run that writes in its folder.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from torchload_lint.keeping.kept_attributes import keep_attributes
from torchload_lint.regular_files import read_regular, refuse_leading_out

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ENDING = ".torchload-lint-tmp"
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_MOST_TRIES = 10
"""How often a temporary file is made anew that other runs take away at once."""
_OLD = 24 * 60 * 60
"""Seconds after which a temporary file is stale where files cannot be locked."""


def write_atomically(path: Path, data: bytes, expected: bytes | None = None) -> None:
    """Replace a file's content as a whole, or not at all; its mode, its owner, its extended
    attributes and a link to it stay. A file that is not there yet is made.

    ``expected`` is the content that the new one was made from. Raises OSError where the file has
    another by now, is read-only, is one of several hard links, would change its owner, or cannot
    be written; it is then as it was.
    """
    target = os.path.realpath(path)
    before = _status(target)
    handle, name = _temporary(target)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            _make_alike(name, target, before)
            if expected is not None:
                _refuse_others(target, {expected, data})
            os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def write_report(path: Path, text: str) -> None:
    """Put a text into a file that somebody has named: as a whole, where it is a regular file or
    none yet. Raises OSError.

    What cannot be replaced (a mount, one of several hard links) is written where it lies. So is a
    pipe.
    """
    refuse_leading_out(path)
    data = text.encode("utf-8", "backslashreplace")
    if path.is_file() or not path.exists():
        try:
            return write_atomically(path, data)
        except OSError as error:
            if error.errno in _NO_ROOM or not path.exists():
                raise
    path.write_bytes(data)
    return None


def write_new(path: Path, data: bytes) -> None:
    """Make a file, as a whole; one that is there already stays. Raises OSError where that one holds
    anything else, or is a link that leads nowhere.
    """
    handle, name = _temporary(str(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            _make_alike(name, str(path), None)
            _give_name(name, path)
            if read_regular(path) != data:
                raise OSError(errno.EEXIST, "it is there by now, and holds something else", path)
    finally:
        with suppress(OSError):
            os.unlink(name)


def _give_name(name: str, path: Path) -> None:
    """Give a file a name that is free; what has it by now keeps it."""
    try:
        os.link(name, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not os.path.lexists(path):
            os.rename(name, path)


def remove_stale(files: Iterable[str]) -> None:
    """Take away what killed runs have left beside these files."""
    for folder in {os.path.dirname(file) or "." for file in files}:
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(_ENDING):
                    with suppress(OSError):  # another run takes it away at the same time
                        _remove_if_stale(entry)


def _status(target: str) -> os.stat_result | None:
    """The status of a file that may be replaced, None where there is none. Raises OSError."""
    try:
        status = os.stat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", target)
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise OSError(errno.EACCES, "it is read-only", target)
    if status.st_nlink > 1:
        raise OSError(errno.EMLINK, "it has several hard links, of which one would change", target)
    return status


def _refuse_others(target: str, known: set[bytes]) -> None:
    """Raise OSError where the file holds what somebody else has written by now."""
    if read_regular(target) not in known:
        raise OSError(errno.EBUSY, "it has changed since it was read", target)


def _temporary(target: str) -> tuple[int, str]:
    """A locked file beside the target, and its name."""
    import tempfile  # noqa: PLC0415 - 12 ms, where something is written

    folder, name = os.path.split(target)
    for _ in range(_MOST_TRIES):
        handle, path = tempfile.mkstemp(dir=folder or ".", prefix=f".{name[:100]}.", suffix=_ENDING)
        _lock(handle, waits=True)
        if os.fstat(handle).st_nlink:
            break
        os.close(handle)  # another run met it before it was locked, and took it away
    return handle, path


def _make_alike(name: str, target: str, before: os.stat_result | None) -> None:
    """Give a new file the mode, owner and attributes of the one that it replaces."""
    if before is None:
        os.chmod(name, 0o666 & ~_umask())
        return
    made = os.stat(name)
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        try:
            os.chown(name, before.st_uid, before.st_gid)
        except OSError as error:
            raise OSError(errno.EPERM, "its owner or group would change", target) from error
    keep_attributes(target, name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _lock(handle: int, *, waits: bool = False) -> bool:
    """Lock a file; whether that could be done. The lock goes with the process, however it ends."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(handle, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _remove_if_stale(entry: os.DirEntry[str]) -> None:
    """Take away a temporary file that is one of ours, and that no process writes any more."""
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        return
    if sys.platform == "win32":
        import time  # noqa: PLC0415 - only there

        if time.time() - status.st_mtime > _OLD:
            os.unlink(entry.path)
        return
    handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if _lock(handle):  # and it stays so: a run that has just made it waits for the lock
            os.unlink(entry.path)
    finally:
        os.close(handle)
