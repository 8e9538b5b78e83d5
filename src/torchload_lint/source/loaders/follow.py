"""Calls that no table knows, followed into installed packages and into the project's wrappers."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.source.facts.calls import CallKind, LoadCall, WeightsOnly
from torchload_lint.source.facts.keyword.answers import KEY
from torchload_lint.source.facts.keyword.given import Given, given, keyword_answer
from torchload_lint.source.facts.library_load import LibraryLoad, Versions
from torchload_lint.source.facts.loader import Behaviour, Does, Loader
from torchload_lint.source.facts.loading.handed_over import given_after
from torchload_lint.source.facts.loading.usage import use_of
from torchload_lint.source.loaders.reach import callees, installed_loads, reached
from torchload_lint.source.loaders.worth_following import is_text, likely_calls, other_calls
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.loaders.reach import InstalledLoad, Reach
    from torchload_lint.source.project.index import ProjectIndex

_DOES = {WeightsOnly.FALSE: Does.FALSE, WeightsOnly.TRUE: Does.TRUE}


def followed_loads(
    module: Module, project: ProjectIndex, known: frozenset[ast.Call]
) -> Iterator[LoadCall]:
    """The calls of a file that lead, inside an installed package, to a load of their argument."""
    if not project.environment.has_packages():
        return
    likely = dict.fromkeys(likely_calls(module))
    for call in likely:
        if call not in known:
            yield from islice(_loads(call, module, project), 1)
    for call in other_calls(module, project):
        if call not in known and call not in likely:
            loads = _loads(call, module, project, only_certain=True)
            yield from islice(loads, 1)


def _loads(
    call: ast.Call, module: Module, project: ProjectIndex, *, only_certain: bool = False
) -> Iterator[LoadCall]:
    """The loads that a call makes; ``only_certain``: of what is a path for all that one sees."""
    for entry in installed_loads(call.func, module, project):
        file = _file(entry.reach, call.args, call)
        if file is not None and (not only_certain or entry.reach.plain or is_text(file, module)):
            yield load_by(_library(entry, call.func), call, file, module)
    for function in (*call.args, *(one.value for one in call.keywords if one.arg == "target")):
        handed = given_after(module, call, function)
        for entry in installed_loads(function, module, project) if handed.args else ():
            file = handed.args[0] if handed.each else _file(entry.reach, handed.args, call)
            if file is not None:
                load = load_by(_library(entry, function), call, file, module)
                span = module.span(function)
                yield load._replace(kind=CallKind.REFERENCE, each=handed.each, span=span)


def unsafe_wrapper_calls(
    module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.Call, ast.expr, Reach]]:
    """The calls that tell a wrapper of another file ``weights_only=False``, and what they reach."""
    own = {call.node for call in module.wrapper_calls} | {load.node for load in module.loads}
    for node in module.carrying(KEY):
        call = module.parents.get(node)
        if not isinstance(node, ast.keyword) or not isinstance(call, ast.Call) or call in own:
            continue
        answer = keyword_answer(module, call, given(call.args, call.keywords, ()))
        if answer.verdict is not WeightsOnly.FALSE:
            continue
        for callee in callees(call.func, module, project):
            reach = reached(callee) if callee.project is project else None
            if reach is not None and reach.keyword == KEY:
                yield call, node.value, reach
                break


def _file(reach: Reach, args: Sequence[ast.expr], call: ast.Call) -> ast.expr | None:
    """What is given as the path that a load is reached with; None for what names no file."""
    named = given(list(args), list(call.keywords), reach.parameters).named
    file = next((named[one] for one in reach.paths if one in named), None)
    return None if isinstance(file, ast.Constant) and not isinstance(file.value, str) else file


def _library(entry: InstalledLoad, function: ast.expr) -> LibraryLoad:
    """What is known of a package's function, called by that expression."""
    reach = entry.reach
    root = entry.file.partition("/")[0].removesuffix(".py")
    does = _DOES.get(reach.unsaid, Does.DEFAULT)
    behaviour = Behaviour(does, reach.place, keyword=reach.keyword, allows=tuple(reach.allows))
    loader = Loader(code_of(function), reach.paths[0], reach.parameters, (behaviour,))
    because = f"the installed {root} was followed to {reach.place}"
    versions = Versions("installed", exact=True, origin=reach.place)
    return LibraryLoad(loader, (behaviour,), versions, root, because=because)


def load_by(
    by: LibraryLoad,
    call: ast.Call,
    file: ast.expr | None,
    module: Module,
    sorted_out: Given | None = None,
) -> LoadCall:
    """The load that a call of a library's loader makes. ``sorted_out``: what it is given, where
    that is not what stands in the call.
    """
    if sorted_out is None:
        sorted_out = given(call.args, list(call.keywords), by.loader.parameters)
    keyword = next((one.keyword for one in by.behaviours if one.keyword), KEY)
    answer = keyword_answer(module, call, sorted_out, keyword)
    return LoadCall(
        node=call,
        loader=f"{by.distribution}: {by.loader.shown}",
        kind=CallKind.CALL,
        span=module.span(call),
        function=module.qualname(call),
        statement=module.statement(call),
        file=file,
        weights_only=answer.verdict,
        weights_only_node=sorted_out.named.get(keyword),
        weights_only_because=answer.because,
        unpacks=sorted_out.starred or bool(sorted_out.mappings),
        allowlists=module.allowlists_at(call),
        use=use_of(module, call),
        library=by,
    )
