"""Decorators that give back what they are given, as their source shows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import is_function
from torchload_lint.source.proofs.installed import in_packages
from torchload_lint.source.proofs.uses.missing import answered_elsewhere, defined_anew
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

PROPERTIES = frozenset({"builtins.property", "functools.cached_property"})
_ACCESSORS = frozenset({"deleter", "getter", "setter"})
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
        given = bool(decorator.args or decorator.keywords)
        made = [(inner, one) for one in functions for inner in _made(one)]
        if given and any(inner is one for inner, one in made):
            return False  # ``@same(Other)`` gives back Other
        functions = [inner for inner, _ in made]
    return bool(functions) and all(_is_identity(one, untouched=untouched) for one in functions)


def is_accessor(decorator: ast.expr, home: SourceFile) -> bool:
    """``@name.setter`` and its kin, where ``name`` is a property of the class."""
    if not isinstance(decorator, ast.Attribute) or decorator.attr not in _ACCESSORS:
        return False
    named = decorator.value
    made = home.bindings.definitions(named) if isinstance(named, ast.Name) else ()
    return bool(made) and all(
        is_function(one.node)
        and one.node is not home.parents.get(decorator)
        and any(_makes_property(mark, home) for mark in one.node.decorator_list)
        for one in made
    )


def _makes_property(mark: ast.expr, home: SourceFile) -> bool:
    return home.bindings.qualified(mark) in PROPERTIES or is_accessor(mark, home)


def _functions(func: ast.expr, home: Module, project: ProjectIndex) -> list[ast.AST]:
    dotted = home.bindings.qualified(func)
    if not dotted or defined_anew(func, home) or answered_elsewhere(dotted, home.path, project):
        return []
    found = list(project.definitions(dotted, home.path))
    found = found or [one for _, one in in_packages(dotted, project)]
    return [one.node for one in found]


def _made(function: ast.AST) -> Iterator[ast.AST]:
    """The inner functions that a function returns; itself for what is not only that."""
    if not is_function(function):
        yield function
        return
    inner = {
        one.name: one
        for one in function.body
        if is_function(one) and _bindings(one.name, function) == 1
    }
    returned = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return)]
    for value in returned:
        yield inner.get(value.id, function) if isinstance(value, ast.Name) else function
    if not returned:
        yield function


def _is_identity(function: ast.AST, *, untouched: bool) -> bool:
    """Whether a function returns its only argument, and what it does with that."""
    if not isinstance(function, ast.FunctionDef) or function.decorator_list:
        return False
    positional = [*function.args.posonlyargs, *function.args.args]
    if len(positional) != 1 or not isinstance(function.body[-1], ast.Return):
        return False
    given = positional[0].arg
    if _bindings(given, function) != 1:
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


def _bindings(name: str, function: ast.AST) -> int:
    """How often a function, or one inside it, gives a name a meaning."""
    parts = (part for part in ast.walk(function) if part is not function)
    return sum(name in bound for part in parts for bound in _bound(part))


def _bound(part: ast.AST) -> Iterator[list[str]]:
    """The names that a part of a tree gives a meaning, as they stand in it."""
    if isinstance(part, ast.Name):
        yield [part.id] if not isinstance(part.ctx, ast.Load) else []
    elif isinstance(part, ast.alias):
        yield [part.asname or part.name.partition(".")[0], "*" if part.name == "*" else ""]
    elif not isinstance(part, ast.Attribute | ast.Constant | ast.keyword | ast.MatchClass):
        for value in vars(part).values():
            yield value if isinstance(value, list) else [value]


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
