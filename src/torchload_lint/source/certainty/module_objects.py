"""Whether a module is used as a value, so that an expression that is not understood may be it.

A module's names can be set from outside only by who has the module: under a name that it is
imported by, or by a way that makes up its name (``import_module(text)``, ``sys.modules[text]``).
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.source.project.imports import closes_circle
from torchload_lint.source.project.mentions import modules_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_OTHER_WAYS = ("module_from_spec", "load_source", "load_module", "getmodule")
_IMPORTING = ("import_module", "__import__")
_ANYTHING = r"[\s\S]*"
_MOST_MODULES = 40
"""Modules that a made up name may mean, before it may mean any."""


def is_handed_about(target: SourceFile, project: ProjectIndex, home: SourceFile) -> bool:
    """Whether a module is used as a value. Raises TooManyError."""
    return project.remember(
        ("definitions", "handed about", target.tree, home.path),
        lambda: (
            any(project.holding(word) for word in _OTHER_WAYS)
            or any(True for _ in as_values(target, project, home))
            or any(True for _ in had_by_text(target, project, home))
        ),
    )


def as_values(
    target: SourceFile, project: ProjectIndex, home: SourceFile
) -> Iterator[tuple[SourceFile, ast.Name]]:
    """Where a name that the module is imported by is used as a value. Raises TooManyError."""
    word = target.name.rpartition(".")[2]
    if not word:
        return  # nobody imports a notebook
    for module in modules_with(project, word, home, _as_value(word)):
        known_as = {word} | {
            node.asname
            for node in module.carrying(word)
            if isinstance(node, ast.alias) and node.asname
        }
        for name in known_as:
            for node in module.carrying(name):
                if not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Store):
                    continue
                if isinstance(module.parents.get(node), ast.Attribute):
                    continue
                meanings = module.bindings.possible(node)
                if any(
                    each.node is target.tree
                    for meaning in meanings
                    if meaning
                    for each in project.definitions(meaning, module.path)
                ):
                    yield module, node


def _as_value(word: str) -> re.Pattern[str]:
    """What a file's text must hold for a name to stand there without a dot behind it, or for it to
    get another name by an import.
    """
    plain_import = r"(?![ \t]*(?:from|import)\b(?![^\n]*(?:\bas\b|;)))"
    return re.compile(rf"^{plain_import}[^\n]*(?<![\w.]){re.escape(word)}\b(?!\s*\.)", re.MULTILINE)


def had_by_text(
    target: SourceFile, project: ProjectIndex, home: SourceFile
) -> Iterator[tuple[SourceFile, ast.AST]]:
    """Where ``import_module(text)``, ``sys.modules[text]`` may yield the module, or one that
    leads to it. Raises TooManyError.
    """
    for word, telling in (*((word, word) for word in _IMPORTING), ("modules", "sys.modules")):
        spelled = "modules" if word == "modules" and project.holding("from sys import") else telling
        for module in modules_with(project, spelled, home):
            for node in module.carrying(word):
                if any(
                    _may_name(text, target, module, project) for text in _texts(node, word, module)
                ):
                    yield module, _yielding(node, module)


def _yielding(node: ast.AST, module: SourceFile) -> ast.AST:
    """What yields the module: the call ``import_module(text)``, the entry ``sys.modules[text]``."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Attribute) and isinstance(module.parents.get(parent), ast.Call):
        return module.parents[parent]
    is_asked = isinstance(parent, ast.Call) and parent.func is node
    return parent if is_asked or isinstance(parent, ast.Subscript) else node


def _texts(node: ast.AST, word: str, module: SourceFile) -> Iterator[str]:
    """Patterns of the names that are asked for at a place."""
    parent = module.parents.get(node)
    if isinstance(node, ast.alias):
        if node.asname:
            yield _ANYTHING
    elif not isinstance(node, ast.Name | ast.Attribute):
        return
    elif word == "modules":
        if module.bindings.qualified(node) == "sys.modules" or isinstance(node, ast.Name):
            yield from _of_table(node, parent, module)
    elif isinstance(parent, ast.Call) and parent.func is node:
        yield _pattern(parent.args[0], module) if parent.args else _ANYTHING
    else:
        yield _ANYTHING


def _of_table(node: ast.expr, parent: ast.AST | None, module: SourceFile) -> Iterator[str]:
    """``sys.modules[…]``, ``sys.modules.get(…)``, ``… in sys.modules``."""
    if isinstance(parent, ast.Compare) and node in parent.comparators:
        return
    if isinstance(parent, ast.Subscript) and parent.value is node:
        yield _pattern(parent.slice, module)
        return
    call = module.parents.get(parent) if isinstance(parent, ast.Attribute) else None
    if isinstance(parent, ast.Attribute) and isinstance(call, ast.Call) and call.func is parent:
        if parent.attr == "keys":
            return
        if parent.attr in {"get", "pop", "setdefault"} and call.args:
            yield _pattern(call.args[0], module)
            return
    yield _ANYTHING


def _pattern(node: ast.expr, module: SourceFile) -> str:
    """A regular expression for what a text can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.Name) and node.id == "__name__":
        return re.escape(module.name)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _pattern(node.left, module) + _pattern(node.right, module)
    if isinstance(node, ast.JoinedStr):
        return "".join(_pattern(part, module) for part in node.values)
    return _ANYTHING


def _may_name(pattern: str, target: SourceFile, module: SourceFile, project: ProjectIndex) -> bool:
    """Whether a text that fits may name the module, one of its packages, or a module that holds it
    under one of its names.
    """
    if pattern.startswith((_ANYTHING, re.escape("."))):
        return True
    if any(re.fullmatch(pattern, name) for name in ("__main__", *_names_of(target))):
        return True
    if _ANYTHING not in pattern:
        name = re.sub(r"\\(.)", r"\1", pattern)
        return _leads_to(name, target, module, project)
    prefix = re.sub(r"\\(.)", r"\1", pattern.partition(_ANYTHING)[0])
    folder = prefix.rpartition(".")[0].replace(".", "/")
    word = prefix.partition(".")[0]
    names = [
        project.module_name(path)
        for path in project.files.python_files()
        if (f"{folder}/" in f"/{path}" if folder else word in path)
    ]
    fitting = [name for name in names if re.fullmatch(f"(?:.*[.])?(?:{pattern})", name)]
    return len(fitting) > _MOST_MODULES or any(
        _leads_to(name, target, module, project) for name in fitting
    )


def _leads_to(name: str, target: SourceFile, module: SourceFile, project: ProjectIndex) -> bool:
    """Whether a module of the project holds another, directly or not."""
    return project.layout.locate(name, module.path) is not None and closes_circle(
        project, target.path, name
    )


def _names_of(target: SourceFile) -> Iterator[str]:
    """The names that a module and its packages may go by, whatever folder the path begins at."""
    parts = target.path.removesuffix(".py").removesuffix("/__init__").split("/")
    for end in range(1, len(parts) + 1):
        for start in range(end):
            yield ".".join(parts[start:end])
