"""Files for a path whose unknown parts may hold folders: a bounded search of the disk."""

from __future__ import annotations

import glob
import os
import re
from typing import TYPE_CHECKING

from torchload_lint.config import DEFAULT_EXCLUDE
from torchload_lint.source.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_DEPTH = 8
"""Folders below the last known one that are searched."""
MAX_ENTRIES = 20_000
"""Directory entries that are looked at for one pattern."""
_GLOB = re.compile(r"[*?[]")


def files_below(start: Path, pattern: str) -> list[str]:
    """The files that a path pattern with unknown parts names, seen from ``start``, sorted.

    Where the pattern begins with what is unknown (``*/best.pt``), that is any folder below
    ``start``, or ``start`` itself. Elsewhere an unknown part is taken for a single name first, and
    for several only where that finds nothing. Nothing outside ``start`` is searched, but an
    absolute pattern is globbed. ``**`` is the configuration's, and means what it does for glob.
    """
    whole = os.path.normpath(start / pattern)
    if not pattern.startswith("*") or "**" in pattern:
        found = [path for path in glob.glob(whole, recursive=True) if os.path.isfile(path)]
        if found or "**" in pattern:
            return sorted(found)
    known = _GLOB.split(pattern, maxsplit=1)[0].rpartition("/")[0]
    if os.path.isabs(known) or ".." in known.split("/"):
        return []
    return sorted(
        os.path.normpath(start / name)
        for name in _names(start, known)
        if matches(pattern, name) or (pattern.startswith("*") and matches(pattern, f"./{name}"))
    )


def _names(start: Path, known: str) -> Iterator[str]:
    """The files below a folder, relative to ``start``, nearest folders first. Hidden and excluded
    folders are left out, links to folders not followed.
    """
    left = MAX_ENTRIES
    level = [known]
    for _ in range(MAX_DEPTH + 1):
        deeper: list[str] = []
        for folder in level:
            for entry in _entries(start / folder):
                left -= 1
                if left < 0:
                    return
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name[0] != "." and entry.name not in DEFAULT_EXCLUDE:
                        deeper.append(name)
                elif entry.is_file():
                    yield name
        level = deeper


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
