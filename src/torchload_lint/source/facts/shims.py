"""A ``safe_globals`` for every torch: the real one, or something harmless where there is none.

As in ``try: from torch.serialization import safe_globals``, ``except ImportError: from contextlib
import nullcontext as safe_globals``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module

REAL = ("torch.serialization", "safe_globals")


def shim_of(module: Module) -> tuple[str, int]:
    """The name that a file binds so at its top level, and its last row; ``("", 0)`` without one."""
    if "safe_globals" not in module.text:
        return "", 0
    for statement in module.tree.body:
        if isinstance(statement, (ast.Try, ast.If)):
            for name in _imported_as(statement):
                if _times_bound(statement, name) > 1:
                    return name, statement.end_lineno or 0
    return "", 0


def _imported_as(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.ImportFrom) and node.module == REAL[0] and not node.level:
            yield from (one.asname or one.name for one in node.names if one.name == REAL[1])


def _times_bound(statement: ast.stmt, name: str) -> int:
    return sum(
        (isinstance(node, ast.alias) and (node.asname or node.name) == name)
        or (isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name)
        for node in ast.walk(statement)
    )
