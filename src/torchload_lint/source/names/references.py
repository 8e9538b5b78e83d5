"""Expressions that stand for a function of torch, however they are spelled.

Imports, aliases, class attributes, ``getattr``, dictionaries of functions and partials are
followed by name: a word is looked for, what it is given to becomes the next word.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names.bindings import STATIC
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.definitions import defaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile

PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})
_GIVE_IT_BACK = PARTIALS | {STATIC}
"""Calls that give what they are given, to be called as it is."""
_ALIAS_ROUNDS = 3
"""How often names given to an alias are searched for in turn."""


class Reference(NamedTuple):
    """An expression that stands for a function (or for a partial of one)."""

    node: ast.expr
    partial: ast.Call | None = None
    certain: bool = True
    """Whether it stands for nothing else."""


def find(module: SourceFile, word: str, targets: frozenset[str]) -> list[Reference]:
    """Every expression that may stand for one of ``targets``, aliases followed by name."""
    found: dict[ast.expr, Reference] = {}
    words = {word}
    seen: set[str] = set()
    for _ in range(_ALIAS_ROUNDS):
        new = words - seen
        seen |= new
        nodes = carrying(module.tree, module.lines, new)
        carriers = [node for word in new for node in nodes[word]]
        fresh = list(_resolve(module, carriers, targets))
        found.update({reference.node: reference for reference in fresh})
        words = seen | {alias for reference in fresh for alias in _aliases(module, reference.node)}
        words |= {node.asname for node in carriers if isinstance(node, ast.alias) and node.asname}
        if words == seen:
            break
    return list(found.values())


def _resolve(
    module: SourceFile, nodes: Iterable[ast.AST], targets: frozenset[str]
) -> Iterator[Reference]:
    possible = module.bindings.possible
    for node in nodes:
        expression = _expression(module, node)
        if expression is None:
            continue
        meanings = possible(expression)
        if targets & meanings:
            yield Reference(expression, certain=meanings <= targets)
            continue
        partial = _partial_behind(module, expression, targets)
        if partial is not None:
            yield Reference(expression, partial)
        elif isinstance(expression, ast.Name):
            yield from _from_table(module, expression, targets)


def _expression(module: SourceFile, node: ast.AST) -> ast.expr | None:
    """The expression that a node with the word makes: itself, or ``getattr(x, "load")``, or
    ``attrgetter("load")(x)``.
    """
    if isinstance(node, (ast.Name, ast.Attribute)):
        return node if isinstance(node.ctx, ast.Load) else None
    if isinstance(node, ast.Constant):
        parent = module.parents.get(node)
        if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load):
            return parent
        if isinstance(parent, ast.Call) and len(parent.args) > 1 and parent.args[1] is node:
            return parent
        return _called(module, parent) if isinstance(parent, ast.Call) else None
    return None


def _called(module: SourceFile, node: ast.Call) -> ast.Call | None:
    """The call of what a call gives, where it is called at once."""
    parent = module.parents.get(node)
    return parent if isinstance(parent, ast.Call) and parent.func is node else None


def _partial_behind(
    module: SourceFile, expression: ast.expr, targets: frozenset[str]
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


def is_partial(module: SourceFile, call: ast.Call, targets: frozenset[str]) -> bool:
    """Whether a call is ``functools.partial(torch.load, ...)``."""
    possible = module.bindings.possible
    return bool(call.args and PARTIALS & possible(call.func) and targets & possible(call.args[0]))


def _from_table(module: SourceFile, name: ast.Name, targets: frozenset[str]) -> Iterator[Reference]:
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


def _aliases(module: SourceFile, node: ast.expr) -> Iterator[str]:
    """The names that an expression is given where it stands: by assignment, or as a default."""
    child: ast.AST = node
    parent = module.parents.get(child)
    while isinstance(parent, (ast.IfExp, ast.BoolOp, ast.Dict, ast.Tuple, ast.Call)):
        if isinstance(parent, ast.Call) and not (
            isinstance(child, ast.expr) and _GIVE_IT_BACK & module.bindings.possible(parent.func)
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
