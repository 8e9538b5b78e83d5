"""The functions that are given an object by its name, and what they store in it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.state import stores
from torchload_lint.source.state.matching import match
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

    FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef
    Filling = tuple[ast.Call, FunctionDef, SourceFile, ast.arg]
    """A call, the function, its file, and the parameter that is given the object."""

_MOST_CALLS = 12
"""Calls that are looked into for one object."""
_DEEPEST = 3


def filling(
    evaluator: Evaluator, scope: ast.AST, name: str, suffix: str, module: SourceFile
) -> list[Filling]:
    """The calls in a scope that are given ``name`` as it is and store something whose spelling
    begins with ``name`` and ``suffix``, in the order of the text.
    """
    return [
        each
        for each in _given(evaluator, scope, name, module)
        if any(stored.startswith(suffix) for stored in _stored(evaluator, each, _DEEPEST))
    ]


def _given(
    evaluator: Evaluator, scope: ast.AST, name: str, module: SourceFile
) -> tuple[Filling, ...]:
    project = evaluator.project
    by_name = project.remember(("calls with names", scope), lambda: _calls_with_names(scope))
    calls = by_name.get(name, ())[:_MOST_CALLS]
    if not calls:
        return ()
    return project.remember(
        ("calls given", scope, name),
        lambda: tuple(
            (call, function, home, parameter)
            for call in calls
            for function, home in _called(project, call.func, module)
            for parameter, argument in match(call, function).items()
            if isinstance(argument, ast.Name) and argument.id == name
        ),
    )


def _stored(evaluator: Evaluator, call: Filling, depth: int) -> frozenset[str]:
    """How what is stored in a parameter is spelled, without the parameter: ``.resume``."""
    _, function, home, parameter = call

    def found() -> frozenset[str]:
        name = parameter.arg
        targets = stores.of_scope(evaluator, function, home).targets
        own = {each[len(name) :] for each in targets if each.startswith((f"{name}.", f"{name}["))}
        inner = _given(evaluator, function, name, home) if depth else ()
        deeper = (_stored(evaluator, each, depth - 1) for each in inner if each[1] is not function)
        return frozenset(own.union(*deeper))

    return evaluator.project.remember(("stored in", parameter, depth), found)


def _calls_with_names(scope: ast.AST) -> dict[str, list[ast.Call]]:
    """Name → the calls of a scope that are given it as it is, in the order of the text."""
    found: dict[str, list[ast.Call]] = {}
    for node in stores.own_nodes(scope):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(argument, ast.Name):
                    found.setdefault(argument.id, []).append(node)
    for calls in found.values():
        calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return found


def _called(
    project: ProjectIndex, function: ast.expr, module: SourceFile
) -> Iterator[tuple[FunctionDef, SourceFile]]:
    """The plain functions of the project that a call may mean."""
    if isinstance(function, ast.Name):
        for definition in module.bindings.definitions(function):
            if isinstance(definition.node, FUNCTIONS):
                yield definition.node, module
    dotted = module.bindings.qualified(function)
    for found in project.definitions(dotted, module.path) if dotted else ():
        if isinstance(found.node, FUNCTIONS) and found.module is not module:
            yield found.node, found.module
