"""Loops around places: what stands later in one may have run before."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def around_both(one: ast.AST, other: ast.AST, module: SourceFile) -> ast.AST | None:
    """The innermost loop that is around two nodes."""
    around: set[ast.AST] = set()
    holder: ast.AST | None = one
    while holder is not None:
        if isinstance(holder, _LOOPS):
            around.add(holder)
        holder = module.parents.get(holder)
    holder = other
    while holder is not None and holder not in around:
        holder = module.parents.get(holder)
    return holder
