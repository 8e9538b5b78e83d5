"""Classes in the source: their members and their bases."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_DEEPEST_HIERARCHY = 12


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
    found = None
    for statement in body(node.body):
        if _defines(statement, name):
            found = statement
    return found


def _defines(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return statement.name == name
    if isinstance(statement, ast.Assign):
        return any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        )
    return (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and statement.target.id == name
    )


def is_function(node: ast.AST | None) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Whether the node is a ``def``."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def ancestry(
    node: ast.ClassDef, module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.ClassDef, Module]]:
    """The class and those of its bases that the project defines, nearest first."""
    waiting = [(node, module)]
    seen: set[ast.ClassDef] = set()
    while waiting and len(seen) < _DEEPEST_HIERARCHY:
        current, home = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        yield current, home
        for base in base_expressions(current):
            dotted = home.bindings.qualified(base)
            waiting.extend(
                (found.node, found.module)
                for found in (project.definitions(dotted, home.path) if dotted else ())
                if isinstance(found.node, ast.ClassDef)
            )


def base_expressions(node: ast.ClassDef) -> list[ast.expr]:
    """The base classes as they are written, ``Base`` for ``Base[int]``."""
    return [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]


def bases(node: ast.ClassDef, module: Module) -> tuple[GlobalName, ...]:
    """The direct base classes, as far as the file's imports tell their names."""
    names = map(module.bindings.qualified, base_expressions(node))
    return tuple(GlobalName.parse(name) for name in names if name)


def base_names(node: ast.ClassDef, module: Module, project: ProjectIndex) -> frozenset[str]:
    """The dotted names of every base, direct or not, as far as the project's source goes."""
    return frozenset(
        str(base) for level in ancestry(node, module, project) for base in bases(*level)
    )
