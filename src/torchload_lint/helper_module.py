"""The module ``restore_only`` that fixes write into a project, as text."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

NAME = "restore_only"


@lru_cache(maxsize=1)
def helper_text() -> str:
    """The text of the module."""
    text = Path(__file__).parent / "fixes" / f"{NAME}.txt"
    return text.read_text(encoding="utf-8")


def is_helper(path: str, text: str) -> bool:
    """Whether a file of a project is that module, however it has been formatted since."""
    return path.endswith(f"{NAME}.py") and text.split() == helper_text().split()
