"""Calls that no caller reaches: they stand behind a flag that every call of their function turns
off. One that is off by default is for others to turn on.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names import members
from torchload_lint.source.project import callers
from torchload_lint.source.state.matching import match

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile


def is_unreached(evaluator: Evaluator, call: ast.Call, frame: Frame) -> bool:
    """Whether a call stands in a branch that is never taken. ``frame``: its function's."""
    inner: ast.AST = call
    while not members.is_function(inner):
        outer = frame.module.parents.get(inner)
        if outer is None:
            return False
        if isinstance(outer, ast.If) and inner is not outer.test:
            wanted = inner in outer.body
            if _is_off(evaluator, outer.test, wanted=wanted, frame=frame):
                return True
        inner = outer
    return False


def _is_off(evaluator: Evaluator, test: ast.expr, *, wanted: bool, frame: Frame) -> bool:
    """Whether a test of a flag that callers give is never what it has to be."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_off(evaluator, test.operand, wanted=not wanted, frame=frame)
    definitions = frame.module.bindings.definitions(test) if isinstance(test, ast.Name) else ()
    parameter = definitions[0].node if len(definitions) == 1 else None
    if not isinstance(parameter, ast.arg):
        return False
    return _written(evaluator, parameter, frame.module) == {not wanted}


def _written(evaluator: Evaluator, parameter: ast.arg, module: SourceFile) -> set[bool]:
    """What the callers write for a parameter, as far as that is true or false; empty where one of
    them leaves it out or computes it (an option that is off by default can be turned on), or is
    not known.
    """
    function = module.parents[module.parents[parameter]]
    if not members.is_function(function):
        return set()
    sites = callers.sites(evaluator.project, module, function)
    given = [match(each.call, function, each.skipped).get(parameter) for each in sites.calls]
    written = [each.value for each in given if isinstance(each, ast.Constant)]
    return set() if sites.cut or len(written) < len(given) else {bool(each) for each in written}
