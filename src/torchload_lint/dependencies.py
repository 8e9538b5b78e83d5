"""The oldest torch that a project must run on, read from its dependencies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.regular_files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

DEPENDENCY_FILES = (
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "requirements.txt",
    "requirements/base.txt",
    "environment.yml",
    "environment.yaml",
)
"""Where dependencies are looked for, best first; the first that bounds torch decides."""

TORCH = re.compile(
    r"""(?<![\w.-])(?:torch|pytorch)\s*(?:\[[^\]]*\])?\s*   # the requirement, with extras
        ["']?\s*(?:=\s*["'{]?\s*(?:version\s*=\s*["'])?)?   # poetry's torch = "^2.1"
        \(?\s*(?:>=|==|~=|\^|=)\s*v?(\d+)\.(\d+)""",
    re.VERBOSE,
)


def torch_of_project(root: Path) -> tuple[tuple[int, int], str] | None:
    """The lower bound of the torch requirement, and the file it stands in; None without one."""
    for name in DEPENDENCY_FILES:
        try:
            text = read_regular(root / name).decode("utf-8", errors="replace")
        except OSError:
            continue
        bounds = [(int(m[1]), int(m[2])) for m in TORCH.finditer(_without_comments(text))]
        if bounds:
            return min(bounds), name
    return None


def _without_comments(text: str) -> str:
    return "\n".join(line.split("#")[0] for line in text.splitlines())
