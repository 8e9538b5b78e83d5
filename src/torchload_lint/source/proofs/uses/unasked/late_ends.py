"""Code that runs when an object goes: perhaps after the load, when what was restored has its code.

While a file is read, blank objects stand for those of classes that are only restored. So what a
proven class asks of them then runs nothing; what it asks of them later would.
"""

from __future__ import annotations

import ast

_ENDING_LATE = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_ENDS = frozenset({"__del__", "close"})
"""Methods that Python calls: the second one of what a generator, given up, yields from."""


def ends_late(node: ast.AST) -> str:
    """What in a piece of code may run so; empty where nothing does."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in _ENDS:
        is_empty = all(isinstance(one, ast.Pass) for one in node.body)
        return "" if is_empty else f"{node.name}, which may run when the load is over"
    is_around = type(node).__name__ in {"Try", "TryStar", "With"}
    if isinstance(node, _ENDING_LATE) or (
        is_around and any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node))
    ):
        return "a generator that does something when it is given up"
    return ""
