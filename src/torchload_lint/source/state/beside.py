"""Parameters beside which another one is given that is made of the same: ``load(args.path,
name_of(args.path))``.

Below ``if "tuned" in name:`` the path is none whose name has no ``tuned`` in it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.domain.values import Cause, Text, unknown
from torchload_lint.source.names import members
from torchload_lint.source.project import callers
from torchload_lint.source.state.bound import given_by
from torchload_lint.source.state.matching import match
from torchload_lint.source.state.taken import class_of_self

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.state.matching import Passed


def left(
    evaluator: Evaluator, name: ast.Name, parameter: ast.arg, values: Values, frame: Frame
) -> Values:
    """The values of a parameter, by its name at a place, that the tests of others around it leave;
    callers whose arguments go together are asked one by one.
    """
    module = frame.module
    function = module.parents[module.parents[parameter]]
    asked = [*_of_others(name, parameter, module)]
    if not asked or not members.is_function(function):
        return values
    others = {other for _, _, other in asked}
    if parameter not in frame.arguments:
        sites = callers.sites(evaluator.project, module, function).calls
        matched = ((match(each.call, function, each.skipped), each.module) for each in sites)
        if any(
            _is_made_of(given.get(other), given.get(parameter), home)
            for given, home in matched
            for other in others
        ):
            of = class_of_self(function, frame)
            evaluator.ask_callers(function, {parameter, *others}, module, of)
        return values
    given, home = given_by(frame.arguments, parameter)
    for test, subject, other in asked:
        beside, _ = given_by(frame.arguments, other)
        if home is None or not _is_made_of(beside, given, home):
            continue
        found = [each for each in evaluator.values(subject, frame) if not _is_set_otherwise(each)]
        if found and all(guards.says(test, subject, each, module) is False for each in found):
            reason = f"{name.id} is not its default below {module.path}:{test[0].lineno}"
            return unknown(reason, Cause.NOT_THE_DEFAULT)
    return values


def _is_set_otherwise(value: Value) -> bool:
    """Whether it is what there is where an option is not its default: then the other is not."""
    causes = value.causes if isinstance(value, Text) else {getattr(value, "cause", None)}
    return Cause.NOT_THE_DEFAULT in causes


def _of_others(
    name: ast.Name, parameter: ast.arg, module: SourceFile
) -> Iterator[tuple[tuple[ast.expr, bool], ast.expr, ast.arg]]:
    """The tests around a name that are about another parameter of its function: test, what it is
    about, parameter.
    """
    for test, subject in guards.asked_around(name, module):
        for part in ast.walk(subject):
            definitions = module.bindings.definitions(part) if isinstance(part, ast.Name) else ()
            other = definitions[0].node if len(definitions) == 1 else None
            if not isinstance(other, ast.arg) or other is parameter:
                continue
            if module.parents[other] is module.parents[parameter]:
                yield test, subject, other


def _is_made_of(other: Passed, given: Passed, module: SourceFile) -> bool:
    """Whether an argument of a call is made of another one."""
    if not isinstance(other, ast.expr) or not isinstance(given, ast.Name | ast.Attribute):
        return False
    definitions = module.bindings.definitions(other) if isinstance(other, ast.Name) else ()
    value = definitions[0].value if len(definitions) == 1 else other
    return value is not None and any(
        isinstance(part, ast.Name | ast.Attribute) and guards.is_same(part, given)
        for part in ast.walk(value)
    )
