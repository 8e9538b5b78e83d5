"""The files of a project's root, as text; a repository may hold anything under these names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LARGEST = 16 * 2**20
"""No list of requirements is larger; lock files may be a few megabytes."""


class RootFiles:
    """Text by name below a folder; what cannot be read is as if it were not there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def text(self, name: str) -> str | None:
        """The text of a file, or None."""
        try:
            data = read_regular(self._root / name, _LARGEST)
        except (OSError, ValueError):
            return None
        return data.decode("utf-8-sig", errors="replace")

    def names(self, folder: str = "") -> Iterator[str]:
        """The names in a folder, sorted, with the folder in front."""
        try:
            found = sorted(path.name for path in (self._root / folder).iterdir())
        except OSError:
            return
        yield from (f"{folder}/{name}" if folder else name for name in found)
