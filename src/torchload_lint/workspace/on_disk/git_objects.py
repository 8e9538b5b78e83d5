"""What git keeps in a checkout: ``.git/objects`` and the index, which hold no checkpoints."""

from __future__ import annotations

import os

from torchload_lint.regular_files import read_head

_BEGINNINGS = (
    *(b"x\x01", b"x^", b"x\x9c", b"x\xda"),
    *(b"PACK\0\0\0\2", b"\xfftOc", b"DIRC\0\0\0", b"MIDX", b"RIDX", b"CGPH", b"BITM", b"MTME"),
)
"""Objects (as zlib writes them), packs and what is found in them, the index.

Source: ``gitformat-pack``, ``gitformat-index`` of git 2.47.
"""
_LONGEST = max(map(len, _BEGINNINGS))


def is_of_git(path: str) -> bool:
    """Whether a file of a folder ``.git`` begins as git writes it; any other is looked at."""
    if ".git" not in path.split(os.sep):
        return False
    try:
        return read_head(path, _LONGEST).startswith(_BEGINNINGS)
    except OSError:
        return False
