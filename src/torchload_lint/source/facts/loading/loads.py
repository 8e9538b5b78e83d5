"""Find every ``torch.load`` and ``torch.save``, however they are spelled."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.facts.loading import call_facts
from torchload_lint.source.facts.loading.buffers import written_from
from torchload_lint.source.names.bindings import STATIC
from torchload_lint.source.names.references import Reference, find, is_partial
from torchload_lint.source.text.expressions import is_type_checking, last_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.names.source_file import SourceFile

LOADERS = frozenset({"torch.load", "torch.serialization.load"})
SAVERS = frozenset({"torch.save", "torch.serialization.save"})
LOOKERS = frozenset(
    {
        "inspect.signature",
        "inspect.getsource",
        "inspect.getfullargspec",
        "inspect.getmodule",
        "inspect.unwrap",
        "inspect.isfunction",
        "functools.wraps",
        "functools.update_wrapper",
        "builtins.hasattr",
        "builtins.callable",
        "builtins.id",
        "builtins.print",
        "builtins.repr",
        "builtins.str",
        "builtins.type",
        "builtins.hash",
        "builtins.help",
        "builtins.vars",
        "builtins.dir",
        "builtins.isinstance",
        "builtins.getattr",
        "builtins.setattr",
        "builtins.len",
        "typing.cast",
        "typing.get_type_hints",
    }
)
"""Functions that look at a function without calling it."""
_PATCHERS = frozenset({"setattr", "patch", "object", "delattr", "wraps", "spy"})
"""Methods of test tools that put something in a function's place."""


def loads(module: SourceFile, aliases: Mapping[str, frozenset[str]]) -> tuple[LoadCall, ...]:
    """The loads of a file, in its order, the allowlists around them left out. ``aliases``: the
    names under which other files of the project offer ``torch.load``.
    """
    found = [
        load
        for reference in _references(module, aliases)
        if (load := _load(module, reference)) is not None
    ]
    called = {last_name(load.node.func) for load in found if load.kind is CallKind.CALL}
    distinct = {
        id(load.node): load for load in found if not called & _names_of_static(module, load)
    }
    return tuple(sorted(distinct.values(), key=lambda load: load.span))


def _names_of_static(module: SourceFile, load: LoadCall) -> set[str]:
    """The names by which the class calls it, for ``read = staticmethod(torch.load)``."""
    if load.kind is not CallKind.REFERENCE or STATIC not in module.bindings.possible(
        load.node.func
    ):
        return set()
    holder = module.parents.get(load.node)
    targets = holder.targets if isinstance(holder, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def saves(module: SourceFile) -> tuple[SaveCall, ...]:
    """The saves of a file, those by a partial too, in its order."""
    found = []
    for named in find(module, "save", SAVERS):
        reference = named
        call, partial = _called(module, reference.node), module.parents.get(reference.node)
        if call is None and isinstance(partial, ast.Call) and partial.args[:1] == [reference.node]:
            made = module.bindings.qualified(partial.func) == "functools.partial"
            call = _called(module, partial) if made else None  # partial(torch.save, obj)(path)
            reference = named._replace(partial=partial)
        if call is not None:
            save = call_facts.save_call(module, call, reference)
            found.append(save._replace(file=written_from(module, save.file) or save.file))
    return tuple(sorted(found, key=lambda save: save.span))


def _references(module: SourceFile, aliases: Mapping[str, frozenset[str]]) -> list[Reference]:
    """The loader by its own name, and by those that the project gives it."""
    found = find(module, "load", LOADERS)
    for word, names in aliases.items():
        found += find(module, word, names)
    return found


def _called(module: SourceFile, node: ast.expr) -> ast.Call | None:
    parent = module.parents.get(node)
    return parent if isinstance(parent, ast.Call) and parent.func is node else None


def _load(module: SourceFile, reference: Reference) -> LoadCall | None:
    """The load that a reference makes: a call, a partial, or a hand-over; None for an alias."""
    node = reference.node
    if is_only_typed(module, node):
        return None
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return call_facts.load_call(module, parent, reference)
    holder = module.parents.get(parent) if isinstance(parent, ast.keyword) else parent
    if not isinstance(holder, ast.Call):
        return None
    if parent is holder and holder.args[:1] == [node] and is_partial(module, holder, LOADERS):
        return call_facts.partial_call(module, holder, reference)
    if LOOKERS & module.bindings.possible(holder.func) or last_name(holder.func) in _PATCHERS:
        return None
    return call_facts.handed_on(module, holder, reference)


def is_only_typed(module: SourceFile, node: ast.AST) -> bool:
    """Whether a place is never run: under ``if TYPE_CHECKING:``, or inside an annotation."""
    child: ast.AST = node
    parent = module.parents.get(child)
    while parent is not None:
        if isinstance(parent, ast.If) and child in parent.body and is_type_checking(parent.test):
            return True
        if child in (getattr(parent, "annotation", None), getattr(parent, "returns", None)):
            return True
        child, parent = parent, module.parents.get(parent)
    return False
