"""Members of a class body, and what their shape alone tells."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.text.definitions import FunctionNode

_KNOWN: WeakKeyDictionary[ast.ClassDef, dict[str, ast.stmt]] = WeakKeyDictionary()
"""What was found in a class, for as long as somebody has its tree: an editor soon has another."""


def body(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a class or module body, those inside ``if``, ``try`` and ``with`` too."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for name in ("body", "orelse", "finalbody"):
                yield from body(getattr(statement, name, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from body(handler.body)


def member(node: ast.ClassDef, name: str) -> ast.stmt | None:
    """The statement of a class body that defines ``name`` last."""
    return _members(node).get(name)


def _members(node: ast.ClassDef) -> dict[str, ast.stmt]:
    """Name → the statement of a class body that defines it last."""
    found = _KNOWN.get(node)
    if found is None:
        found = {name: each for each in body(node.body) for name in _defined(each)}
        _KNOWN[node] = found
    return found


def _defined(statement: ast.stmt) -> tuple[str, ...]:
    """The names that a definition or an assignment defines."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return (statement.name,)
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return tuple(target.id for target in targets if isinstance(target, ast.Name))


def odd_members(node: ast.ClassDef) -> Iterator[ast.stmt]:
    """The statements of a class body that may name something otherwise than by a definition or an
    assignment: imports, loops, ``:=``, ``del``.
    """
    for statement in body(node.body):
        if isinstance(statement, _PLAIN_MEMBERS):
            parts = _outside_of_bodies(statement)
            if any(isinstance(part, ast.NamedExpr) for one in parts for part in ast.walk(one)):
                yield statement
        elif not isinstance(statement, ast.Pass):
            yield statement


def names_given_oddly(node: ast.ClassDef) -> frozenset[str]:
    """The names that such statements of a class body may give another value."""
    parts = [part for odd in odd_members(node) for part in ast.walk(odd)]
    set_there = (
        part.id
        for part in parts
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    )
    imported = (
        part.asname or part.name.partition(".")[0] for part in parts if isinstance(part, ast.alias)
    )
    return frozenset((*set_there, *imported))


def _outside_of_bodies(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a statement evaluates itself, without the statements inside it."""
    if is_function(statement):
        yield from statement.decorator_list
        yield from (statement.args, *filter(None, (statement.returns,)))
    elif isinstance(statement, ast.ClassDef):
        yield from (*statement.decorator_list, *statement.bases, *statement.keywords)
    elif isinstance(statement, ast.If):
        yield statement.test
    elif not isinstance(statement, ast.Try):
        yield statement


_PLAIN_MEMBERS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Expr),
    *(ast.If, ast.Try),
)


def is_function(node: ast.AST | None) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Whether the node is a ``def``."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def base_expressions(node: ast.ClassDef) -> list[ast.expr]:
    """The base classes as they are written, ``Base`` for ``Base[int]``."""
    return [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]


def is_static(node: FunctionNode) -> bool:
    """Whether a method is a ``staticmethod``."""
    return _has_decorator(node, "staticmethod")


def is_class_method(node: FunctionNode) -> bool:
    """Whether a method is a ``classmethod``."""
    return _has_decorator(node, "classmethod")


def is_computed(node: FunctionNode) -> bool:
    """Whether it is what a ``property`` asks, written by its plain name."""
    return _has_decorator(node, "property") or _has_decorator(node, "cached_property")


def _has_decorator(node: FunctionNode, name: str) -> bool:
    return any(
        isinstance(decorator, ast.Name) and decorator.id == name
        for decorator in getattr(node, "decorator_list", ())
    )
