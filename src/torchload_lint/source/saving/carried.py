"""Where the values of a loaded mapping go on: into a mapping with other keys, or with fewer."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.state.stores import own_nodes
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module

_OF_MAPPINGS = ("state_dict", "prefix", "OrderedDict", "deepcopy")
"""What functions are called that yield such a mapping anew: ``clean_state_dict(state)``."""


def onwards(node: ast.expr, module: Module) -> Iterator[ast.expr]:
    """The expressions that hold the same values: ``{rename(k): v for k, v in d.items()}``, what
    ``own.update(d)`` and a loop over ``d.items()`` fill, what ``clean_state_dict(d)`` yields.
    """
    parent = module.parents.get(node)
    if isinstance(parent, ast.Attribute) and parent.attr == "items":
        call = module.parents.get(parent)
        turn = module.parents.get(call) if call is not None else None
        if isinstance(turn, ast.comprehension):
            made = module.parents.get(turn)
            yield from [made] if isinstance(made, ast.DictComp) else []
        elif isinstance(turn, ast.For) and turn.iter is call:
            for name in _filled(turn):
                yield from _uses_after(name, turn, module)
    elif isinstance(parent, ast.Call) and node in parent.args[:1]:
        called = last_name(parent.func)
        holder = parent.func.value if isinstance(parent.func, ast.Attribute) else None
        if called == "update" and isinstance(holder, ast.Name):
            yield from _uses_after(holder.id, parent, module)
        elif any(word in called for word in _OF_MAPPINGS) and not called.startswith("load"):
            yield parent


def _filled(loop: ast.For) -> set[str]:
    """The names of the mappings in which a loop stores the values that it goes through."""
    turned = {each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)}
    return {
        target.value.id
        for each in ast.walk(loop)
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name)
        for target in each.targets
        if isinstance(target, ast.Subscript)
        and isinstance(target.value, ast.Name)
        and each.value.id in turned
    }


def _uses_after(name: str, place: ast.For | ast.Call, module: Module) -> Iterator[ast.Name]:
    """Where a name is used further down in the same function."""
    end = place.end_lineno or place.lineno
    for node in own_nodes(module.bindings.scope(place)):
        if isinstance(node, ast.Name) and node.id == name and node.lineno > end:
            yield node
