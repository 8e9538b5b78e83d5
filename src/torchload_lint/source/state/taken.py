"""Branches that a call does not take: ``load(folder, best=True)`` opens no ``last.pth`` that
stands below ``if best: … else:``.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards, settled
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Instance, ParsedOptions, Text
from torchload_lint.source.names import members
from torchload_lint.source.state.bound import literal_of
from torchload_lint.source.state.matching import match
from torchload_lint.source.text.definitions import defaults, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.domain.values import Class, Frame, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.call_targets import Site
    from torchload_lint.source.state.matching import Passed
    from torchload_lint.source.text.definitions import Definition, FunctionNode


def possible(
    evaluator: Evaluator, name: ast.Name, definitions: Sequence[Definition], frame: Frame
) -> Sequence[Definition]:
    """The definitions of a name that are left by what a call writes for the parameters that the
    tests around them are about, and by the tests around the name; all of them where none is.
    """
    if len(definitions) == 1:
        return definitions
    left = [
        each
        for each in definitions
        if not guards.exclude_each_other(each.node, name, frame.module)
        and is_possible(evaluator, each.node, frame)
    ]
    return left or definitions


def arm_values(evaluator: Evaluator, given: ast.expr, name: ast.Name, frame: Frame) -> Values:
    """What is given to a name, without the arm of ``a if x else b`` that a test of ``x`` around
    the name rules out.
    """
    if isinstance(given, ast.IfExp):
        arms = (given.body, given.orelse)
        left = [each for each in arms if not guards.exclude_each_other(each, name, frame.module)]
        if len(left) == 1:
            return evaluator.values(left[0], frame)
    return evaluator.values(given, frame)


def is_possible(evaluator: Evaluator, node: ast.AST, frame: Frame) -> bool:
    """Whether a place may be reached with the arguments of the call that is looked at, and with
    what the code itself says of its flags.
    """
    given = partial(_given, evaluator, frame)
    if guards.is_ruled_out(node, frame.module, given):
        return False
    return not evaluator.flags_count or flags_allow(evaluator, node, frame)


def lets_through(evaluator: Evaluator, node: ast.AST, frame: Frame) -> bool:
    """Whether the tests around a place pass for some of what the call gives to the parameters that
    they are about: ``path("info")`` returns nothing of ``if kind == "model":``.
    """
    return not any(
        isinstance(subject, ast.Name)
        and (values := _of_parameter(evaluator, subject, frame))
        and all(guards.says(test, subject, each, frame.module) is False for each in values)
        for test, subject in guards.tested_around(node, frame.module)
    )


def _of_parameter(evaluator: Evaluator, name: ast.Name, frame: Frame) -> Values:
    """What the call gives to a parameter that nothing else sets; empty for other names."""
    definitions = frame.module.bindings.definitions(name)
    parameter = definitions[0].node if len(definitions) == 1 else None
    if not isinstance(parameter, ast.arg) or parameter not in frame.arguments:
        return ()
    return evaluator.values(name, frame)


def lead_elsewhere(
    evaluator: Evaluator, sites: Sequence[Site], function: FunctionNode, module: SourceFile
) -> Iterator[bool]:
    """Whether each call gives a parameter what a test that is assumed rules out: below ``if
    special: Special(path)`` the path is none of ``make(path, special=False)``. Its default counts
    where another of the calls gives it, and what a configuration file says where nothing else is
    given.
    """
    tests = list(_about_parameters(evaluator.assumed, function, module))
    matched = [match(each.call, function, each.skipped) if tests else {} for each in sites]
    beside = [_default_beside(parameter, matched, function) for _, _, parameter in tests]
    for site, given in zip(sites, matched, strict=True):
        yield any(
            _rules_out(evaluator, test, subject, given.get(parameter), default, module, site.module)
            for (test, subject, parameter), default in zip(tests, beside, strict=True)
        )


def _default_beside(
    parameter: ast.arg, matched: Sequence[dict[ast.arg, Passed]], function: FunctionNode
) -> ast.expr | None:
    """The default of a parameter that some of the calls give."""
    is_given = any(each.get(parameter) for each in matched)
    return defaults(function.args).get(parameter.arg) if is_given else None


def _rules_out(
    evaluator: Evaluator,
    test: tuple[ast.expr, bool],
    subject: ast.Name,
    given: Passed,
    default: ast.expr | None,
    home: SourceFile,
    module: SourceFile,
) -> bool:
    """Whether a test fails for what a call in ``module`` gives to the parameter it is about."""
    literal = given or default
    if isinstance(literal, ast.Constant) and (
        guards.says(test, subject, guards.written(literal), home) is False
    ):
        return True
    said = _of_a_configuration(evaluator, given, module)
    return bool(said) and all(guards.says(test, subject, each, home) is False for each in said)


def has_another_key(evaluator: Evaluator, site: Site) -> bool:
    """Whether the code itself says that a dictionary gives another function at a call:
    ``READERS[KIND](path)``, where ``KIND = "b"``.
    """
    return any(
        (subject := guards.about_what(test)) is not None
        and settled.fails(
            (test, holds), subject, evaluator.anywhere(subject, site.module), site.module
        )
        for test, holds in site.under
    )


def is_told_by_key(site: Site) -> bool:
    """Whether it can be followed which of the arguments go with the key by which a function is
    taken: the attributes of two objects are not told apart.
    """
    return all(isinstance(guards.about_what(test), ast.Name) for test, _ in site.under)


def _of_a_configuration(evaluator: Evaluator, given: Passed | None, module: SourceFile) -> Values:
    """The texts that configuration files give to a parameter; empty where there may be others."""
    if not isinstance(given, ast.Name | ast.Attribute | ast.Subscript):
        return ()
    values = evaluator.anywhere(given, module)
    files = all(isinstance(each, Text) and each.rung is Rung.CONFIG_FILE for each in values)
    return values if files else ()


def goes_with_another_default(
    assumed: guards.Tests, function: FunctionNode, sites: Sequence[Site], module: SourceFile
) -> bool:
    """Whether a test that is assumed rules out the word that another parameter is by default, and
    no call is seen to give that one: whoever does may well give the others, too.
    """
    for test, subject, parameter in _about_parameters(assumed, function, module):
        default = defaults(function.args).get(parameter.arg)
        if not isinstance(default, ast.Constant) or not isinstance(default.value, str):
            continue
        is_given = any(
            isinstance(match(each.call, function, each.skipped).get(parameter), ast.expr)
            for each in sites
        )
        if (
            not is_given
            and default.value
            and (guards.says(test, subject, guards.written(default), module) is False)
        ):
            return True
    return False


def _about_parameters(
    assumed: guards.Tests, function: FunctionNode, module: SourceFile
) -> Iterator[tuple[tuple[ast.expr, bool], ast.Name, ast.arg]]:
    """The tests that are about a parameter of a function which nothing else sets, and that."""
    for test in assumed:
        subject = guards.about_what(test[0])
        if not isinstance(subject, ast.Name) or subject not in module.parents:
            continue
        definitions = module.bindings.definitions(subject)
        parameter = definitions[0].node if len(definitions) == 1 else None
        if isinstance(parameter, ast.arg) and parameter in parameters(function.args):
            yield test, subject, parameter


def flags_allow(evaluator: Evaluator, node: ast.AST, frame: Frame) -> bool:
    """Whether the code's own flags let a place be reached."""
    return not any(
        _fails(evaluator, test, subject, frame)
        for test, subject in guards.tested_around(node, frame.module)
    )


def _fails(
    evaluator: Evaluator, test: tuple[ast.expr, bool], subject: ast.expr, frame: Frame
) -> bool:
    """Whether a test fails for all that a name (or an entry of the options) is given in the code:
    no caller, no command line and no default has a say in it.
    """
    holder = subject.value if isinstance(subject, ast.Attribute) else subject
    if not isinstance(holder, ast.Name) or any(
        isinstance(each.node, ast.arg) or each.qualified
        for each in frame.module.bindings.definitions(holder)
    ):
        return False
    if holder is not subject and not all(
        isinstance(base, ParsedOptions) for base in evaluator.flag(holder, frame.module)
    ):
        return False
    values = evaluator.flag(subject, frame.module)
    fails = settled.fails(test, subject, values, frame.module)
    return fails and bool(evaluator.values(subject, frame))  # the answer rests on it


def _given(evaluator: Evaluator, frame: Frame, parameter: ast.arg) -> ast.Constant | None:
    """What is written for a parameter; where callers have to say it, they are asked one by one."""
    if parameter in frame.arguments:
        return literal_of(frame.arguments, parameter)
    function = frame.module.parents.get(frame.module.parents[parameter])
    if members.is_function(function):
        of = class_of_self(function, frame)
        evaluator.ask_callers(function, {parameter, function.args}, frame.module, of)
    return None


def class_of_self(function: FunctionNode, frame: Frame) -> Class | None:
    """The class of the object whose method this is, where the frame knows it."""
    leading = next(iter((*function.args.posonlyargs, *function.args.args)), None)
    known = frame.arguments[leading] if leading is not None and leading in frame.arguments else ()
    return known[0].of if len(known) == 1 and isinstance(known[0], Instance) else None


def contradicts(
    evaluator: Evaluator, added: ast.AugAssign, before: Sequence[Definition], frame: Frame
) -> bool:
    """Whether what is added to a text goes with none of the values that the text is made of:
    ``name = f"{args.kind}"``, and then ``if args.kind == "other": name += "_x"``.
    """
    made_of = [part for each in before if each.value is not None for part in ast.walk(each.value)]
    for test, subject in guards.tested_around(added, frame.module):
        if any(guards.is_same(subject, part) for part in made_of if isinstance(part, ast.expr)):
            values = evaluator.values(subject, frame)
            verdicts = {guards.says(test, subject, value, frame.module) for value in values}
            if verdicts == {False}:
                return True
    return False
