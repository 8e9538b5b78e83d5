"""The new file: appears as a whole or not at all, never in the place of what is not a file."""

from __future__ import annotations

import errno
import os
import platform
import secrets
import shutil
import zlib
from contextlib import contextmanager, suppress
from filecmp import cmp
from typing import TYPE_CHECKING

from torchload_lint.keeping.kept_attributes import keep_attributes
from torchload_lint.migrate.results import MigrationError
from torchload_lint.regular_files import refuse_leading_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENDING = ".torchload-lint-tmp"
CHANGED = "it has changed while it was migrated; run it once more"
"""Why nothing is written of a file that another program writes at the same time."""
_LONGEST_NAME = 100
"""Bytes of a target's name in those of its temporary files; file systems mostly take 255."""


def checked_target(target: Path, source: Path) -> Path:
    """Where the new file goes: where a link leads, if one is there.

    Raises MigrationError for the checkpoint itself, for what is not a regular file, and for a link
    out of the folder.
    """
    try:
        refuse_leading_out(target)
    except OSError as error:
        raise MigrationError(f"{target}: {error.strerror}; choose another name") from None
    try:
        real = target.resolve()
    except (OSError, RuntimeError):
        raise MigrationError(
            f"{target} is a link that leads nowhere; choose another name"
        ) from None
    if real.exists() and real.samefile(source):
        raise MigrationError("the new file would replace the checkpoint; choose another name")
    if not may_be_file(target):
        raise MigrationError(f"{target} is not a regular file, and is not replaced")
    return real


def may_be_file(target: Path) -> bool:
    """Whether a new file may have this name: there is none yet, or a regular file, and no link out
    of the folder.

    ``/dev/stdout`` is none, though it may lead to one at the moment.
    """
    try:
        refuse_leading_out(target)
    except OSError:
        return False
    named = target.parent.resolve() / target.name
    leads = [named.readlink()] if named.is_symlink() else []
    of_process = any(path.parts[1:2] == ("proc",) for path in (named, *leads))
    return not of_process and (target.is_file() or not target.exists())


@contextmanager
def written_as_whole(target: Path, size: int, *, replaces: bool) -> Iterator[Path]:
    """A temporary file beside the target, which takes the target's name at the end.

    ``size`` is about how many bytes it will have. What an earlier run has left, when it was killed
    while it wrote this target, is removed. Raises OSError, FileExistsError where the target is
    there (now) and must not be replaced.
    """
    _remove_leftovers(target)
    free = shutil.disk_usage(target.parent).free
    if free < size:
        raise OSError(f"the new file needs {size:,} bytes, and {free:,} are free")
    temporary = _beside(target)
    try:  # from the moment that it is there: a signal may come at any
        os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield temporary
        _keep_attributes(temporary, target)
        _put(temporary, target, replaces=replaces)
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def put_in_place(source: Path, backup: Path) -> Iterator[Path]:
    """A name beside a file, for what takes the file's place at the end; the file is kept as backup.

    There is a whole file under the name at every moment. What an earlier run has left is removed,
    and a backup never replaced: one may be there already that holds this file, as a run leaves it
    that is killed before it has put the new one in its place. Raises OSError, FileExistsError where
    another one is there, MigrationError where the file is not what it was: another run may have put
    a new one in its place.
    """
    real = source.resolve()
    _remove_leftovers(real)
    before = _state(real)
    new = _beside(real)
    try:
        yield new
        _keep_attributes(new, real)
        if _state(real) != before:
            raise MigrationError(CHANGED)
        is_new = _keep(real, backup)
        try:
            new.replace(real)
        except BaseException:  # also the end of the program
            with suppress(OSError):
                if is_new and _state(real) == before:  # the original is still there
                    backup.unlink()
            raise
    finally:
        with suppress(OSError):
            new.unlink()


def is_copy(path: Path, original: Path) -> bool:
    """Whether a file, and no link to one, holds what another one does."""
    try:
        return not path.is_symlink() and path.is_file() and cmp(path, original, shallow=False)
    except OSError:
        return False


def _state(path: Path) -> tuple[int, ...]:
    """What changes with the content of a file, and not where it gets another name."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _keep(real: Path, backup: Path) -> bool:
    """Give a file a second name, or copy it where there are no links; false where that is there."""
    try:
        try:
            os.link(real, backup)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            _copy(real, backup)
    except FileExistsError:
        if not is_copy(backup, real):
            raise _is_there(backup) from None
        return False
    return True


def _copy(real: Path, backup: Path) -> None:
    """A copy under a free name, as a whole or not at all: SIGKILL leaves no half of one there."""
    with written_as_whole(backup, real.stat().st_size, replaces=False) as temporary:
        shutil.copy2(real, temporary)
        _keep_owner(temporary, real.stat())


def _put(temporary: Path, target: Path, *, replaces: bool) -> None:
    if not replaces:
        with suppress(NotImplementedError):
            try:
                os.link(temporary, target)
            except FileExistsError:
                raise _is_there(target) from None
            except OSError:  # a file system without links
                if os.path.lexists(target):
                    raise _is_there(target) from None
            else:
                return
    temporary.replace(target)


def _is_there(path: Path) -> FileExistsError:
    """Another program was faster; ``os.link`` would name the temporary file first."""
    return FileExistsError(errno.EEXIST, "is there by now, and is not replaced", str(path))


def _keep_attributes(new: Path, old: Path) -> None:
    """Who may use the old file, and its extended attributes, are those of the one in its place.

    Raises OSError, also where an attribute would be lost.
    """
    try:
        before = old.stat()
    except FileNotFoundError:
        return
    _keep_owner(new, before)
    keep_attributes(old, new)


def _keep_owner(new: Path, before: os.stat_result) -> None:
    """Who had the old file has the new one, where this process may say so."""
    after = new.stat()
    if (before.st_uid, before.st_gid) != (after.st_uid, after.st_gid):
        with suppress(OSError, AttributeError):  # another user's; Windows
            os.chown(new, before.st_uid, before.st_gid)


def _beside(target: Path) -> Path:
    """A temporary file's name that nothing has."""
    return target.with_name(f"{_own(target)}{secrets.token_hex(8)}{_ENDING}")


def _own(target: Path) -> str:
    """How the names of this process's temporary files for a target begin.

    What is written in the place of such a file belongs to the same target.
    """
    if target.name.endswith(_ENDING):
        return f"{target.name.removesuffix(_ENDING)}-"
    return f"{_prefix(target)}{os.getpid()}-"


def _prefix(target: Path) -> str:
    """Names this target and this machine: elsewhere the numbers of processes mean others."""
    machine = zlib.crc32(platform.node().encode())
    name = os.fsencode(target.name)[:_LONGEST_NAME].decode(errors="ignore")
    return f".{name}.{machine:08x}-"


def _remove_leftovers(target: Path) -> None:
    prefix = _prefix(target)
    for entry in target.parent.iterdir():
        if entry.name.startswith(prefix) and entry.name.endswith(_ENDING):
            number = entry.name[len(prefix) :].partition("-")[0]
            if number.isdigit() and not _is_running(int(number)):
                with suppress(OSError):
                    entry.unlink()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
