"""Where a thing is used under its name: a variable, a name of a module, an attribute.

Names are taken as they are spelled, over the whole project: what is called the same may be the
same. Only what certainly is another thing is left out.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.mentions import TooManyError, modules_with
from torchload_lint.source.text.candidates import carrying, on_rows, rows_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

BY_UNKNOWN_NAME = late_pattern(r"\bgetattr\b(?!\(\s*[\w.]+\s*,\s*(?:\"\w*\"|'\w*')\s*[,)])")
"""A ``getattr`` that does not say the name which it asks for."""


_MOST_RENAMES = 4
"""Imports by another name (``from settings import TABLE as T``) in a row that are followed."""


class PlaceOfUse(NamedTuple):
    """One place where a thing is used."""

    module: SourceFile
    node: ast.expr
    within: bool = False
    """Whether it is a part of what stands there, not that itself."""
    key: str | None = None
    """The name or key of that part, where it is known."""


def of_variable(name: ast.Name, module: SourceFile, project: ProjectIndex) -> Iterator[PlaceOfUse]:
    """The other places that may see what ``name`` stands for at its place. Raises TooManyError."""
    definitions = {each.node for each in module.bindings.definitions(name)}
    scopes = {module.bindings.scope(node) for node in definitions} or {module.tree}
    for scope in scopes:
        for node in _names(name.id, scope, module):
            own = {each.node for each in module.bindings.definitions(node)}
            if isinstance(node.ctx, ast.Store) or own & definitions:
                yield PlaceOfUse(module, node)
        if isinstance(scope, ast.Module):
            yield from _in_other_files(name.id, module, project)
        else:
            yield from namespaces_of(scope, name.id, module)


def is_of_module(name: ast.Name, module: SourceFile) -> bool:
    """Whether what a name stands for may be had from other files, too."""
    own = module.bindings.definitions(name)
    return not own or any(isinstance(module.bindings.scope(e.node), ast.Module) for e in own)


def namespaces_of(scope: ast.AST, name: str, module: SourceFile) -> Iterator[PlaceOfUse]:
    """``globals()``, ``locals()`` and ``vars()`` that have what a scope calls so."""
    asked = module.remember(
        ("namespaces of a scope", scope),
        lambda: by_key((module, call) for call in _namespaces(scope, module)),
    )
    yield from places_at(name, asked)


def _namespaces(scope: ast.AST, module: SourceFile) -> Iterator[ast.Call]:
    of_modules = isinstance(scope, ast.Module)
    for builtin in ("globals", "locals", "vars") if of_modules else ("locals", "vars"):
        for call in _calls_of(builtin, module):
            if not call.args and (builtin == "globals" or module.bindings.scope(call) is scope):
                yield call


def by_key(
    places: Iterable[tuple[SourceFile, ast.expr]],
) -> dict[str | None, list[tuple[SourceFile, ast.expr]]]:
    """Places that have the names of a module or scope, under the one that is asked for there;
    None where that is not spelled.
    """
    found: dict[str | None, list[tuple[SourceFile, ast.expr]]] = {}
    for module, node in places:
        parent, asked = module.parents.get(node), None
        if isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "vars":
            parent = module.parents.get(parent)  # ``vars(module)["name"]``
        if isinstance(parent, ast.Subscript):
            asked = parent.slice
        elif isinstance(parent, ast.Call) and parent.args[1:] and parent.args[0] is node:
            asked = parent.args[1] if getattr(parent.func, "id", "") == "getattr" else None
        text = asked.value if isinstance(asked, ast.Constant) else None
        key = text if isinstance(text, str) else None
        found.setdefault(key, []).append((module, node))
    return found


def places_at(
    name: str, places: Mapping[str | None, list[tuple[SourceFile, ast.expr]]]
) -> Iterator[PlaceOfUse]:
    """Those that may be asked for one name."""
    for module, node in (*places.get(name, ()), *places.get(None, ())):
        yield PlaceOfUse(module, node, within=True, key=name)


def _names(name: str, scope: ast.AST, module: SourceFile) -> list[ast.Name]:
    """Where a name stands in a scope; found once, whoever of its users is asked about."""
    return module.remember(
        ("uses of a name", name, scope),
        lambda: [
            node
            for node in on_rows(scope, rows_with(module.lines, [name], scope))
            if isinstance(node, ast.Name) and node.id == name
        ],
    )


def of_module_name(name: str, module: SourceFile, project: ProjectIndex) -> Iterator[PlaceOfUse]:
    """The places that may see what a module defines under a name. Raises TooManyError."""
    for node in module.carrying(name):
        if isinstance(node, ast.Name):
            yield PlaceOfUse(module, node)
    yield from _in_other_files(name, module, project)


def _in_other_files(
    name: str, home: SourceFile, project: ProjectIndex, hops: int = _MOST_RENAMES
) -> Iterator[PlaceOfUse]:
    for module in modules_with(project, name, home):
        nodes = module.carrying(name)
        if module is not home:
            yield from _imported(name, nodes, module)
            for node in nodes:
                other = node.asname if isinstance(node, ast.alias) else None
                if other and other != name:  # others may import it from there, by that name
                    if not hops:
                        raise TooManyError(f"{name} is renamed too often to be followed")
                    yield from _in_other_files(other, module, project, hops - 1)
        for node in nodes:
            if isinstance(node, ast.Attribute) and not _is_of_self(node, module):
                yield PlaceOfUse(module, node)


def _imported(name: str, nodes: Iterable[ast.AST], module: SourceFile) -> Iterator[PlaceOfUse]:
    """The uses of what a file imports under that name, whatever it calls it."""
    known_as = {node.asname or node.name for node in nodes if isinstance(node, ast.alias)} | (
        {name} if "import *" in module.text else set()
    )
    known_as.discard("*")
    for word, places in carrying(module.tree, module.lines, known_as).items():
        for node in places:
            if isinstance(node, ast.Name) and node.id == word:
                yield PlaceOfUse(module, node)


def of_attribute(name: str, home: SourceFile, project: ProjectIndex) -> Iterator[PlaceOfUse]:
    """Every ``….name`` of the project. Raises TooManyError."""
    for module in modules_with(project, name, home):
        for node in module.carrying(name):
            if isinstance(node, ast.Attribute):
                yield PlaceOfUse(module, node)
            elif isinstance(node, ast.Constant):
                call = module.parents.get(node)
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "getattr":
                    yield PlaceOfUse(module, call)
    yield from _by_unknown_names(home, project)


def _by_unknown_names(home: SourceFile, project: ProjectIndex) -> Iterator[PlaceOfUse]:
    """``getattr(x, name)``, ``vars(x)``, ``x.__dict__``, which may lead to any attribute."""
    for module in modules_with(project, "getattr", home, BY_UNKNOWN_NAME):
        for call in _calls_of("getattr", module):
            if call.args[1:] and not isinstance(call.args[1], ast.Constant):
                yield PlaceOfUse(module, call)
    for module in modules_with(project, "vars", home):
        yield from (PlaceOfUse(module, call, within=True) for call in _calls_of("vars", module))
    for module in modules_with(project, "__dict__", home):
        for node in module.carrying("__dict__"):
            if isinstance(node, ast.Attribute):
                yield PlaceOfUse(module, node, within=True)


def _calls_of(builtin: str, module: SourceFile) -> Iterator[ast.Call]:
    for node in module.carrying(builtin):
        call = module.parents.get(node)
        if isinstance(node, ast.Name) and isinstance(call, ast.Call) and call.func is node:
            yield call


def _is_of_self(node: ast.Attribute, module: SourceFile) -> bool:
    return module.bindings.class_of_self(node.value) is not None
