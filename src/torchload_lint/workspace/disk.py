"""The project's source files, as the disk has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.regular_files import read_regular
from torchload_lint.source.text import decode
from torchload_lint.workspace.discover import python_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.config import Config

KEPT_BYTES = 256 * 2**20
"""How much source is kept in memory between questions; beyond that, files are read again."""


class DiskFiles:
    """ProjectFiles over a folder. Files are read once, at the first question that needs them."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._root = config.root
        self._names: list[str] | None = None
        self._listing: Iterable[str] | None = None
        self._bytes: dict[str, bytes] = {}
        self._kept = 0

    def know(self, names: Iterable[str]) -> None:
        """Take over a listing of the folder (its Python files and others), consumed when needed."""
        self._listing = names

    def python_files(self) -> Sequence[str]:
        """Every Python file of the project, relative to its root."""
        if self._names is None:
            if self._listing is None:
                self._names = python_files(self._root, self._config)
            else:
                self._names = sorted(name for name in self._listing if name.endswith(".py"))
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
            data = read_regular(self._root / path)
        except (OSError, ValueError):
            data = b""
        self.keep(path, data)
        return data

    def keep(self, path: str, data: bytes) -> None:
        """Remember the bytes of a file (an editor's unsaved text, or what was just read)."""
        if self._kept + len(data) <= KEPT_BYTES:
            self._bytes[path] = data
            self._kept += len(data)
