"""Calls of something by its name, within one file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.candidates import on_rows, rows_with
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.text import Lines


def calls_named(project: ProjectIndex, module: SourceFile, name: str) -> list[ast.Call]:
    """The calls of something whose name ends in ``name``, in the order of the file; found once."""
    return project.remember(
        ("calls", module.tree, name), lambda: calls_among(module.tree, module.lines, {name})
    )


def calls_among(
    scope: ast.AST,
    lines: Lines,
    names: Collection[str],
    closed: tuple[type[ast.AST], ...] = (),
) -> list[ast.Call]:
    """The calls in a scope of what has one of some names, in the order of the file. ``closed``:
    types of nodes that are not looked into.
    """
    rows = rows_with(lines, names, scope)
    found = [
        node
        for node in on_rows(scope, rows, closed)
        if isinstance(node, ast.Call)
        and not isinstance(node.func, ast.Call)
        and last_name(node.func) in names
    ]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))
