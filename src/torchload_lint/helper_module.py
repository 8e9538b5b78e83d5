"""The module ``restore_only`` that fixes write into a project, as text."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

NAME = "restore_only"

_OLDER = frozenset(
    """
    4cfb814132e577887ba3bc0e3afb4a6f 6a681aadcf207b460966daac2ef8031a
    9b412356c1b33fe65ce1ef6769a0c9c9 99773466a986411dd8f6070b31c6bc86
    cb54f4a087b05e357c65a2d7723b54ae 0bd72b0d505f610a6176bcce1edc6939
    08fee72e769a4876950275914fc03c1a e0747bf00888cfdb91c90ea8256b49df
    c71833f7fdfcf3feb6fd13443be1694f 4ad8f448fad1546e6eb4f7ac59e4c5d5
    01bdcebc9f3f3b60dd0280e2caa1f351
    """.split()
)
"""The texts that earlier versions wrote, in any format: the first half of their SHA-256."""


@lru_cache(maxsize=1)
def helper_text() -> str:
    """The text of the module."""
    text = Path(__file__).parent / "fixes" / f"{NAME}.txt"
    return text.read_text(encoding="utf-8")


def is_helper(path: str, text: str) -> bool:
    """Whether a file of a project is that module, however it has been formatted since."""
    if not path.endswith(f"{NAME}.py"):
        return False
    return text.split() == helper_text().split() or _says_the_same(text)


def _says_the_same(text: str) -> bool:
    """Whether a formatter has set commas, brackets and quotes anew."""
    import ast  # noqa: PLC0415 - only where there is such a file

    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.parse(helper_text()))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def is_older_helper(path: str, text: str) -> bool:
    """Whether a file of a project is what an earlier version of this program has written."""
    if not path.endswith(f"{NAME}.py"):
        return False
    from hashlib import sha256  # noqa: PLC0415 - only where there is such a file

    return sha256(" ".join(text.split()).encode()).hexdigest()[:32] in _OLDER


def was_written(path: str, text: str) -> bool:
    """Whether a file of a project is what this program, or an earlier version, has written."""
    return is_helper(path, text) or is_older_helper(path, text)
