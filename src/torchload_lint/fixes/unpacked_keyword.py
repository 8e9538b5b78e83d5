"""``weights_only=False`` in a dictionary that a function makes for one load and unpacks there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.argument_edits import replace_value
from torchload_lint.source.facts.keyword.answers import KEY
from torchload_lint.source.names import members

if TYPE_CHECKING:
    from torchload_lint.fixes.edits import Change, Source
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def changes_where_made(module: Module, source: Source, load: LoadCall) -> list[Change]:
    """The changes after which each such dictionary says True; empty where something else may be
    meant, or happens to the dictionary.
    """
    unpacked = [keyword.value for keyword in load.node.keywords if keyword.arg is None]
    name = unpacked[0] if len(unpacked) == 1 else None
    function = module.function(load.node)
    if not isinstance(name, ast.Name) or function is None:
        return []
    definitions = [each.node for each in module.bindings.definitions(name)]
    if not all(isinstance(each, ast.Assign | ast.AnnAssign) for each in definitions):
        return []  # an import, a pattern or a function of that name, which is no ast.Name
    places = [
        node
        for node in ast.walk(function)
        if (isinstance(node, ast.Name) and node.id == name.id)
        or (isinstance(node, ast.arg) and node.arg == name.id)
        or (isinstance(node, ast.Global | ast.Nonlocal) and name.id in node.names)
    ]
    given: list[ast.expr] = []
    for place in places:
        found = [] if place is name else _given_at(place, module)
        if found is None or not members.is_function(module.bindings.scope(module.statement(place))):
            return []
        given += found
    is_false = (isinstance(each, ast.Constant) and each.value is False for each in given)
    return [replace_value(source, each) for each in given] if all(is_false) else []


def _given_at(place: ast.AST, module: Module) -> list[ast.expr] | None:
    """What is stored as ``weights_only`` where a name is bound to a dictionary, or has an entry of
    it set; None where it is used in another way.
    """
    holder = module.parents.get(place)
    if isinstance(holder, ast.Subscript) and isinstance(holder.slice, ast.Constant):
        is_it, holder = holder.slice.value == KEY, module.parents.get(holder)
        if not isinstance(holder, ast.Assign) or len(holder.targets) != 1:
            return None
        return [holder.value] if is_it else []
    if not isinstance(holder, ast.Assign | ast.AnnAssign) or holder.value is None:
        return None
    if holder.value is place or (isinstance(holder, ast.Assign) and holder.targets != [place]):
        return None
    return _displayed(holder.value)


def _displayed(value: ast.expr) -> list[ast.expr] | None:
    """What a dictionary that is written out holds as ``weights_only``."""
    if isinstance(value, ast.Dict):
        keys = [getattr(key, "value", None) for key in value.keys]
        known = all(isinstance(key, ast.Constant) for key in value.keys)
        return (
            [one for key, one in zip(keys, value.values, strict=True) if key == KEY]
            if known
            else None
        )
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict" and not value.args:
        if any(keyword.arg is None for keyword in value.keywords):
            return None
        return [keyword.value for keyword in value.keywords if keyword.arg == KEY]
    return None
