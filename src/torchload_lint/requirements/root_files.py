"""The files below a folder, as text; a repository may hold anything under these names."""

from __future__ import annotations

import codecs
import posixpath
from typing import TYPE_CHECKING

from torchload_lint.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LARGEST = 16 * 2**20
"""No list of requirements is larger; lock files may be a few megabytes."""


class RootFiles:
    """Text by name below a folder, each read once; what cannot be read is as if it were not there.

    Folders and names are paths from there, with ``/``.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts: dict[str, str | None] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    @staticmethod
    def path(folder: str, name: str) -> str:
        """The path of what is called ``name`` in a folder; empty for where paths start."""
        path = posixpath.normpath(posixpath.join(folder, name))
        return "" if path == "." else path

    def text(self, folder: str, name: str) -> str | None:
        """The text of a file, or None."""
        path = self.path(folder, name)
        if path not in self._texts:
            inner, _, base = path.rpartition("/")
            self._texts[path] = self._read(path) if base in self.names(inner) else None
        return self._texts[path]

    def names(self, folder: str) -> Sequence[str]:
        """The names in a folder, sorted."""
        if folder not in self._names:
            try:
                found = (path.name for path in (self._root / folder).iterdir())
                self._names[folder] = tuple(sorted(found))
            except OSError:
                self._names[folder] = ()
        return self._names[folder]

    def _read(self, path: str) -> str | None:
        try:
            data = read_regular(self._root / path, _LARGEST)
        except (OSError, ValueError):
            return None
        marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if marked else "utf-8-sig", errors="replace")
