"""Find every ``torch.load`` and ``torch.save``, however they are spelled."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.source import call_facts
from torchload_lint.source.candidates import carrying
from torchload_lint.source.definitions import defaults
from torchload_lint.source.flow import is_type_checking, last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.calls import LoadCall, SaveCall
    from torchload_lint.source.module import Module

LOADERS = frozenset({"torch.load", "torch.serialization.load"})
SAVERS = frozenset({"torch.save", "torch.serialization.save"})
PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})
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
_ALIAS_ROUNDS = 3
"""How often names given to an alias are searched for in turn."""


class Found(NamedTuple):
    """The loads and saves of a file."""

    loads: tuple[LoadCall, ...]
    saves: tuple[SaveCall, ...]


class Reference(NamedTuple):
    """An expression that stands for a loader (or for a partial of one)."""

    node: ast.expr
    partial: ast.Call | None = None


def collect(module: Module) -> Found:
    """The loads and saves of a module, in the order of the file."""
    loads = [
        load
        for reference in references(module, "load", LOADERS)
        if (load := _load(module, reference)) is not None
    ]
    saves = [
        call_facts.save_call(module, call)
        for reference in references(module, "save", SAVERS)
        if (call := _called(module, reference.node)) is not None
    ]
    distinct = {id(load.node): load for load in loads}
    return Found(
        tuple(sorted(distinct.values(), key=lambda load: load.span)),
        tuple(sorted(saves, key=lambda save: save.span)),
    )


def references(module: Module, word: str, targets: frozenset[str]) -> list[Reference]:
    """Every expression that may stand for one of ``targets``, aliases followed by name."""
    if not _mentions_torch(module):
        return []
    found: dict[ast.expr, Reference] = {}
    words = {word}
    seen: set[str] = set()
    for _ in range(_ALIAS_ROUNDS):
        new = words - seen
        seen |= new
        fresh = list(_resolve(module, new, targets))
        found.update({reference.node: reference for reference in fresh})
        words = seen | {alias for reference in fresh for alias in _aliases(module, reference.node)}
        words |= _imported_as(module, new)
        if words == seen:
            break
    return list(found.values())


def _mentions_torch(module: Module) -> bool:
    return "torch" in module.text


def _imported_as(module: Module, words: Iterable[str]) -> set[str]:
    """The other names under which an import binds one of ``words``."""
    return {
        node.asname
        for nodes in carrying(module.tree, module.lines, words).values()
        for node in nodes
        if isinstance(node, ast.alias) and node.asname
    }


def _resolve(module: Module, words: Iterable[str], targets: frozenset[str]) -> Iterator[Reference]:
    possible = module.bindings.possible
    for nodes in carrying(module.tree, module.lines, words).values():
        for node in nodes:
            expression = _expression(module, node)
            if expression is None:
                continue
            if targets & possible(expression):
                yield Reference(expression)
                continue
            partial = _partial_behind(module, expression, targets)
            if partial is not None:
                yield Reference(expression, partial)
            elif isinstance(expression, ast.Name):
                yield from _from_table(module, expression, targets)


def _expression(module: Module, node: ast.AST) -> ast.expr | None:
    """The expression that a node with the word makes: itself, or ``getattr(x, "load")``."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        return node if isinstance(node.ctx, ast.Load) else None
    if isinstance(node, ast.Constant):
        parent = module.parents.get(node)
        if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load):
            return parent
        if isinstance(parent, ast.Call) and len(parent.args) > 1 and parent.args[1] is node:
            return parent
    return None


def _partial_behind(
    module: Module, expression: ast.expr, targets: frozenset[str]
) -> ast.Call | None:
    """The ``partial(torch.load, ...)`` that a name was given."""
    values: list[ast.expr | None] = []
    if isinstance(expression, ast.Name):
        values = [part.value for part in module.bindings.definitions(expression)]
    elif isinstance(expression, ast.Attribute):
        values = list(module.bindings.member_values(expression))
    for value in values:
        if isinstance(value, ast.Call) and is_partial(module, value, targets):
            return value
    return None


def is_partial(module: Module, call: ast.Call, targets: frozenset[str] = LOADERS) -> bool:
    """Whether a call is ``functools.partial(torch.load, ...)``."""
    possible = module.bindings.possible
    return bool(call.args and PARTIALS & possible(call.func) and targets & possible(call.args[0]))


def _from_table(module: Module, name: ast.Name, targets: frozenset[str]) -> Iterator[Reference]:
    """``LOADERS[suffix]`` or ``LOADERS.get(suffix)``, where that dictionary holds a loader."""
    tables = [
        value
        for definition in module.bindings.definitions(name)
        if isinstance(value := definition.value, ast.Dict)
    ]
    held = any(
        targets & module.bindings.possible(value) for table in tables for value in table.values
    )
    parent = module.parents.get(name) if held else None
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load):
        yield Reference(parent)
    elif isinstance(parent, ast.Attribute) and parent.attr == "get":
        call = module.parents.get(parent)
        if isinstance(call, ast.Call) and call.func is parent:
            yield Reference(call)


def _aliases(module: Module, node: ast.expr) -> Iterator[str]:
    """The names that an expression is given where it stands: by assignment, or as a default."""
    child: ast.AST = node
    parent = module.parents.get(child)
    while isinstance(parent, (ast.IfExp, ast.BoolOp, ast.Dict, ast.Tuple, ast.Call)):
        if isinstance(parent, ast.Call) and not (
            isinstance(child, ast.expr) and PARTIALS & module.bindings.possible(parent.func)
        ):
            return
        child, parent = parent, module.parents.get(parent)
    targets: list[ast.AST] = []
    if isinstance(parent, ast.Assign):
        targets = list(parent.targets)
    elif isinstance(parent, (ast.AnnAssign, ast.NamedExpr)):
        targets = [parent.target]
    elif isinstance(parent, ast.arguments):
        names = (name for name, value in defaults(parent).items() if value is child)
        yield from names
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, (ast.Name, ast.Attribute)) and isinstance(part.ctx, ast.Store):
                yield part.id if isinstance(part, ast.Name) else part.attr


def _called(module: Module, node: ast.expr) -> ast.Call | None:
    parent = module.parents.get(node)
    return parent if isinstance(parent, ast.Call) and parent.func is node else None


def _load(module: Module, reference: Reference) -> LoadCall | None:
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
    if parent is holder and holder.args[:1] == [node] and is_partial(module, holder):
        return call_facts.partial_call(module, holder, reference)
    if LOOKERS & module.bindings.possible(holder.func) or last_name(holder.func) in _PATCHERS:
        return None
    return call_facts.handed_on(module, holder, reference)


def is_only_typed(module: Module, node: ast.AST) -> bool:
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
