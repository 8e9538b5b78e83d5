"""The source files of one installed package."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.regular_files import read_regular
from torchload_lint.source.project.files import NoFiles
from torchload_lint.source.text.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST_FILES = 20_000
"""How many files of a package are listed."""
_MOST_SEARCHED = 3_000
"""How many of them are searched for a load."""
_LOADS = (b"torch.load", b"import load", b"serialization.load")
_COMPILED = (".so", ".pyd")
"""What Python imports rather than the source of the same name beside it."""
_LARGEST = 4 * 2**20
"""Files with more bytes than this are left alone: they hold data."""


class PackageFiles(NoFiles):
    """ProjectFiles over one package in a folder of packages. Files are read when asked for."""

    def __init__(self, folder: Path, root: str) -> None:
        """``root``: the name that the package is imported by."""
        self.root = root
        self._folder = folder
        self._texts: dict[str, str | None] = {}

    @cached_property
    def _names(self) -> list[str]:
        single = f"{self.root}.py"
        is_folder = (self._folder / self.root / "__init__.py").is_file()
        if not is_folder and (self._folder / single).is_file():
            return [single]
        found: list[str] = []
        top = os.path.join(self._folder, "")
        for folder, below, files in os.walk(self._folder / self.root):
            below[:] = [name for name in below if name.isidentifier()]
            place = folder[len(top) :].replace(os.sep, "/")
            compiled = {name.partition(".")[0] for name in files if name.endswith(_COMPILED)}
            names = [name for name in files if name.endswith(".py")]
            found += [f"{place}/{name}" for name in names if name[:-3] not in compiled]
            if len(found) > _MOST_FILES:
                break
        return sorted(found)

    def python_files(self) -> Sequence[str]:
        """Every Python file of the package that is imported as source, from the folder that it is
        installed in.
        """
        return self._names

    def holding(self, word: str) -> Sequence[str]:
        """The files that hold a word."""
        return [name for name in self._names if word in (self.text(name) or "")]

    def holds_load(self) -> bool:
        """Whether one of the files (the first few thousand) spells ``torch.load``."""
        return any(map(self._spells_load, self._names[:_MOST_SEARCHED]))

    def _spells_load(self, path: str) -> bool:
        try:
            data = read_regular(self._folder / path, _LARGEST)
        except (OSError, ValueError):
            return False
        return any(word in data for word in _LOADS)

    def text(self, path: str) -> str | None:
        """The text of a file; None where it cannot be read."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        try:
            data = read_regular(self._folder / path)
            return decode(data).text if len(data) <= _LARGEST else None
        except (OSError, SyntaxError, ValueError):
            return None

    def exists(self, path: str) -> bool:
        """Whether a file of that name is there."""
        return os.path.isfile(self._folder / path)
