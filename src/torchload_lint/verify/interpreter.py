"""Whose torch is asked: the interpreter of the user's program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_ENVIRONMENTS = (".venv", "venv", "env")
_PROGRAMS = ("bin/python", "Scripts/python.exe")


def find_python(given: Path | None, root: Path) -> Path:
    """The given one; the active virtual environment's; the project's; the one that runs this."""
    if given is not None:
        return given
    active = os.environ.get("VIRTUAL_ENV")
    folders = [Path(active)] if active else []
    folders += [root / name for name in _ENVIRONMENTS]
    for folder in folders:
        for program in _PROGRAMS:
            if (folder / program).is_file():
                return folder / program
    return Path(sys.executable)
