"""What a test consists of, piece by piece, and what some of them mean: ``len(name) == 0``."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Constant, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Value

_LENGTHS: dict[tuple[type[ast.cmpop], int], bool] = {
    (ast.Eq, 0): False,
    (ast.NotEq, 0): True,
    (ast.Gt, 0): True,
    (ast.Lt, 1): False,
    (ast.GtE, 1): True,
}
"""Comparisons of a length with a number that ask whether there is anything."""
_FINDS: dict[tuple[type[ast.cmpop], str], bool] = {
    (ast.Gt, "-1"): True,
    (ast.NotEq, "-1"): True,
    (ast.GtE, "0"): True,
    (ast.Eq, "-1"): False,
    (ast.Lt, "0"): False,
}
"""Comparisons of where a part of a text stands that ask whether it is there."""


def _length(test: ast.expr) -> tuple[ast.expr, bool] | None:
    """The text in ``len(text) == 0``, and whether the test asks for letters; None for others."""
    asks, measured = True, test
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        other = getattr(test.comparators[0], "value", None)
        if type(other) is not int or (type(test.ops[0]), other) not in _LENGTHS:
            return None
        asks, measured = _LENGTHS[type(test.ops[0]), other], test.left
    if not isinstance(measured, ast.Call) or len(measured.args) != 1:
        return None
    is_length = isinstance(measured.func, ast.Name) and measured.func.id == "len"
    return (measured.args[0], asks) if is_length else None


def _found(test: ast.expr) -> bool | None:
    """Whether ``name.find("a") > -1`` asks for a part of a text, or for one without; None for
    others.
    """
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
        return None
    call = test.left
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return None
    if call.func.attr != "find" or [type(each) for each in call.args] != [ast.Constant]:
        return None
    return _FINDS.get((type(test.ops[0]), ast.unparse(test.comparators[0])))


@lru_cache(maxsize=64)
def _part_of(test: ast.expr) -> ast.expr:
    """``"a" in name`` for ``name.find("a") > -1``; one and the same, whenever it is asked for."""
    call = test.left if isinstance(test, ast.Compare) else test
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    asked = ast.Compare(call.args[0], [ast.In()], [call.func.value])
    return ast.copy_location(asked, test)


def conjuncts(test: ast.expr, *, holds: bool) -> Iterator[tuple[ast.expr, bool]]:
    """What must hold for the test to be what it is, piece by piece."""
    length, found = _length(test), _found(test)
    if length is not None:
        yield length[0], length[1] is holds
    elif found is not None:
        yield _part_of(test), found is holds
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from conjuncts(test.operand, holds=not holds)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
        for part in test.values:
            yield from conjuncts(part, holds=holds)
    else:
        yield test, holds


def all_parts(tests: Iterable[tuple[ast.expr, bool]]) -> Iterator[tuple[ast.expr, bool]]:
    """What must hold for all of the tests to be what they are, piece by piece."""
    for test, holds in tests:
        yield from conjuncts(test, holds=holds)


def is_of_kind(test: ast.expr, node: ast.expr, value: Value) -> bool | None:
    """What ``isinstance(size, int)`` says of a number or a text, and ``path is None`` of a text;
    None for other tests.
    """
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.IsNot):
        asks = getattr(test.comparators[0], "value", ...) is None and isinstance(value, Text)
        is_it = asks and ast.unparse(test.left) == ast.unparse(node)
        return isinstance(test.ops[0], ast.IsNot) if is_it else None
    if not isinstance(test, ast.Call) or len(test.args) != 2:  # noqa: PLR2004 - object and class
        return None
    function, asked, kind = map(ast.unparse, (test.func, *test.args))
    if function != "isinstance" or kind not in {"int", "str"} or asked != ast.unparse(node):
        return None
    if isinstance(value, Constant):
        return kind == "int" and isinstance(value.value, int)
    return kind == "str" if isinstance(value, Text) and not value.is_path else None
