"""Where a file finds the module ``restore_only``, however the program is started.

``python tools/train.py`` looks beside the script, ``python -m tools.train`` in the folder above.
The imports that a file has already say which of them holds; without one it may be either.
"""

from __future__ import annotations

import ast
import re
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.fixes.restoring import helper_of
from torchload_lint.helper_module import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_IMPORTING = ("import_module", "__import__", "exec_module")
_LISTING = ("listdir", "iterdir", "glob", "scandir", "iter_modules", "walk_packages", "os.walk")


def helper_found(module: Module, project: ProjectIndex) -> str:
    """The dotted name under which the file surely finds the module; empty where there is none."""
    if "/" not in module.path:
        return helper_of(module)
    for statement in module.tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.level:
            if helper_of(module) != NAME:
                return helper_of(module)
            continue
        for name in _imported(statement):
            found = _beside(name, module, project)
            if found:
                return found
    sure = _is_of_library(module, project) or _is_of_tests(module, project)
    return helper_of(module) if sure else ""


def importer_of_all(helper: str, module: Module, project: ProjectIndex) -> str:
    """A file that may import every file of the folder in which the module would lie, as registries
    of models do; empty where none is seen.
    """
    packages, folders = helper.split(".")[:-1], module.path.split("/")[:-1]
    if packages and packages[0] in folders:
        first = len(folders) - 1 - folders[::-1].index(packages[0])
        folders = folders[: first + len(packages)]
    folder, name = "/".join(folders), folders[-1] if folders else ""
    for path in dict.fromkeys(path for word in _IMPORTING for path in project.holding(word)):
        text = project.files.text(path) or ""
        is_near = dirname(path) == folder or (name and name in text)
        if is_near and any(word in text for word in _LISTING):
            return path
    return ""


def _imported(statement: ast.stmt) -> Iterator[str]:
    """The modules that an absolute import names; ``a.b`` and ``a`` for ``from a import b``."""
    if isinstance(statement, ast.Import):
        yield from (one.name for one in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.module:
        yield from (f"{statement.module}.{one.name}" for one in statement.names)
        yield statement.module


def _beside(name: str, module: Module, project: ProjectIndex) -> str:
    """How the module is found by a file that imports ``name``, if that lies in a folder around the
    file or beside it; empty where it does not.
    """
    folders = module.path.split("/")[:-1]
    first, _, rest = name.partition(".")
    elsewhere = project.layout.locate(first)
    if first in folders:
        place = "/".join(folders[: len(folders) - folders[::-1].index(first)])
        is_there = rest and _is_module(f"{place}/{rest.replace('.', '/')}", project)
        is_here = elsewhere in {None, f"{place}/__init__.py"}  # tests/app beside app
        return f"{first}.{NAME}" if is_there and is_here else ""
    folder = "/".join(folders)
    if elsewhere not in {None, f"{folder}/{first}.py", f"{folder}/{first}/__init__.py"}:
        return ""
    return NAME if _is_module(f"{folder}/{first}", project) else ""


def _is_module(path: str, project: ProjectIndex) -> bool:
    return any(project.files.exists(f"{path}{end}") for end in (".py", "/__init__.py"))


def _is_of_library(module: Module, project: ProjectIndex) -> bool:
    """Whether a file of a package is imported as a part of it, and is never started itself."""
    stem = module.name.rpartition(".")[2]
    if helper_of(module) == NAME or "__main__" in module.text:
        return False
    by_package = re.compile(
        rf"^\s*(?:(?:from|import)\s+[\w.]*\.{stem}\b|from\s+[\w.]+\s+import\s[^#\n]*\b{stem}\b)",
        re.MULTILINE,
    )
    alone = re.compile(rf"^\s*(?:from|import)\s+{stem}\b", re.MULTILINE)
    texts = [project.files.text(path) or "" for path in project.holding(stem)]
    return any(map(by_package.search, texts)) and not any(map(alone.search, texts))


def _is_of_tests(module: Module, project: ProjectIndex) -> bool:
    """Whether a test is a part of a package of tests that others of it import by its name.

    pytest makes the folder above the package one where imports are found.
    """
    package, _, file = module.path.partition("/")
    is_test = re.search(r"(?:^|/)(?:test_\w+|\w+_test|conftest)\.py$", file)
    if not is_test or helper_of(module) != f"{package}.{NAME}":
        return False
    imported = re.compile(rf"^\s*(?:from|import)\s+{re.escape(package)}\b", re.MULTILINE)
    inside = (path for path in project.holding(package) if path.startswith(f"{package}/"))
    return any(imported.search(project.files.text(path) or "") for path in inside)
