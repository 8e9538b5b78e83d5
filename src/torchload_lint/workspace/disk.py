"""The project's files, and its checkpoints, as the disk has them."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import Target, inspect_file
from torchload_lint.source.text import decode
from torchload_lint.workspace.discover import python_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.config import CheckpointEntry, Config
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.values import PathPattern

KEPT_BYTES = 256 * 2**20
"""How much source is kept in memory between questions; beyond that, files are read again."""

MIN_LITERAL = 3
"""How many known characters the stem of a pattern must have before files are matched to it."""


class DiskFiles:
    """ProjectFiles over a folder. Files are read once, at the first question that needs them."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._root = config.root
        self._names: list[str] | None = None
        self._bytes: dict[str, bytes] = {}
        self._kept = 0

    def python_files(self) -> Sequence[str]:
        """Every Python file of the project, relative to its root."""
        if self._names is None:
            self._names = python_files(self._root, self._config)
        return self._names

    def holding(self, word: str) -> Sequence[str]:
        """The Python files whose bytes hold ``word``."""
        wanted = word.encode()
        return [name for name in self.python_files() if wanted in self.data(name)]

    def text(self, path: str) -> str | None:
        """The text of a file; None where it cannot be read or decoded."""
        data = self.data(path)
        if not data:
            return None
        try:
            return decode(data).text
        except (SyntaxError, ValueError):
            return None

    def exists(self, path: str) -> bool:
        """Whether a file of that name is there."""
        return path in self._bytes or (self._root / path).is_file()

    def data(self, path: str) -> bytes:
        """The bytes of a file; empty where it cannot be read."""
        if path in self._bytes:
            return self._bytes[path]
        try:
            data = (self._root / path).read_bytes()
        except (OSError, ValueError):
            data = b""
        self.keep(path, data)
        return data

    def keep(self, path: str, data: bytes) -> None:
        """Remember the bytes of a file (an editor's unsaved text, or what was just read)."""
        if self._kept + len(data) <= KEPT_BYTES:
            self._bytes[path] = data
            self._kept += len(data)


class DiskCheckpoints:
    """Checkpoints over the disk, looked up where the configuration says that paths may start."""

    def __init__(self, config: Config, target: Target) -> None:
        self._config = config
        self._root = Path(os.path.abspath(config.root))
        self._target = target
        self._reports: dict[str, CheckpointReport] = {}
        self._matches: dict[tuple[PathPattern, str], tuple[str, ...]] = {}

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """The files that a pattern names, from the first place that has any."""
        folder = os.path.dirname(near)
        key = (pattern, folder)
        if key not in self._matches:
            self._matches[key] = self._find(pattern, folder)
        return self._matches[key]

    def inspect(
        self, path: str, lookup: Callable[[GlobalName], ClassFacts | None]
    ) -> CheckpointReport:
        """The report for one file, named as ``path`` whatever the place it lies in.

        A file that names ``__main__`` may mean another class for each script, so its report is
        not kept.
        """
        if path in self._reports:
            return self._reports[path]
        report = inspect_file(self._root / path, self._target, lookup, name=path)
        if not any(found.name.module == "__main__" for found in report.globals):
            self._reports[path] = report
        return report

    def _find(self, pattern: PathPattern, folder: str) -> tuple[str, ...]:
        if not pattern.exact and not _is_telling(pattern.text):
            return ()
        for start in self._starts(pattern, folder):
            paths = self._below(start, pattern)
            if paths:
                return tuple(sorted({self._shown(path) for path in paths}))
        return ()

    def _starts(self, pattern: PathPattern, folder: str) -> list[Path]:
        if pattern.anchored:
            return [self._root]
        roots = (self._root / root for root in self._config.checkpoint_roots)
        return list(dict.fromkeys((*roots, self._root / folder)))

    def _below(self, start: Path, pattern: PathPattern) -> list[str]:
        text = os.path.expanduser(self._moved(pattern.text))
        whole = os.path.normpath(start / text)
        if "*" not in text and "?" not in text and "[" not in text:
            return [whole] if os.path.exists(whole) else []
        found = glob.glob(whole, recursive="**" in text)
        return [path for path in found if os.path.isfile(path)]

    def _moved(self, text: str) -> str:
        """The place that the configuration gives for a path, or the path itself."""
        entries: tuple[CheckpointEntry, ...] = self._config.checkpoints
        return next((e.path for e in entries if e.path and e.pattern == text), text)

    def _shown(self, path: str) -> str:
        absolute = Path(path)
        if absolute.is_relative_to(self._root):
            return absolute.relative_to(self._root).as_posix()
        return absolute.as_posix()


def _is_telling(text: str) -> bool:
    """Whether enough of the file's stem is known for a match to mean something."""
    stem = text.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return len(stem.replace("*", "")) >= MIN_LITERAL
