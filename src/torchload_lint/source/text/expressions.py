"""Small questions about one expression, answered from its shape alone."""

from __future__ import annotations

import ast

_ENDS = frozenset({"sys.exit", ".exit", ".quit", "os._exit"})


def last_name(node: ast.expr) -> str:
    """The last part of a name, an attribute, or what a call calls; else empty."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def text_of(node: ast.expr) -> str:
    """The value of a string literal; empty for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


TOO_DEEP = "…"
"""Stands for code that is nested too deeply to be written."""


def code_of(node: ast.AST) -> str:
    """A node's code; ``…`` where it is nested too deeply to be written."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return TOO_DEEP


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING``, from whichever module."""
    return last_name(test) == "TYPE_CHECKING"


def ends_the_program(node: ast.expr) -> bool:
    """Whether this is ``sys.exit()`` or one of its kind."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return f".{node.func.id}" in _ENDS
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return f"{node.func.value.id}.{node.func.attr}" in _ENDS
    return False
