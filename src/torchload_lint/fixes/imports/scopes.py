"""Which names a place can see: enclosing scopes, and what each of them binds.

Deliberately coarse: a fix may only write a name that means the same thing on every path.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    FunctionOrClass = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
FUNCTIONS_AND_LAMBDAS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def nodes_around(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    """The nodes around ``node``, innermost first."""
    while (above := parents.get(node)) is not None:
        yield above
        node = above


def enclosing_scopes(
    statement: ast.stmt, parents: Mapping[ast.AST, ast.AST]
) -> list[FunctionOrClass]:
    """The functions and classes whose *body* holds a statement, innermost first."""
    return [node for node in nodes_around(statement, parents) if isinstance(node, SCOPES)]


def bound_names(scope: ast.AST) -> frozenset[str]:
    """The names that a function or class body binds itself (not its nested scopes)."""
    return _bound(scope)


@lru_cache(maxsize=64)
def _bound(scope: ast.AST) -> frozenset[str]:
    names: set[str] = set()
    outside: set[str] = set()
    if isinstance(scope, FUNCTIONS_AND_LAMBDAS):
        arguments = scope.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
        names.update(argument.arg for argument in every)
    body = getattr(scope, "body", [])
    pending: list[ast.AST] = list(body) if isinstance(body, list) else [body]
    while pending:
        node = pending.pop()
        names.update(bindings_of(node))
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            outside.update(node.names)
        if isinstance(node, SCOPES):
            pending += _outer_parts(node)
        else:
            pending += ast.iter_child_nodes(node)
    return frozenset(names - outside)


def _outer_parts(node: FunctionOrClass) -> list[ast.AST]:
    """The parts of a nested definition that are evaluated in the scope around it."""
    if isinstance(node, ast.ClassDef):
        return [*node.bases, *node.keywords, *node.decorator_list]
    decorators: list[ast.AST] = [] if isinstance(node, ast.Lambda) else [*node.decorator_list]
    defaults = [default for default in node.args.kw_defaults if default is not None]
    return [*decorators, *node.args.defaults, *defaults]


_NAME_FIELD: dict[type[ast.AST], str] = {
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ClassDef: "name",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
    ast.arg: "arg",
}


def bindings_of(node: ast.AST) -> Iterator[str]:
    """The names that one node binds, or declares to be bound elsewhere."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    elif (field := _NAME_FIELD.get(type(node))) is not None:
        name: str | None = getattr(node, field)
        if name is not None:
            yield name


@lru_cache(maxsize=8)
def names_in_use(tree: ast.Module) -> frozenset[str]:
    """Every name that a file reads, binds or declares anywhere."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        else:
            names.update(bindings_of(node))
    return frozenset(names)


def is_visible(name: str, scopes: list[FunctionOrClass]) -> bool:
    """Whether a module-level (or builtin) name is not hidden at a place by scopes around it.

    A class body hides names only from the statements that stand directly in it.
    """
    return not any(
        name in bound_names(scope)
        for index, scope in enumerate(scopes)
        if index == 0 or not isinstance(scope, ast.ClassDef)
    )
