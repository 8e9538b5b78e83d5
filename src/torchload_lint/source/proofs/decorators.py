"""Decorators that give back what they are given, as their source shows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import is_function
from torchload_lint.source.proofs.installed import in_packages
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_DESCRIBING = frozenset({"__doc__", "__module__", "__name__", "__qualname__"})


def gives_back(
    decorator: ast.expr, home: Module, project: ProjectIndex, *, untouched: bool = True
) -> bool:
    """Whether ``@decorator`` leaves the very class or function that it stands above.

    ``untouched``: whether nothing but its docstring may be set, and it may be handed to nobody.
    """
    func = decorator.func if isinstance(decorator, ast.Call) else decorator
    functions = _functions(func, home, project)
    if functions and isinstance(decorator, ast.Call):
        functions = [inner for one in functions for inner in _made(one)]
    return bool(functions) and all(_is_identity(one, untouched=untouched) for one in functions)


def _functions(func: ast.expr, home: Module, project: ProjectIndex) -> list[ast.AST]:
    dotted = home.bindings.qualified(func)
    if not dotted:
        return []
    found = list(project.definitions(dotted, home.path))
    found = found or [one for _, one in in_packages(dotted, project)]
    return [one.node for one in found]


def _made(function: ast.AST) -> Iterator[ast.AST]:
    """The inner functions that a function returns; itself for what is not only that."""
    if not is_function(function):
        yield function
        return
    inner = {one.name: one for one in function.body if is_function(one)}
    returned = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return)]
    for value in returned:
        yield inner.get(value.id, function) if isinstance(value, ast.Name) else function
    if not returned:
        yield function


def _is_identity(function: ast.AST, *, untouched: bool) -> bool:
    """Whether a function returns its only argument, and what it does with that."""
    if not is_function(function) or function.decorator_list or len(function.args.args) != 1:
        return False
    given = function.args.args[0].arg
    if not isinstance(function.body[-1], ast.Return):
        return False
    allowed: set[ast.AST] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node in _own_nodes(function):
            if not isinstance(node.value, ast.Name) or node.value.id != given:
                return False
            allowed.add(node.value)
        elif isinstance(node, ast.Attribute) and node.attr in _DESCRIBING:
            allowed.add(node.value)
    named = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == given]
    is_kept = all(isinstance(node.ctx, ast.Load) for node in named)
    return is_kept and (not untouched or allowed.issuperset(named))


def _own_nodes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    found: list[ast.AST] = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return found
