"""What runs after a load, and so writes nothing that it reads."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.state import loops

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile


def comes_after(save: ast.expr, load: ast.expr, statement: ast.stmt, module: SourceFile) -> bool:
    """Whether a save follows the load in the same flow: it writes what becomes of what was loaded.
    ``statement``: the load's.

    One in a loop may be what the next start of a training resumes from.
    """
    follows = (
        (save.lineno, save.col_offset) > (load.lineno, load.col_offset)
        and module.function(load) is module.function(save)
        and loops.around_both(save, save, module) is None
    )
    return (
        follows
        and not _leaves(statement, save, module)
        and not _is_in_other_arm(statement, save, module)
    )


def _is_in_other_arm(statement: ast.stmt, other: ast.AST, module: SourceFile) -> bool:
    """Whether an ``if`` runs either the one or the other: what is not there yet is saved for the
    next run.
    """
    inner: ast.AST | None = statement
    while inner is not None and not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
        outer = module.parents.get(inner)
        if isinstance(outer, ast.If):
            others = outer.orelse if inner in outer.body else outer.body
            if any(other in ast.walk(each) for each in others):
                return True
        inner = outer
    return False


def _leaves(statement: ast.stmt, save: ast.AST, module: SourceFile) -> bool:
    """Whether the branch of a load ends the function before the save: what is saved beside it is
    what the next run finds there.
    """
    node: ast.AST | None = statement
    while isinstance(node, ast.stmt) and save not in ast.walk(node):
        parent = module.parents.get(node)
        blocks = (getattr(parent, name, ()) for name in ("body", "orelse"))
        block = next((each for each in blocks if isinstance(each, list) and node in each), [node])
        if any(isinstance(each, ast.Return | ast.Raise) for each in block) and (
            isinstance(parent, ast.If | ast.Try)
        ):
            return True
        node = parent
    return False
