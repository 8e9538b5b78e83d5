"""Objects whose states are saved and restored: how they are spelled, and what makes them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.loaders import receivers
from torchload_lint.source.names import members
from torchload_lint.source.project import callers
from torchload_lint.source.state.matching import match
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_STATIONS = 5
"""How many names and calls an object is followed through to what makes it."""
_BREADTH = 4
"""How many definitions of each name are followed."""
_AROUND = frozenset({"DataParallel", "DistributedDataParallel", "DDP", "unwrap_model", "unwrap"})
"""Calls that yield what they are given first, or what stands around it."""
_ITSELF = frozenset({"to", "cuda", "cpu", "eval", "train", "half", "float", "double"})
"""Methods that yield their object."""


def spellings(node: ast.expr, module: Module, project: ProjectIndex) -> Iterator[str]:
    """How an object is spelled, ``net`` for ``net.module``; also what it is another name of
    (``net = model.module if wrapped else model``), and for a parameter how callers in the same
    file spell what they give to it.
    """
    for one in (node, *_other_names(node, module)):
        yield ast.unparse(one).removesuffix(".module")
        for given, home in given_by_callers(one, module, project):
            if home is module and isinstance(given, ast.Name | ast.Attribute):
                yield ast.unparse(given).removesuffix(".module")


def _other_names(node: ast.expr, module: Module) -> Iterator[ast.expr]:
    definitions = module.bindings.definitions(node) if isinstance(node, ast.Name) else ()
    for definition in definitions:
        value = definition.value
        arms = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
        for arm in arms:
            inner = _inside(arm) if arm is not None else None
            if isinstance(inner, ast.Name | ast.Attribute) and (inner is not arm or len(arms) > 1):
                yield inner


def makers(
    node: ast.expr, module: Module, project: ProjectIndex, depth: int = _STATIONS
) -> Iterator[ast.AST]:
    """The classes and functions of the project that may have made an object."""
    inner = _inside(node)
    if inner is not node:
        yield from makers(inner, module, project, depth)
    elif not depth:
        return
    elif isinstance(inner, ast.Name):
        for definition in module.bindings.definitions(inner)[:_BREADTH]:
            if definition.value is not None and definition.kind == "assign":
                yield from makers(definition.value, module, project, depth - 1)
        for given, home in given_by_callers(inner, module, project):
            yield from makers(given, home, project, depth - 1)
    elif isinstance(inner, ast.Attribute):
        for value in module.bindings.member_values(inner)[:_BREADTH]:
            yield from makers(value, module, project, depth - 1)
    elif isinstance(inner, ast.Call):
        yield from _of_call(inner, module, project)


def _of_call(call: ast.Call, module: Module, project: ProjectIndex) -> Iterator[ast.AST]:
    for kind in receivers.kinds(call, module, project):
        if kind.node is not None:
            yield kind.node
    dotted = module.bindings.qualified(call.func)
    for found in project.definitions(dotted, module.path) if dotted else ():
        if members.is_function(found.node):
            yield found.node


def _inside(node: ast.expr) -> ast.expr:
    """The object inside ``net.module``, ``DataParallel(net)`` and ``net.to(device)``."""
    while True:
        if isinstance(node, ast.Attribute) and node.attr == "module":
            node = node.value
        elif not isinstance(node, ast.Call):
            return node
        elif node.args and last_name(node.func) in _AROUND:
            node = node.args[0]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _ITSELF:
            node = node.func.value
        else:
            return node


def given_by_callers(
    node: ast.expr, module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.expr, Module]]:
    """What the callers of a function give to a parameter of it, each with its file."""
    definitions = module.bindings.definitions(node) if isinstance(node, ast.Name) else ()
    parameter = next((each.node for each in definitions if isinstance(each.node, ast.arg)), None)
    function = module.function(node)
    if parameter is None or not members.is_function(function):
        return
    for site in callers.sites(project, module, function).calls:
        given = match(site.call, function, site.skipped).get(parameter)
        home = module if site.module is module else project.module_at(site.module.path)
        if isinstance(given, ast.expr) and home is not None:
            yield given, home
