"""What is asked about a thing that can be changed, and which of its changes are seen anyway."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.values import (
    Instance,
    ParsedOptions,
    Record,
    Sequence,
    Values,
)
from torchload_lint.source.state import loops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
    from torchload_lint.source.domain.values import Value
    from torchload_lint.source.names.source_file import SourceFile

_SHOWN = 40


class Asked(NamedTuple):
    """What is asked about a thing."""

    key: str | None
    """The entry (or attribute) that is read, where it is known: changes of others do not count."""
    deep: int
    """How many levels of parts can be changed, too."""
    items: bool = True
    """Whether it is a container; an object of a class is changed by name (``stores``)."""
    place: ast.AST | None = None
    """Where it is read."""
    ordered: bool = False
    """Whether the places of its items count, so that nobody may take one away."""
    given_by: frozenset[str] = frozenset()
    """Methods of an object that give back the object itself."""


def is_changeable(value: Value) -> bool:
    """Whether somebody who sees the value can change it."""
    if isinstance(value, Sequence):
        return value.kind != "tuple" or bool(levels_of(value))
    return isinstance(value, Record | Instance | ParsedOptions)


def levels_of(value: Value) -> int:
    """How many levels of parts of a value can be changed."""
    if isinstance(value, Sequence):
        held: Iterable[Values] = (*value.items, value.others)
    elif isinstance(value, Record):
        held = (*(value.entries[key] for key in value.entries), value.others)
    else:
        return 0
    parts = [each for values in held for each in values if is_changeable(each)]
    return max((1 + levels_of(each) for each in parts), default=0)


def asked_of(values: Values, node: ast.expr, module: SourceFile) -> Asked | None:
    """What is asked of a thing that is read at ``node``; None where it cannot be changed."""
    changeable = [value for value in values if is_changeable(value)]
    if not changeable:
        return None
    items = any(isinstance(value, Sequence | Record) for value in changeable)
    deep = max(map(levels_of, changeable))
    ordered = any(isinstance(value, Sequence) and value.items for value in changeable)
    return Asked(_key_read(node, module), deep, items, node, ordered)


def _key_read(node: ast.expr, module: SourceFile) -> str | None:
    """The entry that is read right there: ``node["key"]``, ``node.get("key")``, ``node.key``."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        return literal(parent.slice)
    if isinstance(parent, ast.Attribute):
        call = module.parents.get(parent)
        if isinstance(call, ast.Call) and call.func is parent:
            return literal(call.args[0]) if parent.attr == "get" and call.args else None
        return parent.attr
    return None


def literal(node: ast.expr) -> str | None:
    """The text of a literal; None for all else."""
    value = getattr(node, "value", None)
    return value if isinstance(node, ast.Constant) and isinstance(value, str) else None


def misses(call: ast.Call, key: str) -> bool:
    """Whether ``update(…)`` certainly leaves an entry alone."""
    if any(keyword.arg in {None, key} for keyword in call.keywords):
        return False
    for given in call.args:
        if not isinstance(given, ast.Dict) or any(each is None for each in given.keys):
            return False
        names = [literal(each) for each in given.keys if each is not None]
        if None in names or key in names:
            return False
    return True


def is_followed_store(
    use: PlaceOfUse, target: ast.Subscript, holder: ast.AST | None, asked: Asked
) -> bool:
    """Whether ``stores`` knows of an assignment: to an entry of a mapping, by the name and in the
    function under which it was made.
    """
    if not isinstance(holder, ast.Assign | ast.AnnAssign) or not _is_asked_name(use, asked):
        return False
    if literal(target.slice) is None:
        return False
    module = use.module
    scope = module.bindings.scope(module.statement(use.node))
    if asked.place is None or asked.place not in module.parents:
        return False  # the name of another file, which is not looked up in this one
    if _is_default(asked.place, module):
        return False
    if module.bindings.scope(module.statement(asked.place)) is not scope:
        return False
    if _is_made_in(scope, use):
        return True
    if not isinstance(module.parents.get(asked.place), ast.Subscript):
        return False  # of what the function was given, only ``name[key]`` is looked up there
    before = (holder.end_lineno or 0) < getattr(asked.place, "lineno", 0)
    return before and loops.around_both(use.node, asked.place, module) is None


def _is_default(place: ast.AST, module: SourceFile) -> bool:
    """Whether it is read when a function or a class is made: its parameters' values are looked up
    by themselves.
    """
    return isinstance(
        module.statement(place), ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    )


def _is_asked_name(use: PlaceOfUse, asked: Asked) -> bool:
    """Whether it is the name that is read itself, and not another one for the same thing."""
    return (
        isinstance(use.node, ast.Name)
        and isinstance(asked.place, ast.Name)
        and asked.place.id == use.node.id
    )


def is_followed_call(use: PlaceOfUse, call: ast.Call, asked: Asked) -> bool:
    """Whether ``stores`` knows of an ``append``."""
    if not _is_asked_name(use, asked) or len(call.args) != 1 or call.keywords:
        return False
    return _is_made_in(use.module.bindings.scope(use.module.statement(use.node)), use)


def _is_made_in(scope: ast.AST, use: PlaceOfUse) -> bool:
    """Whether all that a name stands for was assigned to it in a scope."""
    assert isinstance(use.node, ast.Name)
    own = use.module.bindings.definitions(use.node)
    return bool(own) and all(
        each.value is not None and use.module.bindings.scope(each.node) is scope for each in own
    )


def shown(node: ast.expr, what: str) -> str:
    """A reason: the thing, as it is written, and what happens to it."""
    written = ast.unparse(node)
    return f"{written if len(written) < _SHOWN else 'it'} {what}"
