"""Where a load stands, and so how it can be put into a block without changing what happens.

A simple statement goes into the block whole. Where that would keep the block open while other code
runs (a suspended generator, the body of a loop), or hide a value that a notebook shows, the load
moves in front, into a name, provided that nothing with an effect runs before it. Where it runs
later, repeatedly or perhaps never (a lambda, a ``while`` condition, the right side of ``and``), a
small function carries the block.
"""

from __future__ import annotations

import ast
from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.source.text.definitions import COMPREHENSIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    ParentMap = Mapping[ast.AST, ast.AST]


class Shape(Enum):
    """The form of the rewrite."""

    WRAP = "wrap"
    HOIST = "hoist"
    FUNCTION = "function"


_COMPOUND = (
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.If,
    ast.With,
    ast.AsyncWith,
    ast.Match,
    ast.Try,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)
_HOISTABLE = (
    ast.For,
    ast.AsyncFor,
    ast.If,
    ast.With,
    ast.AsyncWith,
    ast.Match,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)
_SUSPENDS = (ast.Yield, ast.YieldFrom, ast.Await)
_LATER = (ast.Lambda, ast.GeneratorExp)
# Builtins that have used up their iterator when they return.
_EXHAUSTS = frozenset("list tuple set frozenset dict sorted sum max min any all".split())
_EXHAUSTING_METHODS = frozenset({"join", "extend", "update"})
_PURE = (
    ast.Name,
    ast.Attribute,
    ast.Constant,
    ast.Subscript,
    ast.Slice,
    ast.Tuple,
    ast.List,
    ast.Dict,
    ast.UnaryOp,
    ast.unaryop,
    ast.expr_context,
    ast.Lambda,
    ast.arguments,
)


# What is evaluated first, and always, of a node; the rest may come later or never.
_FIRST_FIELD: dict[type[ast.AST], str] = {
    ast.IfExp: "test",
    ast.Assert: "test",
    ast.comprehension: "iter",
    ast.Assign: "value",
    ast.AnnAssign: "value",
    ast.For: "iter",
    ast.AsyncFor: "iter",
    ast.withitem: "context_expr",
    ast.Match: "subject",
}


def is_compound(statement: ast.stmt) -> bool:
    """Whether a statement holds other statements."""
    return isinstance(statement, _COMPOUND)


def shape_of(
    node: ast.expr,
    statement: ast.stmt,
    parents: ParentMap,
    outside: Collection[ast.AST] = (),
    *,
    shown: bool = False,
    apart: bool = False,
) -> Shape:
    """How the load ``node`` inside ``statement`` is to be rewritten.

    ``outside``: calls in the statement that must not run inside the block. ``shown``: the value of
    the statement is shown where it stands, which it would not be inside a block. ``apart``: what is
    loaded may be put away inside the block, and used only below it.
    """
    steps = list(_steps(node, statement, parents))
    if any(_runs_later(parent, child, parents) for parent, child in steps):
        return Shape.FUNCTION
    if not is_compound(statement):
        used = apart and not is_put_away(node, statement)
        if not (_suspends(statement) or outside or shown or used):
            return Shape.WRAP
        if any(call in outside for call in ast.walk(node)):
            return Shape.FUNCTION
        return _hoist(node, statement, steps, parents)
    if not isinstance(statement, _HOISTABLE) or _is_elif(statement, parents):
        return Shape.FUNCTION
    return _hoist(node, statement, steps, parents)


def is_put_away(node: ast.expr, statement: ast.stmt) -> bool:
    """Whether a statement gives a value to plain names, or returns it, and does no more with it.

    An attribute or an item is no plain name: ``nn.Module`` looks at what it is given.
    """
    if isinstance(statement, ast.Assign):
        names = all(isinstance(target, ast.Name) for target in statement.targets)
        return statement.value is node and names
    if isinstance(statement, ast.AnnAssign):
        return statement.value is node and isinstance(statement.target, ast.Name)
    return isinstance(statement, ast.Return | ast.Expr) and statement.value is node


def _hoist(
    node: ast.expr, statement: ast.stmt, steps: list[tuple[ast.AST, ast.AST]], parents: ParentMap
) -> Shape:
    # In a class body a new name would become an attribute of the class.
    in_class = isinstance(parents.get(statement), ast.ClassDef)
    if in_class or _suspends(node) or not all(_comes_first(*step) for step in steps):
        return Shape.FUNCTION
    return Shape.HOIST


def _steps(
    node: ast.AST, statement: ast.stmt, parents: ParentMap
) -> Iterator[tuple[ast.AST, ast.AST]]:
    """(parent, child) from the load up to its statement."""
    while node is not statement:
        parent = parents[node]
        yield parent, node
        node = parent


def _runs_later(parent: ast.AST, child: ast.AST, parents: ParentMap) -> bool:
    """Whether ``child`` runs at another time than the expression ``parent`` it is part of."""
    if isinstance(parent, ast.Lambda):
        return child is parent.body
    if isinstance(parent, ast.GeneratorExp):
        # Only the first iterable is evaluated at once.
        return child is not parent.generators[0] and not _is_exhausted(parent, parents)
    if isinstance(parent, ast.comprehension) and child is not parent.iter:
        owner = parents[parent]
        return isinstance(owner, ast.GeneratorExp) and not _is_exhausted(owner, parents)
    return False


def _is_exhausted(generator: ast.GeneratorExp, parents: ParentMap) -> bool:
    user = parents[generator]
    if isinstance(user, ast.Starred):
        return True
    if not isinstance(user, ast.Call) or generator not in user.args:
        return False
    if isinstance(user.func, ast.Name):
        return user.func.id in _EXHAUSTS
    return isinstance(user.func, ast.Attribute) and user.func.attr in _EXHAUSTING_METHODS


def _suspends(node: ast.AST) -> bool:
    """Whether evaluating a node may hand control to other code for a while."""
    if isinstance(node, _SUSPENDS) or (isinstance(node, ast.comprehension) and node.is_async):
        return True
    return not isinstance(node, _LATER) and any(map(_suspends, ast.iter_child_nodes(node)))


def _is_elif(statement: ast.stmt, parents: ParentMap) -> bool:
    """Whether an ``if`` is the only statement of another's ``else`` (``elif`` looks the same)."""
    parent = parents.get(statement)
    return (
        isinstance(statement, ast.If)
        and isinstance(parent, ast.If)
        and parent.orelse == [statement]
        and statement.col_offset == parent.col_offset
    )


def _comes_first(parent: ast.AST, child: ast.AST) -> bool:
    """Whether ``child`` is always evaluated, and nothing with an effect before it."""
    if isinstance(parent, ast.BoolOp):
        return child is parent.values[0]
    if isinstance(parent, ast.Compare):
        return child is parent.left or (child is parent.comparators[0] and _is_pure(parent.left))
    if isinstance(parent, COMPREHENSIONS):
        return child is parent.generators[0]
    if isinstance(parent, (ast.With, ast.AsyncWith)):
        return child is parent.items[0]
    for kind, field in _FIRST_FIELD.items():
        if isinstance(parent, kind):
            return child is getattr(parent, field)
    return all(_is_pure(sibling) for sibling in _earlier(parent, child))


def _earlier(parent: ast.AST, child: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression or header that stand before ``child``."""
    place = _place(child)
    for part in ast.iter_child_nodes(parent):
        if part is not child and isinstance(part, (ast.expr, ast.keyword)) and _place(part) < place:
            yield part


def _place(node: ast.AST) -> tuple[int, int]:
    located = next(
        part for part in ast.walk(node) if isinstance(part, (ast.expr, ast.keyword, ast.alias))
    )
    return located.lineno, located.col_offset


def _is_pure(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword):
        node = node.value
    return all(isinstance(part, _PURE) for part in ast.walk(node))
