"""Tests around an expression that rule some of its possible values out.

Inside ``if opt.epoch != 0:`` the default 0 of ``--epoch`` is not what ``opt.epoch`` is, and
``model_0.pth`` is no file that the program reads.
"""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING

from torchload_lint.source.domain import Constant, Text, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.domain import Value, Values
    from torchload_lint.source.module import Module

_COMPARISONS: dict[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
    ast.Lt: operator.lt,  # type: ignore[dict-item]
    ast.LtE: operator.le,  # type: ignore[dict-item]
    ast.Gt: operator.gt,  # type: ignore[dict-item]
    ast.GtE: operator.ge,  # type: ignore[dict-item]
}


def allowed(
    node: ast.Name | ast.Attribute | ast.Subscript, values: Values, module: Module
) -> Values:
    """The values that the tests around ``node`` leave."""
    if not any(isinstance(value, Constant | Text) for value in values):
        return values
    spelled = ast.unparse(node)
    tests = [
        part
        for test, holds in _around(node, module)
        for part in _parts(test, holds=holds)
        if _is_about(part, spelled)
    ]
    if not tests:
        return values
    left = tuple(value for value in values if all(_passes(value, test) for test in tests))
    return left or unknown(f"{spelled} is not its default here")


def _around(node: ast.AST, module: Module) -> Iterator[tuple[ast.expr, bool]]:
    """The tests of the ``if`` statements and expressions around a node, and whether they hold."""
    inner: ast.AST = node
    while not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        outer = module.parents.get(inner)
        if outer is None:
            return
        if isinstance(outer, ast.If):
            if inner in outer.body:
                yield outer.test, True
            elif inner in outer.orelse:
                yield outer.test, False
        elif isinstance(outer, ast.IfExp) and inner is not outer.test:
            yield outer.test, inner is outer.body
        inner = outer


def _parts(test: ast.expr, *, holds: bool) -> Iterator[tuple[ast.expr, bool]]:
    """What must hold for the test to be what it is, piece by piece."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _parts(test.operand, holds=not holds)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        for part in test.values:
            yield from _parts(part, holds=holds)
    else:
        yield test, holds


def _is_about(part: tuple[ast.expr, bool], spelled: str) -> bool:
    test = part[0]
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return type(test.ops[0]) in _COMPARISONS and ast.unparse(test.left) == spelled
    return ast.unparse(test) == spelled


def _passes(value: Value, part: tuple[ast.expr, bool]) -> bool:
    """Whether a value may pass a test; what cannot be told may."""
    test, holds = part
    if isinstance(value, Text):
        if value.why:
            return True
        content: object = value.text
    elif isinstance(value, Constant):
        content = value.value
    else:
        return True
    if not isinstance(test, ast.Compare):
        return bool(content) is holds
    try:
        other = ast.literal_eval(test.comparators[0])
        return bool(_COMPARISONS[type(test.ops[0])](content, other)) is holds
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return True
