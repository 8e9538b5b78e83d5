"""Files for a path whose unknown parts may hold folders: a bounded search of the disk."""

from __future__ import annotations

import fnmatch
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.config import DEFAULT_EXCLUDE
from torchload_lint.source.patterns import matches
from torchload_lint.workspace.discover import entries

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 8
"""Folders below the last known one that are searched."""
MAX_ENTRIES = 20_000
"""Directory entries that are looked at for one pattern."""
MAX_GLOBBED = 200_000
"""The same for a pattern that says how deep it goes."""
_GLOB = re.compile(r"[*?[]")
_GLOB_END = re.compile(r"[*?\]]")


Listings = dict[tuple[Path, str], tuple[str, ...]]
"""A folder to start from and one below it → the files there; kept by who asks for many patterns."""


def files_below(start: Path, pattern: str, listings: Listings | None = None) -> list[str]:
    """The files that a path pattern with unknown parts names, seen from ``start``, sorted.

    Where the pattern begins with what is unknown (``*/best.pt``), that is any folder below
    ``start``, or ``start`` itself. Elsewhere an unknown part is taken for a single name first, and
    for several only where that finds nothing. Nothing outside ``start`` is searched, but an
    absolute pattern is globbed. ``**`` is the configuration's, and means what it does for glob.
    ``listings`` spares looking at a folder twice.
    """
    whole = os.path.normpath(start / pattern)
    if not pattern.startswith("*") or "**" in pattern:
        found = sorted(path for path in _globbed(whole) if os.path.isfile(path))
        if found or "**" in pattern:
            return found
    known = _GLOB.split(pattern, maxsplit=1)[0].rpartition("/")[0]
    if os.path.isabs(known) or ".." in known.split("/"):
        return []
    listings = {} if listings is None else listings
    if (start, known) not in listings:
        listings[start, known] = tuple(_names(start, known))
    end = _GLOB_END.split(pattern)[-1]  # most files differ in what they end in
    return sorted(
        os.path.normpath(start / name)
        for name in listings[start, known]
        if f"/{name}".endswith(end)
        and (matches(pattern, name) or (pattern[0] == "*" and matches(pattern, f"./{name}")))
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
                elif _is_file(entry):
                    yield name
        level = deeper


def _globbed(whole: str) -> set[str]:
    """``glob.glob`` with an end: it looks at ``MAX_GLOBBED`` entries, and follows no links to
    folders under ``**``.
    """
    drive, rest = os.path.splitdrive(whole)
    parts = rest.split(os.sep)
    left = [MAX_GLOBBED]
    found = {drive + os.sep if not parts[0] else drive}
    for place, part in enumerate(parts):
        if not part:
            continue
        if part == "**":
            files = place == len(parts) - 1
            found |= {deeper for one in found for deeper in _below(one, left, files=files)}
        elif _GLOB.search(part):
            accepts = re.compile(fnmatch.translate(part)).match
            found = {
                os.path.join(folder, entry.name)
                for folder in found
                for entry in _counted(folder, left)
                if accepts(entry.name) and (entry.name[0] != "." or part[0] == ".")
            }
        else:
            last = place == len(parts) - 1
            joined = {os.path.join(folder, part) for folder in found}
            found = {path for path in joined if last or os.path.isdir(path)}
    return found


def _below(folder: str, left: list[int], *, files: bool) -> Iterator[str]:
    """Every folder below one, and every file if wanted; hidden ones are left out."""
    waiting = [folder]
    while waiting:
        for entry in _counted(waiting.pop(), left):
            if entry.name[0] == ".":
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder:
                waiting.append(entry.path)
            if is_folder or files:
                yield entry.path


def _counted(folder: str, left: list[int]) -> Iterator[os.DirEntry[str]]:
    """The entries of a folder, as long as any may still be looked at (``left[0]``)."""
    for entry in _entries(Path(folder or ".")) if left[0] > 0 else ():
        left[0] -= 1
        if left[0] < 0:
            return
        yield entry


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link into a folder that may not be read
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    return sorted(entries(folder), key=lambda entry: entry.name)
