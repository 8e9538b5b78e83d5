"""Where the path of a load or a save comes from: the option, variable or attribute that callers
hand on. ``convert(args.out)`` writes what ``replace(args.out)`` reads, whatever ``out`` is.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names import members
from torchload_lint.source.project import callers
from torchload_lint.source.saving.pairs import core
from torchload_lint.source.state.matching import match
from torchload_lint.source.text.expressions import TOO_DEEP, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

    Origin = tuple[str, frozenset[ast.AST]]

_MOST_FILES = 8
"""Files that are searched for further loads of one file."""
_STATIONS = 4
"""How many parameters and names are followed from a path to where it comes from."""


def loads_of_one(
    load: LoadCall, module: Module, project: ProjectIndex
) -> Iterator[tuple[LoadCall, Module]]:
    """Further loads of a file that comes from the same place: ``--resume`` is often loaded for
    its configuration first, and for its weights in another file.
    """
    if not (own := origins(load.file, module, project)):
        return
    paths = [path for path in project.holding("load") if path != module.path]
    for path in [module.path, *paths[:_MOST_FILES]]:
        other = module if path == module.path else project.module_at(path)
        if other is None:
            continue
        by_origin = _loads_by_origin(other, project)
        places = {place for origin in own for place in by_origin.get(origin, ())}
        for place in sorted(places):
            if other.loads[place] is not load:
                yield other.loads[place], other


def _loads_by_origin(module: Module, project: ProjectIndex) -> dict[Origin, list[int]]:
    """Where the loads of a file stand among all of them, by what their paths come from."""

    def find() -> dict[Origin, list[int]]:
        found: dict[Origin, list[int]] = {}
        for place, load in enumerate(module.loads):
            for origin in origins(load.file, module, project):
                found.setdefault(origin, []).append(place)
        return found

    return project.remember(("loads by origin", module), find)


def origins(node: ast.expr | None, module: SourceFile, project: ProjectIndex) -> frozenset[Origin]:
    """Where the path of a load or a save comes from; nothing for none."""
    if node is None:
        return frozenset()
    return project.remember(
        ("origins of a path", node), lambda: frozenset(_found(node, module, project, _STATIONS))
    )


def _found(
    node: ast.expr, module: SourceFile, project: ProjectIndex, stations: int
) -> Iterator[Origin]:
    """The expressions that a path is in the end, as they are spelled, with what their names stand
    for. A literal is none: it is compared as a path.
    """
    node = core(node)
    definitions = module.bindings.definitions(node) if isinstance(node, ast.Name) else ()
    if len(definitions) == 1 and stations:
        only = definitions[0]
        if only.kind == "parameter" and isinstance(only.node, ast.arg):
            yield from _handed(only.node, module, project, stations - 1)
        elif only.value is not None and isinstance(core(only.value), ast.Name | ast.Attribute):
            yield from _found(only.value, module, project, stations - 1)
            return
    roots = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    defined = frozenset(each.node for root in roots for each in module.bindings.definitions(root))
    if defined and not isinstance(node, ast.Constant) and (code := code_of(node)) != TOO_DEEP:
        yield code, defined


def _handed(
    parameter: ast.arg, module: SourceFile, project: ProjectIndex, stations: int
) -> Iterator[Origin]:
    """The same for what the callers of a function give to its parameter."""
    function = module.parents.get(module.parents[parameter])
    if not members.is_function(function):
        return
    for site in callers.sites(project, module, function).calls:
        given = match(site.call, function, site.skipped).get(parameter)
        if isinstance(given, ast.expr):
            yield from _found(given, site.module, project, stations)
