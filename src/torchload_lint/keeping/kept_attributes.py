"""What a file in the place of another takes over from it: who may use it, extended attributes."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def keep_attributes(old: Path | str, new: Path | str) -> None:
    """Give a new file the extended attributes and the mode of an old one.

    Raises OSError, also where an attribute would be lost.
    """
    if sys.platform == "linux":
        for name, value in _extended(old).items() - _extended(new).items():
            _set_extended(new, name, value, old)
    os.chmod(new, stat.S_IMODE(os.stat(old).st_mode))  # noqa: PTH101, PTH116 - texts, too


def _set_extended(new: Path | str, name: str, value: bytes, old: Path | str) -> None:
    try:
        os.setxattr(new, name, value)
    except OSError as error:
        why = f"its attribute {name} would be lost ({error.strerror})"
        raise OSError(errno.EPERM, why, str(old)) from error


def _extended(path: Path | str) -> dict[str, bytes]:
    try:
        names = os.listxattr(path)
    except OSError:  # a file system without any
        return {}
    return {name: os.getxattr(path, name) for name in names}
