"""Values of Python's own types, and of no class that a file may have made an object of.

``str(x)``, ``repr(x)`` and ``f"{x}"`` may give an object of a class derived from ``str``, whose
``strip``, ``+`` and ``==`` are that class's own and give what they like: a class, a tensor, a
tuple. So may ``round(x)`` and ``math.floor(x)``, which only call a method of ``x``, ``math.gcd(x)``
of an object whose class derives from ``int``, and every operator that such an object meets.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_NUMBERS = frozenset("bool float hash id int len ord".split())
_HOLDING = frozenset("dict list range set tuple".split())
_OF_ARGUMENTS = frozenset("ceil comb floor gcd lcm perm prod sumprod trunc".split())
"""Functions of ``math`` that may give what a method of their argument gives, or an argument."""
_TEXT_TO_TEXT = frozenset("join lower lstrip replace rstrip strip title upper".split())
_TELLING = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp)


def is_exactly_known(node: ast.expr, home: SourceFile) -> bool:
    """Whether a value is exactly a number, a text, a list or the like, whatever a file says."""
    if isinstance(node, ast.BinOp):
        return is_exactly_known(node.left, home) and is_exactly_known(node.right, home)
    if isinstance(node, ast.Call) and _builtin(node, home) in _HOLDING:
        return True
    return isinstance(node, _DISPLAYS) or is_scalar(node, home)


def is_scalar(node: ast.expr, home: SourceFile) -> bool:
    """Whether a value is exactly a number or a text, whatever a file says."""
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not) or is_scalar(node.operand, home)
    if isinstance(node, ast.Compare):
        sides = (node.left, *node.comparators)
        is_told = all(isinstance(one, _TELLING) for one in node.ops)
        return is_told or all(is_scalar(one, home) for one in sides)
    if isinstance(node, ast.Call):
        module, _, name = (home.bindings.qualified(node.func) or "").partition(".")
        is_number = module == "math" and name not in _OF_ARGUMENTS
        return is_number or _builtin(node, home) in _NUMBERS or is_exact_text(node, home)
    if isinstance(node, ast.BinOp):
        return is_scalar(node.left, home) and is_scalar(node.right, home)
    return is_exact_text(node, home)


def is_exact_text(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is a constant, a text that is put together of parts, or a method of one."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _TEXT_TO_TEXT and is_exact_text(node.func.value, home)
    if isinstance(node, ast.JoinedStr):
        return len(node.values) > 1 or not any(
            isinstance(one, ast.FormattedValue) for one in node.values
        )
    return isinstance(node, ast.Constant)


def _builtin(call: ast.Call, home: SourceFile) -> str:
    """The builtin that a call calls; empty for anything else."""
    module, _, name = (home.bindings.qualified(call.func) or "").partition(".")
    return name if module == "builtins" else ""
