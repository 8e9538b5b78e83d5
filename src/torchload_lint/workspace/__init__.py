"""Many files: find them, remember them, share them out, write them."""

from __future__ import annotations

from torchload_lint.config import Settings
from torchload_lint.workspace.on_disk.discover import discover
from torchload_lint.workspace.one_file import Options, check_bytes, check_input
from torchload_lint.workspace.projects import Projects
from torchload_lint.workspace.session import Run, check_files

__all__ = [
    "Options",
    "Projects",
    "Run",
    "Settings",
    "check_bytes",
    "check_files",
    "check_input",
    "discover",
]
