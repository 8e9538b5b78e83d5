"""Where what a module defines may be had without its name: ``vars(module)["TABLE"]``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.uses import by_key, namespaces_of, places_at
from torchload_lint.source.certainty.module_objects import as_values, had_by_text
from torchload_lint.source.project.mentions import modules_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_OF_CODE = ("__globals__", "f_globals", "f_locals")
"""Attributes of functions and frames that hold the names of whatever file they belong to."""


def of_module(name: str, target: SourceFile, project: ProjectIndex) -> Iterator[PlaceOfUse]:
    """The places that have a module, or its names, and so what it defines under one of them.
    Raises TooManyError.
    """
    yield from namespaces_of(target.tree, name, target)
    places = project.remember(
        ("definitions", "places of a module", target.tree),
        lambda: by_key(_places(target, project)),
    )
    yield from places_at(name, places)


def _places(target: SourceFile, project: ProjectIndex) -> Iterator[tuple[SourceFile, ast.expr]]:
    yield from as_values(target, project, target)
    for module, node in had_by_text(target, project, target):
        if isinstance(node, ast.expr):
            yield module, node
    for word in _OF_CODE:
        for module in modules_with(project, word, target):
            yield from ((module, node) for node in _attributes(word, module))
    for module in modules_with(project, "__dict__", target):
        for node in _attributes("__dict__", module):
            if _is_module(node.value, target, module, project):
                yield module, node


def _attributes(word: str, module: SourceFile) -> Iterator[ast.Attribute]:
    return (node for node in module.carrying(word) if isinstance(node, ast.Attribute))


def _is_module(
    node: ast.expr, target: SourceFile, module: SourceFile, project: ProjectIndex
) -> bool:
    return any(
        each.node is target.tree
        for meaning in module.bindings.possible(node)
        if meaning
        for each in project.definitions(meaning, module.path)
    )
