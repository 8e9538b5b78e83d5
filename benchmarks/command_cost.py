"""What one run of a command costs."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Cost(NamedTuple):
    """What one run of a command took."""

    cpu: float
    """Seconds of processor time."""
    wall: float
    memory: float
    """MB at most."""


def cost_of(command: list[str], folder: Path) -> Cost:
    """Run a command in a folder. Raises RuntimeError where it fails (findings are none)."""
    started = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in {0, 1}:
        raise RuntimeError(f"{command} in {folder}: status {child.returncode}")
    wall = time.perf_counter() - started
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)
