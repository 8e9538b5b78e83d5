"""The project's source files, as the disk has them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.regular_files import read_regular
from torchload_lint.source.text.text import decode
from torchload_lint.workspace.on_disk.discover import (
    command_files,
    project_files,
    settings_files,
)
from torchload_lint.workspace.on_disk.own_places import OwnPlaces
from torchload_lint.workspace.on_disk.word_index import WordIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torchload_lint.config import Config

_IDENTIFIER = late_pattern(r"\w+")
_COMMON = frozenset({"as", "class", "def", "from", "import", "torch"})
KEPT_BYTES = 256 * 2**20
"""How much source is kept in memory between questions; beyond that, files are read again."""
SEARCHES_BEFORE_INDEX = 24
"""After so many searches through all files their words are collected; most runs ask for fewer."""
INDEXED_BYTES = 128 * 2**20
"""How much source is indexed at most: an index takes as much memory as the source."""
DECODED_BYTES = 32 * 2**20
"""How much source is kept as text besides, at most: some is asked for thousands of times."""


class DiskFiles:
    """ProjectFiles over a folder. Files are read once, at the first question that needs them."""

    def __init__(self, config: Config, read: Callable[[str], bytes] = read_regular) -> None:
        """``read`` gives the bytes of a file by its path; it raises OSError or ValueError."""
        self._config = config
        self._root = config.root
        self._read = read
        self._own = OwnPlaces([config.root])
        self._names: list[str] | None = None
        self._configs: list[str] = []
        self._commands: list[str] | None = None
        self._settings: list[str] | None = None
        self._listing: Iterable[str] | None = None
        self._is_cut = False
        self._bytes: dict[str, bytes] = {}
        self._kept = 0
        self._texts: dict[str, tuple[bytes, str | None]] = {}
        """The text of some files, with the bytes that it was decoded from."""
        self._decoded = 0
        self._holding: dict[str, list[str]] = {}
        """Identifier → the Python files that hold it, as long as no file changes."""
        self._others: dict[tuple[str, str], list[str]] = {}
        """Kind of file and word → the files of that kind that hold it, as long as none changes."""
        self._index: WordIndex | None = None
        self._searches = 0

    def know(self, names: Iterable[str]) -> None:
        """Take over a listing of the folder (its Python files and others), consumed when needed."""
        self._listing = names

    def python_files(self) -> Sequence[str]:
        """Every Python file of the project, relative to its root."""
        if self._names is None:
            self._list()
        return self._names or ()

    def _list(self) -> None:
        if self._listing is None:
            self._listing, self._is_cut = project_files(self._root, self._config)
        names = sorted(name.replace(os.sep, "/") for name in self._listing)
        self._names = [name for name in names if name.endswith(".py")]
        self._configs = [name for name in names if name.endswith((".yaml", ".yml"))]

    def left_out(self) -> str:
        """Why there may be Python files that are not looked at; empty where there are none."""
        self.python_files()
        return "this folder is no project, and too large to be read whole" if self._is_cut else ""

    def holding(self, word: str) -> Sequence[str]:
        """The Python files whose bytes hold ``word``.

        All files are searched once for each identifier; ``def run(``, ``run(`` and ``run as`` are
        looked for where ``run`` was found.
        """
        core = max(_IDENTIFIER.findall(word), key=_weight, default="")
        if core not in self._holding:
            self._holding[core] = self._everywhere(core)
        found = self._holding[core]
        return found if word == core else self._among(found, word)

    def _everywhere(self, word: str) -> list[str]:
        """The Python files that hold an identifier, from an index where many were asked for."""
        self._searches += 1
        if self._searches == SEARCHES_BEFORE_INDEX and self._kept <= INDEXED_BYTES:
            self._index = WordIndex((name, self.data(name)) for name in self.python_files())
        wanted = _encoded(word)
        if self._index is not None and self._index.answers(wanted):
            return self._index.holding(wanted)
        return self._among(self.python_files(), word)

    def _among(self, names: Sequence[str], word: str) -> list[str]:
        wanted, known, data = _encoded(word), self._bytes, self.data
        return [name for name in names if wanted in (known[name] if name in known else data(name))]

    def configs_holding(self, word: str) -> Sequence[str]:
        """The YAML files whose bytes hold ``word``; looked for when they are needed."""
        self.python_files()
        return self._others_holding("config", self._configs, word)

    def commands_holding(self, word: str) -> Sequence[str]:
        """The scripts and documents whose bytes hold ``word``; looked for when they are needed."""
        if self._commands is None:
            self._commands = command_files(self._root, self._config)
        return self._others_holding("command", self._commands, word)

    def settings_holding(self, word: str) -> Sequence[str]:
        """The files that may set variables and hold ``word``; looked for when they are needed."""
        if self._settings is None:
            self._settings = settings_files(self._root, self._config)
        return self._others_holding("settings", self._settings, word)

    def _others_holding(self, kind: str, names: Sequence[str], word: str) -> Sequence[str]:
        """Those of the files that hold a word; one program asks for the same few thousand times."""
        found = self._others.get((kind, word))
        if found is None:
            wanted, data = _encoded(word), self.data
            found = self._others[kind, word] = [name for name in names if wanted in data(name)]
        return found

    def text(self, path: str) -> str | None:
        """The text of a file; None where it cannot be read or decoded."""
        data = self.data(path)
        if not data:
            return "" if self._is_empty(path) else None
        known = self._texts.get(path)
        if known is None or known[0] is not data:
            known = self._texts[path] = (data, _decoded(data))
            self._decoded += len(data)
        if self._decoded > DECODED_BYTES:
            self._texts.clear()
            self._decoded = 0
        return known[1]

    def exists(self, path: str) -> bool:
        """Whether a file of that name is there."""
        if path in self._bytes:
            return True
        whole = os.path.join(self._root, path)
        return os.path.isfile(whole) and not self._own.leads_out(whole)

    def _is_empty(self, path: str) -> bool:
        """Whether a file is there and has nothing in it, as most ``__init__.py`` have."""
        try:
            return self.exists(path) and os.path.getsize(os.path.join(self._root, path)) == 0
        except (OSError, ValueError):
            return False

    def data(self, path: str) -> bytes:
        """The bytes of a file; empty where it cannot be read."""
        if path in self._bytes:
            return self._bytes[path]
        try:
            whole = os.path.join(self._root, path)
            data = b"" if self._own.leads_out(whole) else self._read(whole)
        except (OSError, ValueError):
            data = b""
        self._keep(path, data)
        return data

    def keep(self, path: str, data: bytes) -> None:
        """Remember the bytes of a file (an editor's unsaved text, or what was just read).

        Searches are only forgotten where they may have seen other bytes: a run hands over each of
        its files, and most were searched before.
        """
        known = self._bytes.get(path)
        if known == data:
            return
        if known is not None or self._is_full(data):
            self._forget_searches()
        self._keep(path, data)

    def _forget_searches(self) -> None:
        self._holding.clear()
        self._others.clear()
        self._index, self._searches = None, 0

    def _is_full(self, data: bytes) -> bool:
        return self._kept + len(data) > KEPT_BYTES

    def changed(self, path: str) -> str | None:
        """One Python file has another content; it is read again when it is needed. The text that
        it had, where that was looked at and could be read.
        """
        old = self.text(path) if path in self._bytes else None
        self._kept -= len(self._bytes.pop(path, b""))
        self._others.clear()
        self._index, self._searches = None, 0
        data = self.data(path) if self._holding and path in self.python_files() else b""
        for word, names in self._holding.items():
            found = set(names) - {path}
            if _encoded(word) in data:
                found.add(path)
            self._holding[word] = sorted(found)
        return old

    def _keep(self, path: str, data: bytes) -> None:
        if not self._is_full(data):
            self._kept += len(data) - len(self._bytes.get(path, b""))
            self._bytes[path] = data


def _decoded(data: bytes) -> str | None:
    try:
        return decode(data).text
    except (SyntaxError, ValueError):
        return None


def _encoded(word: str) -> bytes:
    """A word as it stands in files; half of a surrogate pair stands in none."""
    return word.encode("utf-8", "surrogatepass")


def _weight(identifier: str) -> tuple[bool, int]:
    """How few files an identifier is likely to stand in."""
    return identifier not in _COMMON, len(identifier)


def is_code(path: str) -> bool:
    """Whether a file's content is asked for anew whenever it is needed; other files' is kept."""
    return path.endswith(".py") and os.path.basename(path) != "setup.py"
