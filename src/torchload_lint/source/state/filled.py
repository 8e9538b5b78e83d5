"""What a called function stores in its argument: ``setup(args)`` sets ``args.resume``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Frame, lift, union
from torchload_lint.source.state import stores
from torchload_lint.source.state.bound import BoundArguments, match
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

    FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef

_MOST_CALLS = 12
"""Calls that are looked into for one attribute or item."""
_DEEPEST = 3


def before(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """What the functions that were given an object before this place stored under the attribute or
    item ``node`` of it.
    """
    root = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
    if not isinstance(root, ast.Name) or frame.calls >= _DEEPEST:
        return ()
    spelled, project = ast.unparse(node), evaluator.project
    scope = frame.module.bindings.scope(node)
    calls = project.remember(("calls with names", scope), lambda: _calls_with_names(scope))
    found: list[Values] = []
    for call in calls.get(root.id, ())[:_MOST_CALLS]:
        if call.lineno < node.lineno and isinstance(call.func, ast.Name | ast.Attribute):
            for function, module in _called(project, call.func, frame.module):
                found.append(_stored(evaluator, call, function, module, (root.id, spelled), frame))
    return lift(union(*found), Rung.LOCAL)


def _calls_with_names(scope: ast.AST) -> dict[str, list[ast.Call]]:
    """Name → the calls of a scope that are given it as it is, in the order of the text."""
    found: dict[str, list[ast.Call]] = {}
    for node in stores.own_nodes(scope):
        if isinstance(node, ast.Call):
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


def _stored(
    evaluator: Evaluator,
    call: ast.Call,
    function: FunctionDef,
    module: SourceFile,
    wanted: tuple[str, str],
    frame: Frame,
) -> Values:
    """What a function stores in the parameter that is given the name. ``wanted``: the name, and the
    attribute or item of it.
    """
    name, spelled = wanted
    targets = stores.of_scope(evaluator, function, module).targets
    given = match(call, function)
    inner = Frame(
        module,
        BoundArguments(evaluator, function, module, given, frame),
        frame.calls + 1,
        frame.callers,
    )
    return union(
        *(
            evaluator.values(value, inner)
            for parameter, argument in given.items()
            if isinstance(argument, ast.Name) and argument.id == name
            for _, _, value in targets.get(f"{parameter.arg}{spelled.removeprefix(name)}", ())
        )
    )
