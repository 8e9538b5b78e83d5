"""Whether ``weights_only`` ever arrives in ``**kwargs``, where all callers are known."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.keyword.given import given, keyword_answer
from torchload_lint.source.project import call_targets, callers
from torchload_lint.source.project.mentions import TooManyError, modules_with
from torchload_lint.source.text.candidates import carrying
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
    return not function.name.startswith("__") and all(each in _BINDING for each in decorators)


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
    called = {site.call.func for site in calls}
    is_method = isinstance(module.parents.get(function), ast.ClassDef)
    try:
        for other in modules_with(project, function.name, module):
            for node in carrying(other.tree, other.lines, (function.name,))[function.name]:
                if node not in called and _may_mean(project, other, node, function, is_method):
                    return False
    except TooManyError:
        return False
    return True


def _may_mean(
    project: ProjectIndex,
    module: SourceFile,
    node: ast.AST,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
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
