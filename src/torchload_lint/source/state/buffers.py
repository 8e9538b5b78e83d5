"""Buffers in memory: whether they still hold what they were made of."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_WRITING = frozenset({"write", "writelines", "truncate", "getbuffer"})
"""Methods that change what a buffer holds."""


def is_written(made: ast.Call, module: SourceFile) -> bool:
    """Whether something is written into a buffer, under the name that it has where it is made."""
    holder = module.parents.get(made)
    if not any(f".{method}" in module.text for method in _WRITING):
        return False
    targets = (
        holder.targets if isinstance(holder, ast.Assign) else [getattr(holder, "target", None)]
    )
    names = {_last_name(each) for each in targets} - {""}
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in _WRITING
        and _last_name(node.value) in names
        for node in ast.walk(module.tree)
    )


def _last_name(node: ast.AST | None) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")
