"""Classes in the source: their members and their bases."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.names import GlobalName
from torchload_lint.source.names.members import base_expressions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_DEEPEST_HIERARCHY = 12

_Ancestor: TypeAlias = "tuple[ast.ClassDef, SourceFile]"


def ancestry(
    node: ast.ClassDef, module: SourceFile, project: ProjectIndex
) -> Iterator[tuple[ast.ClassDef, SourceFile]]:
    """The class and those of its bases that the project defines, in the order in which Python
    looks for a name in them.
    """
    yield from project.remember(
        ("definitions", "ancestry", node),
        lambda: _linear(node, module, project, ()),
        stands=True,
    )


def _linear(
    node: ast.ClassDef, module: SourceFile, project: ProjectIndex, below: tuple[ast.ClassDef, ...]
) -> list[_Ancestor]:
    """The method resolution order, as far as the project's own classes go."""
    if node in below or len(below) >= _DEEPEST_HIERARCHY:
        return []
    direct: list[_Ancestor] = [
        (found.node, found.module)
        for base in base_expressions(node)
        if (dotted := module.bindings.qualified(base))
        for found in project.definitions(dotted, module.path)
        if isinstance(found.node, ast.ClassDef)
    ]
    rows = [_linear(*base, project, (*below, node)) for base in direct]
    return [(node, module), *_merged([*rows, direct])]


def _merged(rows: list[list[_Ancestor]]) -> Iterator[_Ancestor]:
    """The rows as one: each class once, before what it inherits from (the C3 order of Python)."""
    while rows := [row for row in rows if row]:
        later = {level for row in rows for level, _ in row[1:]}
        level = next((row[0] for row in rows if row[0][0] not in later), rows[0][0])
        yield level
        rows = [[each for each in row if each[0] is not level[0]] for row in rows]


def bases(node: ast.ClassDef, module: SourceFile) -> tuple[GlobalName, ...]:
    """The direct base classes, as far as the file's imports say their names."""
    names = map(module.bindings.qualified, base_expressions(node))
    return tuple(GlobalName.parse(name) for name in names if name)


def base_names(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> frozenset[str]:
    """The dotted names of every base, direct or not, as far as the project's source goes."""
    return frozenset(
        str(base) for level in ancestry(node, module, project) for base in bases(*level)
    )
