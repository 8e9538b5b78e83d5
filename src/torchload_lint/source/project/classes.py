"""Classes in the source: their members and their bases."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.names import GlobalName
from torchload_lint.source.names.members import (
    base_expressions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_DEEPEST_HIERARCHY = 12


def ancestry(
    node: ast.ClassDef, module: SourceFile, project: ProjectIndex
) -> Iterator[tuple[ast.ClassDef, SourceFile]]:
    """The class and those of its bases that the project defines, nearest first."""
    waiting = [(node, module)]
    seen: set[ast.ClassDef] = set()
    while waiting and len(seen) < _DEEPEST_HIERARCHY:
        current, home = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        yield current, home
        for base in base_expressions(current):
            dotted = home.bindings.qualified(base)
            waiting.extend(
                (found.node, found.module)
                for found in (project.definitions(dotted, home.path) if dotted else ())
                if isinstance(found.node, ast.ClassDef)
            )


def bases(node: ast.ClassDef, module: SourceFile) -> tuple[GlobalName, ...]:
    """The direct base classes, as far as the file's imports say their names."""
    names = map(module.bindings.qualified, base_expressions(node))
    return tuple(GlobalName.parse(name) for name in names if name)


def base_names(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> frozenset[str]:
    """The dotted names of every base, direct or not, as far as the project's source goes."""
    return frozenset(
        str(base) for level in ancestry(node, module, project) for base in bases(*level)
    )
