"""Where a project's modules lie: file ↔ dotted name, by the names of files alone.

Three ways of laying out Python code live side by side in one repository: installed packages
(``src/pkg/…``, several of them), namespace packages (folders without ``__init__.py`` that are
imported by their dotted path), and folders of scripts that import their neighbours by stem.
"""

from __future__ import annotations

import re
from functools import cached_property
from posixpath import dirname, normpath
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.project.declared_roots import declared_roots

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.project.files import ProjectFiles

_WORD = late_pattern(r"\w+")


CHANGING_SEARCH = ("sys.path", "sys import", "addsitedir", "meta_path")
"""Words of files that may change where Python looks for modules."""


class Layout:
    """Answers about module names. Reads files only where a script might be a package."""

    def __init__(self, files: ProjectFiles, source_roots: Sequence[str]) -> None:
        self._files = files
        roots = {"" if root in {"", "."} else normpath(root) for root in source_roots}
        self._roots = sorted(roots, key=lambda root: (-root.count("/") - bool(root), root))
        self._names: dict[str, str] = {}
        self._holding: dict[str, Sequence[str]] = {}
        self._imported: dict[str, frozenset[str]] = {}
        self._spelled: dict[str, bool] = {}
        self._outside: dict[str, str] = {}
        self._located: dict[tuple[str, str], str | None] = {}

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self._files.python_files())

    @cached_property
    def _by_last_part(self) -> dict[str, list[str]]:
        """Last part of the dotted name → files that could be that module."""
        table: dict[str, list[str]] = {}
        for path in self._files.python_files():
            table.setdefault(_dotted(path).rpartition(".")[2], []).append(path)
        return table

    def module_name(self, path: str) -> str:
        """The dotted name a file is imported by; for a script, its stem."""
        if path not in self._names:
            self._names[path] = self._find_name(path)
        return self._names[path]

    def _find_name(self, path: str) -> str:
        if not path.endswith((".py", ".pyi", ".pyw")):
            return ""
        for root in self._roots:
            if root and path.startswith(f"{root}/"):
                return _below(root, path)
        top = self._top_package(dirname(path))
        if "/" in (top or path):
            for root in self._declared:
                if path.startswith(f"{root}/"):
                    return _below(root, path)
        if top is not None:
            return _below(self._outside_of(top), path)
        dotted = _dotted(path)
        folder, _, stem = dotted.rpartition(".")
        if folder and "-" not in folder and stem in self._imported_from(folder):
            return dotted
        return stem

    def _top_package(self, folder: str) -> str | None:
        """The outermost package that holds a folder; parts between may lack ``__init__.py``."""
        top = None
        while folder:
            if f"{folder}/__init__.py" in self._paths:
                top = folder
            folder = dirname(folder)
        return top

    @cached_property
    def _declared(self) -> tuple[str, ...]:
        return declared_roots(self._files)

    def _outside_of(self, package: str) -> str:
        """The folder that the name of a package starts from.

        Where the folders around it have no ``__init__.py``, they may be a namespace package
        (``acme/audio`` is ``acme.audio``) or hold packages (``python/audio`` is ``audio``). The
        imports of the project tell, where they are of one mind.
        """
        if package not in self._outside:
            self._outside[package] = self._find_outside(package)
        return self._outside[package]

    def _find_outside(self, package: str) -> str:
        closest = folder = dirname(package)
        spelled_here = bool(folder) and self._is_imported(_below(folder, f"{package}.py"))
        while folder and folder.rpartition("/")[2].isidentifier() and not spelled_here:
            folder = dirname(folder)
            holder, _, last = _below(folder, f"{package}.py").rpartition(".")
            if last in self._imported_from(holder):
                return folder
        return closest

    def _is_imported(self, package: str) -> bool:
        """Whether some file imports a package by a name without a dot, or a module of it."""
        if package not in self._spelled:
            holders = {
                path
                for word in ("from", "import")
                for path in self._files.holding(f"{word} {package}")
            }
            texts = (self._files.text(path) or "" for path in sorted(holders))
            self._spelled[package] = any(_is_spelled(package, text) for text in texts)
        return self._spelled[package]

    def is_same_with(self, old: str, new: str) -> bool:
        """Whether all answers so far stand although a file has another text now: each that rests
        on texts rests on what they import.
        """
        self._holding.clear()
        return all(
            {*_names_imported(folder, old)} == {*_names_imported(folder, new)}
            for folder in self._imported
        ) and all(
            _is_spelled(package, old) == _is_spelled(package, new) for package in self._spelled
        )

    def _imported_from(self, folder: str) -> frozenset[str]:
        """The names that some file imports from a folder by its full dotted path."""
        if folder not in self._imported:
            texts = (self._files.text(path) or "" for path in self._naming(folder))
            self._imported[folder] = frozenset(
                name for text in texts for name in _names_imported(folder, text)
            )
        return self._imported[folder]

    def _naming(self, folder: str) -> Sequence[str]:
        """The files that may name a folder by its dotted path: those that name one as its first
        part does (all the folders of a repository start with a few words, and each search goes
        through every file).
        """
        first, dot, _ = folder.partition(".")
        if first + dot not in self._holding:
            self._holding[first + dot] = self._files.holding(first + dot)
        return self._holding[first + dot]

    def locate(self, name: str, near: str = "") -> str | None:
        """The file of a dotted module name, as a file at ``near`` would import it.

        The folder that the name starts from is the closest one above ``near`` (a script's own
        folder comes first on ``sys.path``); else the one whose files are named so everywhere.
        """
        if name.startswith("."):
            return self._relative(name, dirname(near))
        key = (name, dirname(near))
        if key not in self._located:
            self._located[key] = self._locate(name, dirname(near), has_near=bool(near))
        return self._located[key]

    def _locate(self, name: str, folder: str, *, has_near: bool) -> str | None:
        candidates = self._candidates(name)
        named = [path for path, _ in candidates if self.module_name(path) == name]
        if has_near:
            above = [(path, base) for path, base in candidates if is_above(base, folder)]
            scripts = [
                (path, base)
                for path, base in above
                if path in named or f"{base}/__init__.py" not in self._paths
            ]
            closest = max(scripts or above, key=_nearness, default=None)
            if closest is not None and (scripts or not named):
                return closest[0]
        return named[0] if len(named) == 1 else None

    def _relative(self, name: str, folder: str) -> str | None:
        """``..pkg.module`` as a file in ``folder`` means it."""
        dotted = name.lstrip(".")
        for _ in range(len(name) - len(dotted) - 1):
            folder = dirname(folder)
        path = "/".join(part for part in (folder, *dotted.split(".")) if part)
        for candidate in (f"{path}/__init__.py", f"{path}.py"):  # as Python: the package first
            if candidate in self._paths:
                return candidate
        return None

    def _candidates(self, name: str) -> list[tuple[str, str]]:
        """Files whose path ends like the name, each with the folder that the name starts from."""
        found = []
        for path in self._by_last_part.get(name.rpartition(".")[2], ()):
            dotted = _dotted(path)
            if dotted == name:
                found.append((path, ""))
            elif dotted.endswith(f".{name}"):
                found.append(
                    (path, "/".join(path.split("/")[: dotted.count(".") - name.count(".")]))
                )
        return found

    def namesakes(self, path: str) -> Iterator[str]:
        """The folders that the name of a file starts from for other files that have it, too."""
        name = self.module_name(path)
        for other, folder in self._candidates(name) if name else ():
            if other != path and not other.endswith(".pyi"):
                yield folder

    def files_named(self, name: str) -> tuple[str, ...]:
        """Every file that is imported by this dotted name from somewhere."""
        return tuple(path for path, _ in self._candidates(name) if self.module_name(path) == name)


class PackageLayout(Layout):
    """The layout of an installed package: a module's name is its path in the folder of packages."""

    def _find_name(self, path: str) -> str:
        return _dotted(path)

    def _locate(self, name: str, folder: str, *, has_near: bool) -> str | None:
        del folder, has_near
        path = name.replace(".", "/")
        candidates = (f"{path}/__init__.py", f"{path}.py")
        return next((one for one in candidates if one in self._paths), None)


def _dotted(path: str) -> str:
    stem = path.rpartition(".")[0]
    parts = stem.split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _below(root: str, path: str) -> str:
    """The dotted name of a file from a folder above it."""
    return _dotted(path[len(root) + 1 :] if root else path)


def _names_imported(folder: str, text: str) -> Iterator[str]:
    """What ``import folder.name``, ``from folder.name import …`` and ``from folder import name``
    import in a text.
    """
    spelled = re.compile(rf"{re.escape(folder)}(?:\.(\w+)(\s+import\b)?|\s+import\b([^\n]*))")
    for match in spelled.finditer(text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].split()
        if match[1] and (before == ["import"] or (before == ["from"] and match[2])):
            yield match[1]
        elif match[3] and before == ["from"]:
            yield from _WORD.findall(match[3])


def _is_spelled(package: str, text: str) -> bool:
    """Whether a text imports a package by a name without a dot."""
    spelled = re.compile(rf"^[ \t]*(?:from|import)[ \t]+{package}\b", re.MULTILINE)
    return spelled.search(text) is not None


def _nearness(candidate: tuple[str, str]) -> tuple[int, bool, bool]:
    """The folder closest to a file comes first; in it a package before a module, as in Python."""
    path, base = candidate
    return len(base), path.endswith("/__init__.py"), not path.endswith(".pyi")


def is_above(base: str, folder: str) -> bool:
    """Whether a folder is another one, or lies above it."""
    return not base or folder == base or folder.startswith(f"{base}/")
