"""Whether ``weights_only`` ever arrives in ``**kwargs``, where all callers are known."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.keyword.given import given, keyword_answer
from torchload_lint.source.project import call_targets, callers
from torchload_lint.source.project.mentions import TooManyError, modules_with
from torchload_lint.source.state.matching import match
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_DEPTH = 3
"""How many functions may hand their keywords on, one to the next."""
_ONLY_ABSENT = frozenset({WeightsOnly.ABSENT})
_BINDING = ("staticmethod", "classmethod")


def keywords_without_weights_only(
    project: ProjectIndex, module: SourceFile, place: ast.expr
) -> frozenset[ast.arg]:
    """The ``**kwargs`` around a call that are known never to hold ``weights_only``."""
    function = module.function(place)
    kwarg = function.args.kwarg if function is not None else None
    known = kwarg is not None and _never_holds(project, module, kwarg, _DEPTH)
    return frozenset({kwarg}) if known and kwarg is not None else frozenset()


def is_left_out(project: ProjectIndex, module: SourceFile, place: ast.expr, name: str) -> bool:
    """Whether all callers of the function around a call are known, and none gives ``name``."""
    function = module.function(place)
    if function is None or not _is_plain(function):
        return False
    sites = callers.sites(project, module, function)
    if sites.cut or not sites.calls or not _all_seen(project, module, function, sites.calls):
        return False
    return not any(_gives(site, function, name) for site in sites.calls)


def some_caller_leaves_out(
    project: ProjectIndex, module: SourceFile, place: ast.expr, name: str, depth: int = _DEPTH
) -> bool:
    """Whether a caller of the function around a call does not give ``name`` (``**kwargs`` for
    ``weights_only`` among them), or none is known.
    """
    function = module.function(place)
    calls = callers.sites(project, module, function).calls if function is not None else ()
    if function is None or not calls or not depth:
        return True
    for one in calls:
        through = _hands_on(one) if name.startswith("**") else ""
        if through:
            if some_caller_leaves_out(project, one.module, one.call, through, depth - 1):
                return True
        elif not _gives(one, function, name):
            return True
    return False


def _hands_on(site: call_targets.Site) -> str:
    """The ``**kwargs`` of the function around a call that the call hands on."""
    for keyword in site.call.keywords:
        if keyword.arg == "weights_only":
            return ""
        if keyword.arg is None and any(_kwargs_behind(keyword.value, site.module)):
            return f"**{ast.unparse(keyword.value)}"
    return ""


def _gives(
    site: call_targets.Site, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> bool:
    """Whether a call gives the parameter ``name``, or may do so by what it unpacks."""
    if name.startswith("**"):
        return any(one.arg in {None, "weights_only"} for one in site.call.keywords)
    return any(one.arg == name for one in match(site.call, function, site.skipped))


def _never_holds(project: ProjectIndex, module: SourceFile, kwarg: ast.arg, depth: int) -> bool:
    function = module.parents.get(module.parents[kwarg])
    if not depth or not isinstance(function, FUNCTIONS) or not _is_plain(function):
        return False
    sites = callers.sites(project, module, function)
    if sites.cut or not sites.calls or not _all_seen(project, module, function, sites.calls):
        return False
    return all(_gives_none(project, site, depth) for site in sites.calls)


def _is_plain(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether nothing but its callers decides what a function is given."""
    decorators = [ast.unparse(each) for each in function.decorator_list]
    is_named = not function.name.startswith("__") or function.name == "__init__"
    return is_named and all(each in _BINDING for each in decorators)


def _gives_none(project: ProjectIndex, site: call_targets.Site, depth: int) -> bool:
    """Whether a call gives no ``weights_only``, nor keywords that may hold it."""
    sorted_out = given(site.call.args, site.call.keywords, ())
    empty = frozenset(
        kwarg
        for mapping in sorted_out.mappings
        for kwarg in _kwargs_behind(mapping, site.module)
        if _never_holds(project, site.module, kwarg, depth - 1)
    )
    answer = keyword_answer(site.module, site.call, sorted_out, empty=empty)
    return answer.values == _ONLY_ABSENT


def _kwargs_behind(mapping: ast.expr, module: SourceFile) -> Iterator[ast.arg]:
    """The ``**kwargs`` parameter that a name stands for."""
    for definition in module.bindings.definitions(mapping) if isinstance(mapping, ast.Name) else ():
        holder = module.parents.get(definition.node)
        if isinstance(holder, ast.arguments) and holder.kwarg is definition.node:
            yield holder.kwarg


def _all_seen(
    project: ProjectIndex,
    module: SourceFile,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    calls: tuple[call_targets.Site, ...],
) -> bool:
    """Whether the function is named nowhere but where it is called: whoever else has it may call
    it with any keyword.
    """
    called = {site.written.func for site in calls}
    holder = module.parents.get(function)
    is_method = isinstance(holder, ast.ClassDef)
    meant: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef = function
    if isinstance(holder, ast.ClassDef) and function.name == "__init__":
        is_method, meant = False, holder  # who has the class calls it
    try:
        for other in modules_with(project, meant.name, module):
            for node in other.carrying(meant.name):
                if node not in called and _may_mean(project, other, node, meant, is_method):
                    return False
    except TooManyError:
        return False
    return True


def _may_mean(
    project: ProjectIndex,
    module: SourceFile,
    node: ast.AST,
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    is_method: bool,
) -> bool:
    """Whether a place that carries the name of a function hands the function itself to others."""
    if isinstance(node, ast.alias):
        return node.asname is not None
    if isinstance(node, ast.Constant):
        return not isinstance(module.parents.get(node), ast.List | ast.Tuple)
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    if is_method:
        return isinstance(node, ast.Attribute)
    dotted = module.bindings.qualified(node)
    meant = [each.node for each in project.definitions(dotted, module.path)] if dotted else []
    if isinstance(node, ast.Name):
        meant += [each.node for each in module.bindings.definitions(node)]
    return function in meant
