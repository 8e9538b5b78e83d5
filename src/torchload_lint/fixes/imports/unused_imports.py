"""Take out the import of a name that a fix has left without a use."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import (
    Change,
    Source,
    apply_changes,
    changes_inside,
    past_blank_rows,
)
from torchload_lint.fixes.imports.imported import bound_by, top_level_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.source.facts.module import Module


def without_import(
    module: Module, source: Source, used: ast.expr, changes: Sequence[Change]
) -> list[Change]:
    """The changes, which take out ``used``, and with them the import that only it needed.

    Only ``from`` imports: ``import package`` may be there for what it does. What a package's
    ``__init__.py`` or ``__all__`` offers to others stays, and so does what a notebook imports.
    """
    statement = _only_needed_by(used, module)
    if statement is None:
        return list(changes)
    start, end = source.start(statement), source.end(statement)
    if any(one.start < end and start < one.end for one in changes if not _within(one, start, end)):
        return list(changes)
    inner = [one for one in changes if _within(one, start, end)]
    text = apply_changes(source.text[start:end], changes_inside(inner, start, end))
    kept = _without_name(text, _root(used).id)
    if kept is None:
        return list(changes)
    others = [one for one in changes if one not in inner]
    if kept:
        return [*others, Change(start, end, kept)]
    row = source.row_start(statement.lineno)
    row_end = source.row_start((statement.end_lineno or statement.lineno) + 1)
    alone = not (source.text[row:start] + source.text[end:row_end]).strip()
    if not alone:
        return list(changes)
    return [*others, Change(row, past_blank_rows(source, row, row_end), "")]


def _within(change: Change, start: int, end: int) -> bool:
    return start <= change.start and change.end <= end


def _root(node: ast.expr) -> ast.Name:
    while isinstance(node, ast.Attribute):
        node = node.value
    assert isinstance(node, ast.Name)
    return node


def _only_needed_by(used: ast.expr, module: Module) -> ast.ImportFrom | None:
    """The import that binds the name of an expression, if nothing else in the file reads it."""
    node = used
    while isinstance(node, ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Name) or module.path.endswith(("__init__.py", ".ipynb")):
        return None
    binding = [one for one in top_level_imports(module) if node.id in map(bound_by, one.names)]
    if len(binding) != 1 or not isinstance(binding[0], ast.ImportFrom):
        return None
    for other in ast.walk(module.tree):
        if isinstance(other, ast.Name) and other.id == node.id and other is not node:
            return None
        if isinstance(other, ast.Constant) and other.value == node.id:
            return None
    return binding[0]


def _without_name(text: str, name: str) -> str | None:
    """An import statement without a name; empty if it was the only one, None where comments or
    backslashes leave open what belongs to the name.
    """
    if "#" in text or "\\" in text:
        return None
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.ImportFrom)
    index = next(i for i, one in enumerate(statement.names) if bound_by(one) == name)
    if len(statement.names) == 1:
        return ""
    source = Source(text)
    here = statement.names[index]
    if index + 1 < len(statement.names):
        start, end = source.start(here), source.start(statement.names[index + 1])
    else:
        start, end = source.end(statement.names[index - 1]), source.end(here)
    return text[:start] + text[end:]
