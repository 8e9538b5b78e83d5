"""The objects whose states a value is: in place, copied, in one of two arms, or under a name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module

_STATIONS = 3
"""How many names a state is followed through."""
_COPIES = frozenset({"deepcopy", "copy", "dict", "OrderedDict"})
_STATES = frozenset({"get_state_dict", "get_model_state_dict"})
"""Functions that yield the state of what they are given first."""


def objects_of_state(value: ast.expr, module: Module, depth: int = _STATIONS) -> Iterator[ast.expr]:
    """The objects whose whole states an expression yields."""
    if isinstance(value, ast.IfExp):
        yield from objects_of_state(value.body, module, depth)
        yield from objects_of_state(value.orelse, module, depth)
    elif isinstance(value, ast.Call):
        yield from _of_call(value, module, depth)
    elif isinstance(value, ast.DictComp):
        source = _taken_whole(value)
        if source is not None:
            yield from objects_of_state(source, module, depth)
    elif isinstance(value, ast.Name) and depth:
        for definition in module.bindings.definitions(value):
            if definition.kind == "assign" and definition.value is not None:
                yield from objects_of_state(definition.value, module, depth - 1)


def _of_call(call: ast.Call, module: Module, depth: int) -> Iterator[ast.expr]:
    name = last_name(call.func)
    if name == "state_dict" and isinstance(call.func, ast.Attribute):
        yield call.func.value
    elif name in _STATES and call.args:
        yield call.args[0]
    elif name in _COPIES and call.args:
        yield from objects_of_state(call.args[0], module, depth)


def _taken_whole(value: ast.DictComp) -> ast.expr | None:
    """The mapping of which ``{k: v.cpu() for k, v in state.items()}`` keeps every entry."""
    loop = value.generators[0]
    if len(value.generators) > 1 or loop.ifs or not isinstance(loop.iter, ast.Call):
        return None
    items = loop.iter.func
    return items.value if isinstance(items, ast.Attribute) and items.attr == "items" else None
