"""When files were last changed: compared before an answer, so that none rests on what is gone."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from torchload_lint.config import DEFAULT_EXCLUDE
from torchload_lint.configuration_files import OWN_FILES, PROJECT_MARKERS
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_ENTRIES = 50_000
"""Files and folders of a project that are looked at; a larger one is not watched (0.2 s)."""
NOT_HIDDEN = frozenset({".torchload-lint"})
"""A folder of this tool, which holds recorded loads."""
UNSETTLED_NS = 20_000_000
"""A file may change again without a new time, within a tick of the clock that stamps it."""
AHEAD_NS = 1_000_000_000
"""What is stamped later than that from now was not changed just now: somebody has set its time."""
UNSETTLED = -1
"""The time of a file that was changed just now: the next look takes it for changed."""

Stamp = tuple[int, int, int]
"""Time of change in nanoseconds, size, and inode."""
ABSENT: Stamp = (0, -1, 0)
THERE: Stamp = (0, 0, 0)


class Changes(NamedTuple):
    """What has happened since the last look."""

    contents: frozenset[str] = frozenset()
    """Files that are there as before, with another content."""
    others: frozenset[str] = frozenset()
    """What has come or gone."""


class Stamps:
    """The files below some folders, and the configuration files above them."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Stamp]] = {}
        """Folder → what was seen there."""
        self._singles: dict[str, Stamp] = {}
        self.seconds = 0.0
        """How long the last look took."""

    def watch(self, folder: str) -> None:
        """Look at a folder from now on; what it holds now is the first state."""
        if folder not in self._known:
            self._known[folder] = _seen(folder)

    def watch_single(self, path: str) -> None:
        """Look at one file (which need not be there) outside of these folders too."""
        if path not in self._singles:
            self._singles[path] = _stamp(path)

    def changes(self) -> Changes:
        """What has changed since this was asked last."""
        start = time.monotonic()
        contents: set[str] = set()
        others: set[str] = set()
        for folder, before in self._known.items():
            if not before:  # too large
                continue
            now = _seen(folder)
            _compare(before, now, contents, others)
            self._known[folder] = now
        now = {path: _stamp(path) for path in self._singles}
        _compare(self._singles, now, contents, others)
        self._singles = now
        self.seconds = time.monotonic() - start
        return Changes(frozenset(contents), frozenset(others))


def _compare(
    before: dict[str, Stamp], now: dict[str, Stamp], contents: set[str], others: set[str]
) -> None:
    others |= before.keys() ^ now.keys()
    for path in before.keys() & now.keys():
        if before[path] != now[path] or before[path][0] == UNSETTLED:
            there = before[path][1] >= 0 and now[path][1] >= 0
            (contents if there else others).add(path)


def _seen(folder: str) -> dict[str, Stamp]:
    """Everything that is looked at for one folder; nothing, where it holds too much."""
    now = time.time_ns()
    first, last = now - UNSETTLED_NS, now + AHEAD_NS
    seen: dict[str, Stamp] = {}
    for path, stamp in _below(folder):
        seen[path] = (UNSETTLED, *stamp[1:]) if first <= stamp[0] <= last else stamp
        if len(seen) > MAX_ENTRIES:
            return {}
    seen |= {path: _stamp(path) for path in _configurations_above(folder)}
    return seen


def _below(folder: str) -> Iterator[tuple[str, Stamp]]:
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry.path, _stamp(entry)
            elif _is_left_out(entry.name):
                yield entry.path, THERE
            else:
                waiting.append(entry.path)


def _is_left_out(name: str) -> bool:
    return name in DEFAULT_EXCLUDE or (name[0] == "." and name not in NOT_HIDDEN)


def _configurations_above(folder: str) -> Collection[str]:
    above = []
    parent = os.path.dirname(folder)
    while parent != folder:
        above.append(parent)
        folder, parent = parent, os.path.dirname(parent)
    return [os.path.join(one, name) for one in above for name in (*OWN_FILES, *PROJECT_MARKERS)]


def _stamp(file: str | os.DirEntry[str]) -> Stamp:
    try:
        found = os.stat(file) if isinstance(file, str) else file.stat()
    except OSError:
        return ABSENT
    if os.path.isdir(file):
        return THERE
    return found.st_mtime_ns, found.st_size, found.st_ino
