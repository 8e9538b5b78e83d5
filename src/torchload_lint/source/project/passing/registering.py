"""Decorators that keep what they mark in a dictionary: ``@register("net")``, where ``register``
says ``READERS[name] = function``. ``READERS["net"](path)`` calls it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.passing import named_places
from torchload_lint.source.project.passing.named_places import Mention
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.call_targets import CallTarget, Site
    from torchload_lint.source.project.passing.following import Following
    from torchload_lint.source.text.definitions import NamedFunction


class Kept(NamedTuple):
    """An entry of a dictionary."""

    statement: ast.Assign | ast.AnnAssign
    """What makes the dictionary."""
    module: SourceFile
    key: ast.Constant


def add(follow: Following, target: CallTarget, found: list[Site], mentions: list[Mention]) -> None:
    """Add the calls of what decorators keep, and the decorators that are not followed."""
    of_class = target.owner is not None and target.kind == "class"
    whole = target.owner if of_class and target.owner is not None else target.function
    if target.owner is None or of_class:
        for kept in _kept(target, whole):
            for each in follow.from_entry(kept.statement, kept.module, kept.key):
                if isinstance(each, Mention):
                    mentions.append(each)
                    continue
                site = target.fitting(each.module, each.call, int(of_class), each.written)
                found.extend([site] if isinstance(site, tuple) else [])
    mentions.extend(named_places.decorated(whole, target.module))


def _kept(target: CallTarget, whole: NamedFunction | ast.ClassDef) -> Iterator[Kept]:
    """The dictionaries in which the decorators of a function or a class put it."""
    project, module = target.project, target.module
    for mark in whole.decorator_list:
        called = mark.func if isinstance(mark, ast.Call) else mark
        dotted = module.bindings.qualified(called) or ""
        for each in project.definitions(dotted, module.path) if dotted else ():
            if isinstance(each.node, FUNCTIONS):
                yield from _stored_by(each.node, each.module, mark, whole.name)


def _stored_by(
    decorator: NamedFunction, home: SourceFile, mark: ast.expr, name: str
) -> Iterator[Kept]:
    """What a decorator stores: ``READERS[key] = function``. ``name``: that of what it marks."""
    for node in ast.walk(decorator):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Subscript):
            continue
        marked = _parameter(node.value, home)
        if marked is None or not isinstance(target.value, ast.Name):
            continue
        key = _key(target.slice, decorator, home, mark, (marked, name))
        for made in home.bindings.definitions(target.value) if key else ():
            if isinstance(made.node, ast.Assign | ast.AnnAssign):
                yield Kept(made.node, home, ast.Constant(key))


def _key(
    key: ast.expr,
    decorator: NamedFunction,
    home: SourceFile,
    mark: ast.expr,
    marked: tuple[ast.arg, str],
) -> str:
    """The text under which something is kept; empty where it is not known."""
    if isinstance(key, ast.Attribute) and key.attr == "__name__":
        return marked[1] if _parameter(key.value, home) is marked[0] else ""
    parameter = _parameter(key, home)
    if parameter is None or not isinstance(mark, ast.Call):
        return text_of(key)
    declared = [*decorator.args.posonlyargs, *decorator.args.args]
    if parameter not in declared:
        return ""
    place = declared.index(parameter)
    named = [each.value for each in mark.keywords if each.arg == parameter.arg]
    given = mark.args[place] if place < len(mark.args) else next(iter(named), None)
    return text_of(given) if given is not None else ""


def _parameter(node: ast.expr, home: SourceFile) -> ast.arg | None:
    """The parameter that a name is, and nothing else."""
    definitions = home.bindings.definitions(node) if isinstance(node, ast.Name) else ()
    found = definitions[0].node if len(definitions) == 1 else None
    return found if isinstance(found, ast.arg) else None
