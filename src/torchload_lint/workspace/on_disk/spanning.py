"""Files for a path whose unknown parts may hold folders: a bounded search of the disk."""

from __future__ import annotations

import fnmatch
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.config import DEFAULT_EXCLUDE
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.patterns import matches
from torchload_lint.workspace.on_disk.discover import entries

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 8
"""Folders below the last known one that are searched."""
MAX_ENTRIES = 20_000
"""Directory entries that are looked at for one pattern."""
MAX_GLOBBED = 200_000
"""The same for a pattern that says how deep it goes."""
_GLOB = late_pattern(r"[*?[]")
_GLOB_END = late_pattern(r"[*?\]]")


class Held(NamedTuple):
    """What a folder holds, sorted."""

    files: tuple[str, ...]
    folders: tuple[str, ...]
    """Without hidden and excluded ones, and links to folders."""


class Entry(NamedTuple):
    """What stands in a folder."""

    name: str
    is_folder: bool
    """Not where it is a link to one."""


class Listings:
    """Folders, each looked at once: many patterns are looked for in the same ones."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._kept = 0
        self._held: dict[str, Held] = {}
        self._below: dict[tuple[str, str], tuple[str, ...]] = {}

    def held(self, folder: str) -> Held:
        """What a folder holds; nothing, where it cannot be read."""
        if folder not in self._held:
            files, folders = [], []
            for entry in entries(folder):
                name = entry.name
                if not entry.is_dir(follow_symlinks=False):
                    if _is_file(entry):
                        files.append(name)
                elif name[0] != "." and name not in DEFAULT_EXCLUDE:
                    folders.append(name)
            self._held[folder] = Held(tuple(sorted(files)), tuple(sorted(folders)))
        return self._held[folder]

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """All that a folder holds, sorted; kept as long as that is not too much."""
        found = self._entries.get(folder)
        if found is None:
            found = tuple(Entry(one.name, _is_folder(one)) for one in _entries(Path(folder or ".")))
            self._kept += len(found)
            if self._kept <= MAX_GLOBBED:
                self._entries[folder] = found
        return found

    def below(self, start: str, known: str) -> tuple[str, ...]:
        """The files below ``start``/``known``, relative to ``start``, nearest folders first."""
        if (start, known) not in self._below:
            self._below[start, known] = tuple(self._names(start, known))
        return self._below[start, known]

    def _names(self, start: str, known: str) -> Iterator[str]:
        left = MAX_ENTRIES
        level = [known]
        for _ in range(MAX_DEPTH + 1):
            deeper: list[str] = []
            for folder in level:
                held = self.held(os.path.join(start, folder) if folder else start)
                inside = f"{folder}/" if folder else ""
                yield from (inside + name for name in held.files[:left])
                left -= len(held.files) + len(held.folders)
                if left < 0:
                    return
                deeper.extend(inside + name for name in held.folders)
            level = deeper


def files_below(start: Path, pattern: str, listings: Listings) -> list[str]:
    """The files that a path pattern with unknown parts names, seen from ``start``, sorted.

    Where the pattern begins with what is unknown (``*/best.pt``), that is any folder below
    ``start``, or ``start`` itself. Elsewhere an unknown part is taken for a single name first, and
    for several only where that finds nothing. Nothing outside ``start`` is searched, but an
    absolute pattern is globbed. ``**`` is the configuration's, and means what it does for glob.
    """
    if not pattern.startswith("*") or "**" in pattern:
        found = globbed_files(start, pattern, listings)
        if found or "**" in pattern:
            return found
    known = _GLOB.split(pattern, maxsplit=1)[0].rpartition("/")[0]
    if os.path.isabs(known) or ".." in known.split("/"):
        return []
    end = _GLOB_END.split(pattern)[-1]  # most files differ in what they end in
    return sorted(
        os.path.normpath(start / name)
        for name in listings.below(str(start), known)
        if f"/{name}".endswith(end)
        and (matches(pattern, name) or (pattern[0] == "*" and matches(pattern, f"./{name}")))
    )


def globbed_files(start: Path, pattern: str, listings: Listings) -> list[str]:
    """The files that ``glob`` finds for a pattern, seen from ``start``, sorted."""
    whole = os.path.normpath(start / pattern)
    return sorted(path for path in _globbed(whole, listings) if os.path.isfile(path))


def _globbed(whole: str, listings: Listings) -> set[str]:
    """``glob.glob`` with an end: it looks at ``MAX_GLOBBED`` entries, and follows no links to
    folders under ``**``.
    """
    drive, rest = os.path.splitdrive(whole)
    parts = rest.split(os.sep)
    left = _Left(listings)
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
                for entry in left.counted(folder)
                if accepts(entry.name) and (entry.name[0] != "." or part[0] == ".")
            }
        else:
            last = place == len(parts) - 1
            joined = {os.path.join(folder, part) for folder in found}
            found = {path for path in joined if last or os.path.isdir(path)}
    return found


def _below(folder: str, left: _Left, *, files: bool) -> Iterator[str]:
    """Every folder below one, and every file if wanted; hidden ones are left out."""
    waiting = [folder]
    while waiting:
        inside = waiting.pop()
        for entry in left.counted(inside):
            if entry.name[0] == ".":
                continue
            path = os.path.join(inside, entry.name)
            if entry.is_folder:
                waiting.append(path)
            if entry.is_folder or files:
                yield path


class _Left:
    """How many entries may still be looked at for one pattern."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings
        self._count = MAX_GLOBBED

    def counted(self, folder: str) -> tuple[Entry, ...]:
        """The entries of a folder, as long as any may still be looked at."""
        if self._count <= 0:
            return ()
        found = self._listings.entries(folder)[: self._count]
        self._count -= len(found)
        return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link into a folder that may not be read
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    return sorted(entries(folder), key=lambda entry: entry.name)
