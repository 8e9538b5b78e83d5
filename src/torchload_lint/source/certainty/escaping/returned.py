"""Where a function has what it gives back: made in it, given to it, or kept somewhere else."""

from __future__ import annotations

import ast
from enum import Enum, auto
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.known import SHALLOW
from torchload_lint.source.text.definitions import FUNCTIONS, defaults, parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import FunctionNode

_NOTHING = ast.Constant(None)


class ComesFrom(Enum):
    """Where a function has what it gives back."""

    MADE = auto()
    """Each call makes its own."""
    COPIED = auto()
    """Each call makes its own, of the parts of something else."""
    GIVEN = auto()
    """The caller gave it."""
    DEFAULT = auto()
    """It is a default, one for all calls."""
    ELSEWHERE = auto()


def of_name(
    name: ast.Name,
    function: FunctionNode,
    module: SourceFile,
    evaluator: Evaluator,
    seen: frozenset[str] = frozenset(),
) -> Iterator[ComesFrom]:
    """Where a function has what a name in it stands for, through its other names there."""
    own = module.bindings.definitions(name)
    seen |= {name.id}
    if not own:
        yield ComesFrom.ELSEWHERE
    for each in own:
        if isinstance(each.node, ast.arg):
            yield _of_parameter(each.node, function, module)
        elif each.value is None or module.function(module.statement(each.node)) is not function:
            yield ComesFrom.ELSEWHERE
        else:
            for part in _alternatives(each.value):
                if not isinstance(part, ast.Name):
                    yield _of_value(part, module, evaluator)
                elif part.id not in seen:
                    yield from of_name(part, function, module, evaluator, seen)


def _of_parameter(arg: ast.arg, function: FunctionNode, module: SourceFile) -> ComesFrom:
    if not isinstance(defaults(function.args).get(arg.arg, _NOTHING), ast.Constant):
        return ComesFrom.DEFAULT
    own = module.parents.get(module.parents[arg]) is function
    return ComesFrom.GIVEN if own else ComesFrom.ELSEWHERE


def _of_value(value: ast.expr, module: SourceFile, evaluator: Evaluator) -> ComesFrom:
    if isinstance(value, ast.Attribute | ast.Subscript):
        return ComesFrom.ELSEWHERE
    if not isinstance(value, ast.Call):
        return ComesFrom.MADE
    dotted = module.bindings.qualified(value.func) or ""
    if dotted.removeprefix("builtins.") in SHALLOW:
        return ComesFrom.COPIED
    called = functions_called(evaluator, value, dotted, module)
    given_back = (may_return(each, parameters(each.args)) for each, _, _ in called)
    return ComesFrom.ELSEWHERE if any(given_back) else ComesFrom.MADE


def _alternatives(value: ast.expr) -> Iterator[ast.expr]:
    """What a value may be: the arms of ``a if test else b`` and of ``a or b``."""
    if isinstance(value, ast.IfExp):
        arms = [value.body, value.orelse]
    elif isinstance(value, ast.BoolOp):
        arms = value.values
    elif isinstance(value, ast.NamedExpr):
        arms = [value.value]
    else:
        yield value
        return
    for arm in arms:
        yield from _alternatives(arm)


def functions_called(
    evaluator: Evaluator, call: ast.Call, dotted: str, module: SourceFile
) -> list[tuple[FunctionNode, SourceFile, int]]:
    """The functions of the project that a call may mean; empty where that is not certain."""
    if not dotted:
        return []
    found = evaluator.project.definitions(dotted, module.path)
    own = [
        each.node
        for each in (
            module.bindings.definitions(call.func) if isinstance(call.func, ast.Name) else ()
        )
        if isinstance(each.node, FUNCTIONS)
    ]
    named: list[tuple[ast.AST, SourceFile]] = [(each.node, each.module) for each in found]
    named = named or [(node, module) for node in own]
    functions: list[tuple[FunctionNode, SourceFile, int]] = [
        (node, home, 0)
        for node, home in named
        if isinstance(node, FUNCTIONS)
        and not node.decorator_list
        and not isinstance(home.parents.get(node), ast.ClassDef)
    ]
    return functions if len(functions) == len(named) else []


def may_return(function: FunctionNode, args: Iterable[ast.arg]) -> bool:
    """Whether a function may give back what it was given, be it under another name."""
    if isinstance(function, ast.Lambda):
        return True
    names = _named_after({arg.arg for arg in args}, function)
    return any(
        isinstance(node, ast.Return | ast.Yield)
        and node.value is not None
        and not names.isdisjoint(_names_in(node.value))
        for node in ast.walk(function)
    )


def _named_after(names: set[str], function: ast.AST) -> set[str]:
    """Some names, and all that are given a value made of them (``other = thing``)."""
    made_of: dict[str, set[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            given = {name for target in targets for name in _names_in(target)}
            for name in _names_in(node.value):
                made_of.setdefault(name, set()).update(given)
    reached, left = set(names), list(names)
    while left:
        further = made_of.get(left.pop(), set()) - reached
        reached |= further
        left.extend(further)
    return reached


def _names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
