"""What a parameter can be: what it was given, what callers give it, and what it defaults to."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.source.branches import configured, made_under
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.selecting import left_to_callers
from torchload_lint.source.domain.values import (
    NO_ARGUMENTS,
    Cause,
    Class,
    Frame,
    Instance,
    Unknown,
    lift,
    union,
    unknown,
)
from torchload_lint.source.evaluation.callers_asked import asked_callers
from torchload_lint.source.evaluation.objects import instances
from torchload_lint.source.libraries import registry
from torchload_lint.source.names import members
from torchload_lint.source.project import call_targets, callers, classes
from torchload_lint.source.project.call_targets import Other
from torchload_lint.source.state import taken
from torchload_lint.source.state.bound import BoundArguments, given_values, is_spread
from torchload_lint.source.state.matching import Passed, match
from torchload_lint.source.state.taken import (
    class_of_self,
    goes_with_another_default,
)
from torchload_lint.source.state.unreached import is_unreached
from torchload_lint.source.text.definitions import defaults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import FunctionNode, NamedFunction

MAX_CALLERS = 3
"""How many calls are followed outwards."""
_MOST_OTHERS = 6
"""How many calls that are left out are shown to those who ask."""


def values(evaluator: Evaluator, parameter: ast.arg, frame: Frame) -> Values:
    """What a parameter can be in this frame."""
    if parameter in frame.arguments:
        return frame.arguments[parameter]
    function = frame.module.parents[frame.module.parents[parameter]]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    if isinstance(function, ast.Lambda):
        from torchload_lint.source.evaluation import lambdas  # noqa: PLC0415 - few loads are in one

        default = _default(evaluator, parameter, function, frame)
        given = lambdas.given(evaluator, parameter, function, default, frame)
        return given or default or unknown(f"parameter {parameter.arg} of a lambda")
    receiver = _receiver(parameter, function, frame)
    if receiver:
        return receiver
    outside = _from_outside(evaluator, parameter, function, frame)
    if outside:
        return outside
    if not evaluator.once(key := ("parameter", parameter)):
        return unknown(f"parameter {parameter.arg} is made from itself")
    try:
        return _from_callers(evaluator, parameter, function, frame)
    finally:
        evaluator.done(key)


def _receiver(
    parameter: ast.arg, function: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame
) -> Values:
    """``self`` and ``cls``."""
    holder = frame.module.parents.get(function)
    leading = [*function.args.posonlyargs, *function.args.args][:1]
    if not isinstance(holder, ast.ClassDef) or leading != [parameter]:
        return ()
    if members.is_static(function):
        return ()
    if members.is_class_method(function) or function.name == "__new__":
        return (Class(holder, frame.module, or_subclass=True),)
    return (Instance(Class(holder, frame.module)),)


def _from_outside(
    evaluator: Evaluator,
    parameter: ast.arg,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    frame: Frame,
) -> Values:
    """What the command line, a configuration file or pytest gives to an entry point."""
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else None
        dotted = frame.module.bindings.qualified(called) if called is not None else None
        known = registry.decorated(dotted) if dotted else None
        if known is not None and isinstance(decorator, ast.Call):
            found = known(evaluator, decorator, parameter, frame)
            if found:
                return found
    of_test = registry.given_to_test(function)
    return union(*of_test(evaluator, parameter, function, (), frame)) if of_test else ()


def _from_callers(
    evaluator: Evaluator,
    parameter: ast.arg,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    frame: Frame,
) -> Values:
    named = _named(function, frame.module)
    shown = f"parameter {parameter.arg!r} of {named}"
    default = _default(evaluator, parameter, function, frame)
    is_far = frame.callers >= MAX_CALLERS
    if is_far and not default:
        return unknown(f"{shown} comes from too far out")
    sites = asked_callers(evaluator, frame.module, function)
    default = _left_to(evaluator, parameter, function, sites, default, frame.module)
    if is_far:
        evaluator.leave_open(f"callers of {named} are not followed that far")
        return default or unknown(f"{shown} comes from too far out")
    calls = frozenset(site.call for site in sites.calls)
    evaluator.relied.called.setdefault(function, (frame.module, calls))
    found: list[Values] = []
    why_none = sites.why_none()
    of = class_of_self(function, frame)
    for site, left_out, why in _sifted(evaluator, sites, function, of, frame.module):
        if left_out:
            evaluator.hop(site.written, site.module.path, f"is left out: {left_out}")
            why_none = why or why_none
            continue
        evaluator.hop(site.written, site.module.path, f"calls {function.name}()")
        why_none = "no caller that gets there"
        around = _same_object(evaluator, site, of, _holder(function, frame.module))
        outer = Frame(site.module, around, frame.calls, frame.callers + 1)
        branch = made_under.tests(evaluator.project, site, of or _holder(function, frame.module))
        branch += (*site.under, *configured.steady(site.written, site.module))
        with evaluator.assuming(branch):
            found.extend(_from_site(evaluator, parameter, function, site, default, outer))
    _note_others(evaluator, sites)
    found.extend(_configured(evaluator, parameter, function, default, frame))
    if len(sites.calls) > 1:
        evaluator.ask_callers(function, {parameter}, frame.module, of)
    if sites.cut and sites.calls:
        evaluator.leave_open(f"more files may call {named} than are looked into")
    if found:
        return union(*found) or unknown(f"what the callers give as {shown} is not known")
    if evaluator.is_traced:
        _note_made_up_names(evaluator, function, of or _holder(function, frame.module), frame)
    return _without_caller(evaluator, parameter, function, default, why_none, frame)


def _left_to(
    evaluator: Evaluator,
    parameter: ast.arg,
    function: FunctionNode,
    sites: callers.Sites,
    default: Values,
    module: SourceFile,
) -> Values:
    """The default, as far as the calls leave the parameter to it."""
    if not default or _is_given_by_all(parameter, function, sites, module):
        return ()
    if goes_with_another_default(evaluator.assumed, function, sites.calls, module):
        return lift(default, Rung.ONE_OF_SEVERAL)
    return default


def _sifted(
    evaluator: Evaluator,
    sites: callers.Sites,
    function: NamedFunction,
    of: Class | None,
    home: SourceFile,
) -> Iterator[tuple[call_targets.Site, str, str]]:
    """Each call of the function, why it is none that leads here, and what that leaves; the latter
    are empty for one that may.
    """
    elsewhere = taken.lead_elsewhere(evaluator, sites.calls, function, home)
    for site, leads_elsewhere in zip(sites.calls, elsewhere, strict=True):
        if leads_elsewhere:
            ruled_out = "a test on the way rules out what it gives"
            yield site, ruled_out, "no caller that gives what the tests on the way ask for"
        elif taken.has_another_key(evaluator, site):
            yield site, "it calls what is kept by another key", ""
        elif of is not None and not call_targets.may_concern(site, of, evaluator.project):
            yield site, Other.CLASS.value, ""
        else:
            yield site, "", ""


def _note_others(evaluator: Evaluator, sites: callers.Sites) -> None:
    """The calls of the same name that are left out, for those who ask how an answer was found."""
    for other in sites.others[:_MOST_OTHERS]:
        evaluator.hop(other.call, other.module.path, f"is left out: {other.why.value}")
    further = len(sites.others) - _MOST_OTHERS
    if further > 0:
        evaluator.hop(None, "…", f"{further} further calls of that name are left out")
    for mention in sites.mentions[:_MOST_OTHERS]:
        evaluator.hop(mention.node, mention.module.path, mention.what)
    for path in sites.passed_over[:_MOST_OTHERS]:
        evaluator.hop(None, path, f"is nearer to another {sites.name}()")


def _note_made_up_names(
    evaluator: Evaluator, function: NamedFunction, of: Class | None, frame: Frame
) -> None:
    """Who may ask for the function, or make an object of its class, by a name that is made up; and
    which configuration files name the class.
    """
    from torchload_lint.source.project.passing import made_up_names  # noqa: PLC0415 - for a trace alone

    if of is not None and function.name != "__init__":
        return
    home = frame.module if of is None else of.module
    for mention in islice(made_up_names.asking(evaluator.project, home), _MOST_OTHERS):
        evaluator.hop(mention.node, mention.module.path, mention.what)
    if of is not None:
        for path in evaluator.project.files.configs_holding(of.node.name)[:_MOST_OTHERS]:
            evaluator.hop(None, path, f"has the word {of.node.name}")


def _from_site(
    evaluator: Evaluator,
    parameter: ast.arg,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    site: call_targets.Site,
    default: Values,
    outer: Frame,
) -> Iterator[Values]:
    """What one call gives to a parameter. ``outer``: the frame of the call."""
    given = match(site.call, function, site.skipped)
    if parameter not in given:
        yield default
    elif is_unreached(evaluator, site.written, outer):
        evaluator.leave_open(f"a call of {function.name}() is not reached from here")
    elif not _is_itself(given[parameter], parameter, site):
        values = _given(evaluator, given[parameter], parameter, outer)
        yield lift(values, Rung.CALLER if taken.is_told_by_key(site) else Rung.ONE_OF_SEVERAL)
        if is_spread(given[parameter], values):
            yield default


def _is_itself(given: Passed, parameter: ast.arg, site: call_targets.Site) -> bool:
    """Whether a function hands on its own parameter to itself, as it is."""
    if not isinstance(given, ast.Name):
        return False
    return [each.node for each in site.module.bindings.definitions(given)] == [parameter]


def _given(evaluator: Evaluator, given: Passed, parameter: ast.arg, outer: Frame) -> Values:
    """What a call gives to a parameter. What an object has kept of it, and gives to another one of
    its class (``type(self)(self.args)``), adds nothing.
    """
    kept = None
    if isinstance(given, ast.Attribute):
        kept = instances.kept(evaluator, given, parameter, outer.module)
    if kept is None or not evaluator.once(key := ("kept", kept)):
        return given_values(evaluator, given, outer)
    try:
        values = given_values(evaluator, given, outer)
    finally:
        evaluator.done(key)
    return tuple(each for each in values if getattr(each, "cause", None) is not Cause.MISSING)


def _configured(
    evaluator: Evaluator,
    parameter: ast.arg,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    default: Values,
    frame: Frame,
) -> tuple[Values, ...]:
    """What configuration files give to a constructor."""
    known = registry.given_to_constructor(function)
    return known(evaluator, parameter, function, default, frame) if known is not None else ()


def _named(function: NamedFunction, module: SourceFile) -> str:
    """``load()``; ``Net.__init__()``, since every class may have one."""
    holder = module.parents.get(function)
    if isinstance(holder, ast.ClassDef) and function.name.startswith("__"):
        return f"{holder.name}.{function.name}()"
    return f"{function.name}()"


def _holder(function: FunctionNode, module: SourceFile) -> Class | None:
    """The class in which a function is a method."""
    holder = module.parents.get(function)
    return Class(holder, module) if isinstance(holder, ast.ClassDef) else None


def _same_object(
    evaluator: Evaluator, site: call_targets.Site, of: Class | None, holder: Class | None
) -> Mapping[ast.arg, Values]:
    """What is known around ``super().method(…)`` and ``self.method(…)``: its ``self`` is the same
    object. ``of``: the class of that object, where it is known; ``holder``: the one that the
    method called stands in, which tells more than the base whose method calls it.
    """
    known = of or holder
    method = site.module.function(site.written)
    if known is None or not members.is_function(method):
        return NO_ARGUMENTS
    leading = next(iter((*method.args.posonlyargs, *method.args.args)), None)
    if leading is None or not _tells_more(evaluator, site, method, of, known):
        return NO_ARGUMENTS
    return evaluator.project.remember(
        ("same object", method, known.node), lambda: {leading: (Instance(known),)}
    )


def _tells_more(
    evaluator: Evaluator,
    site: call_targets.Site,
    method: FunctionNode,
    of: Class | None,
    known: Class,
) -> bool:
    """Whether the class of the object is more than is known from the method around the call."""
    if call_targets.is_through_super(site):
        return of is not None
    if not call_targets.is_about_self(site) or members.is_class_method(method):
        return False
    around = site.module.parents.get(method)
    lineage = classes.ancestry(known.node, known.module, evaluator.project)
    return around is not known.node and any(level is around for level, _ in lineage)


def of_each_caller(
    evaluator: Evaluator, function: FunctionNode, module: SourceFile, of: Class | None
) -> Iterator[BoundArguments]:
    """For each call of a function in the project, what it gives to the parameters. ``module``: the
    function's file; ``of``: the class of the object, for a method.
    """
    assert not isinstance(function, ast.Lambda)
    leading = next(iter((*function.args.posonlyargs, *function.args.args)), None)
    sites = asked_callers(evaluator, module, function)
    for site, left_out, _ in _sifted(evaluator, sites, function, of, module):
        if left_out:
            continue
        around = _same_object(evaluator, site, of, _holder(function, module))
        outer = Frame(site.module, around, 0, 1)
        given = match(site.call, function, site.skipped)
        own = _receiver(leading, function, Frame(module)) if leading is not None else ()
        own = (Instance(of),) if own and of is not None else own
        receiver = (leading, own) if leading is not None and own else None
        yield BoundArguments(
            evaluator, function, module, given, outer, receiver=receiver, rung=Rung.CALLER
        )


def _is_given_by_all(
    parameter: ast.arg, function: FunctionNode, sites: callers.Sites, module: SourceFile
) -> bool:
    """Whether all who call the function give the parameter, or, where nobody does for certain, one
    who may call it: the default says nothing of what it is then.
    """
    is_bound = isinstance(module.parents.get(function), ast.ClassDef)
    skipped = int(is_bound and not members.is_static(function))
    certain = [(site.call, site.skipped) for site in sites.calls]
    doubtful = [(each.call, skipped) for each in sites.others if each.why is Other.UNKNOWN]
    given = [
        isinstance(match(call, function, leading).get(parameter), ast.expr)
        for call, leading in certain or doubtful
    ]
    return all(given) if certain else any(given)


def _without_caller(
    evaluator: Evaluator,
    parameter: ast.arg,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    default: Values,
    why_none: str,
    frame: Frame,
) -> Values:
    shown = f"parameter {parameter.arg!r} of {_named(function, frame.module)}"
    of_program = registry.given_on_command_line(function)
    if of_program is not None and (
        given := of_program(evaluator, parameter, function, default, frame)
    ):
        return union(*given)
    if evaluator.project.files.python_files():
        reason = f"{shown} has {why_none}"
    else:  # a file by itself: nobody looked for callers
        reason = f"{shown} comes from its callers"
    annotated = instances.annotated(evaluator, parameter.annotation, frame)
    if default and not all(isinstance(value, Unknown) for value in default):
        evaluator.leave_open(reason)
        own = left_to_callers(default)
        return union(own, (each for each in annotated if isinstance(each, Instance)))
    if annotated:
        evaluator.leave_open(reason)
        return lift(annotated, Rung.DEFAULT)
    return unknown(reason)


def _default(
    evaluator: Evaluator, parameter: ast.arg, function: FunctionNode, frame: Frame
) -> Values:
    default = defaults(function.args).get(parameter.arg)
    if default is None:
        return ()
    declared = _declared(evaluator, default, frame)
    home = frame.elsewhere(frame.module)
    return lift(declared or evaluator.values(default, home), Rung.DEFAULT)


def _declared(evaluator: Evaluator, default: ast.expr, frame: Frame) -> Values:
    """The default of the option that a default declares; empty for plain ones."""
    if not isinstance(default, ast.Call):
        return ()
    dotted = frame.module.bindings.qualified(default.func)
    known = registry.default(dotted) if dotted else None
    return known(evaluator, default, frame) if known is not None else ()
