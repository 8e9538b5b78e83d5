"""Whether what was read is the whole program: the files that imports find, and what else runs them.

``settings.py`` beside a script comes first where ``python sub/main.py`` starts it, the one of the
folder above where ``python -m sub.main`` does; ``sys.path.insert(…)`` puts any folder first. And
what the project's modules are called with stands in notebooks and shell scripts, too.
"""

from __future__ import annotations

import ast
import re
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.project.layout import CHANGING_SEARCH, is_above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_NO_PROGRAMS = (".md", ".rst")


def more_than_read(evaluator: Evaluator, home: SourceFile) -> Iterator[str]:
    """What may belong to the program and was not followed, in words."""
    yield from _found_instead(evaluator, home)
    yield from _in_other_files(evaluator, home)


def _found_instead(evaluator: Evaluator, home: SourceFile) -> Iterator[str]:
    """Where another file may be imported than one that an answer rests on."""
    relied, project = evaluator.relied, evaluator.project
    called = {module.path for module, _ in relied.called.values()}
    for path in sorted((relied.files() - {home.path}) | called):
        for folder in project.layout.namesakes(path):
            # Whoever calls a function may lie in any folder below.
            is_reached = path in called and is_above(dirname(path), folder)
            if (
                is_reached
                or is_above(folder, dirname(home.path))
                or any(project.holding(word) for word in CHANGING_SEARCH)
            ):
                place = f"the folder {folder}" if folder else "the project's folder"
                yield f"another file than {path} may be imported, from {place}"


def _in_other_files(evaluator: Evaluator, home: SourceFile) -> Iterator[str]:
    """Notebooks and scripts of a shell that import a module and call its function, or set what it
    holds.
    """
    files = evaluator.project.files
    for name, module, use in _wanted(evaluator):
        for path in files.commands_holding(name):
            if path == home.path or path.endswith(_NO_PROGRAMS):
                continue
            text = files.text(path) or ""
            if use.search(text) and _imports(module).search(text):
                yield f"{path} imports {module.name} and names {name}"


def _wanted(evaluator: Evaluator) -> Iterator[tuple[str, SourceFile, re.Pattern[str]]]:
    """The names that an answer rests on, each with its module, and how another file uses it."""
    relied = evaluator.relied
    for function, (module, _) in relied.called.items():
        owner = module.parents.get(function)
        name = getattr(function, "name", "")
        if name.startswith("__") and isinstance(owner, ast.ClassDef):
            name = owner.name
        if name:
            yield name, module, re.compile(rf"\b{name}\b")
    names = {(name, module.path): module for (_, name), module in relied.module_names.items()}
    names |= {(name, module.path): module for (_, name, _), module in relied.members.items()}
    for (name, _), module in names.items():
        yield name, module, re.compile(rf"\.{name}\s*=[^=]")


def _imports(module: SourceFile) -> re.Pattern[str]:
    parts = "|".join(re.escape(part) for part in module.name.split(".") if part)
    return re.compile(rf"\b(?:from|import)\b[^\n]*\b(?:{parts})\b" if parts else r"(?!)")
