"""What becomes of a loaded value, as far as the function that loads it shows.

Where the whole of it goes into ``load_state_dict`` and nowhere else, it is a state dict, and
needs no allowlist whatever file it comes from.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.calls import Use
from torchload_lint.source.candidates import on_rows, rows_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.definitions import Definition
    from torchload_lint.source.module import Module

_ITEM = "item"
_WHOLE = "whole"
_OBJECT = "object"
_NOTHING = "nothing"
_OTHER = "other"
_DEPTH = 4
"""How many names a value is followed through."""
_DICT_METHODS = frozenset({"get", "pop", "keys", "items", "values", "copy", "update", "setdefault"})
_MODULE_METHODS = frozenset(
    """eval train to cuda cpu half float double forward parameters named_parameters modules
    named_modules children state_dict load_state_dict requires_grad_ zero_grad apply predict
    share_memory fuse generate encode decode fit transform""".split()
)
"""Methods of modules and of other whole objects, which no dictionary has."""
_COPIES = frozenset({"collections.OrderedDict", "builtins.dict", "copy.copy", "copy.deepcopy"})
_LOOKERS = frozenset(
    {"builtins.print", "builtins.len", "builtins.type", "builtins.isinstance", "builtins.list"}
)


def use_of(module: Module, call: ast.expr) -> Use:
    """What becomes of the value that ``call`` returns."""
    uses = set(_uses(module, call, _DEPTH)) - {_NOTHING}
    if _OBJECT in uses:
        return Use.OBJECT
    if _OTHER in uses or not uses:
        return Use.UNKNOWN
    return Use.STATE_DICT if uses == {_WHOLE} else Use.STATE_DICT_ITEM


def _uses(module: Module, node: ast.expr, depth: int) -> Iterator[str]:
    """What is done with the value of an expression at the place where it stands."""
    if depth == 0:
        yield _OTHER
        return
    parent = module.parents.get(node)
    if isinstance(parent, ast.Await):
        yield from _uses(module, parent, depth)
    elif isinstance(parent, ast.Call):
        yield from _passed(module, parent, node, depth)
    elif isinstance(parent, ast.keyword):
        call = module.parents.get(parent)
        yield _WHOLE if isinstance(call, ast.Call) and _loads_state(call) else _OTHER
    elif isinstance(parent, ast.Subscript) and parent.value is node:
        yield from _item(module, parent, depth)
    elif isinstance(parent, ast.Attribute):
        yield from _attribute(module, parent, depth)
    elif isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        yield from _assigned(module, parent, depth)
    elif isinstance(parent, ast.Compare):
        yield _NOTHING if all(isinstance(op, (ast.In, ast.NotIn)) for op in parent.ops) else _OTHER
    elif isinstance(parent, ast.IfExp) and parent.test is not node:
        yield from _uses(module, parent, depth - 1)
    else:
        yield _NOTHING if isinstance(parent, (ast.Delete, ast.Expr)) else _OTHER


def _passed(module: Module, call: ast.Call, node: ast.expr, depth: int) -> Iterator[str]:
    if call.func is node:
        yield _OBJECT
    elif _loads_state(call):
        yield _WHOLE if call.args[:1] == [node] else _OTHER
    else:
        called = module.bindings.qualified(call.func)
        if called in _LOOKERS:
            yield _NOTHING
        elif called in _COPIES:
            yield from _uses(module, call, depth - 1)
        else:
            yield _OTHER


def _loads_state(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "load_state_dict"


def _item(module: Module, item: ast.Subscript, depth: int) -> Iterator[str]:
    """An item of the value: harmless where it too goes into ``load_state_dict``."""
    if not isinstance(item.ctx, ast.Load):
        yield _ITEM
        return
    uses = set(_uses(module, item, depth - 1))
    yield _ITEM if uses <= {_WHOLE, _ITEM, _NOTHING} else _OTHER


def _attribute(module: Module, attribute: ast.Attribute, depth: int) -> Iterator[str]:
    call = module.parents.get(attribute)
    called = isinstance(call, ast.Call) and call.func is attribute
    if attribute.attr in _MODULE_METHODS:
        yield _OBJECT
    elif not called or attribute.attr not in _DICT_METHODS:
        yield _OTHER
    elif attribute.attr in {"get", "pop"}:
        assert isinstance(call, ast.Call)
        uses = set(_uses(module, call, depth - 1))
        yield _ITEM if uses <= {_WHOLE, _ITEM, _NOTHING} else _OTHER
    elif attribute.attr == "copy":
        assert isinstance(call, ast.Call)
        yield from _uses(module, call, depth - 1)
    else:
        yield _ITEM


def _assigned(
    module: Module, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, depth: int
) -> Iterator[str]:
    """Follow a local name to every place where this very value may be used."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not all(isinstance(target, ast.Name) for target in targets):
        yield _OTHER
        return
    if isinstance(node, ast.NamedExpr):
        yield from _uses(module, node, depth - 1)
    for target in targets:
        assert isinstance(target, ast.Name)
        yield from _name_uses(module, node, target.id, depth)


def _name_uses(module: Module, node: ast.AST, name: str, depth: int) -> Iterator[str]:
    scope = module.bindings.scope(module.statement(node))
    if isinstance(scope, ast.ClassDef) or _escapes(module, scope, name):
        yield _OTHER
        return
    for place in on_rows(scope, rows_with(module.lines, [name])):
        if (
            isinstance(place, ast.Name)
            and place.id == name
            and place.ctx.__class__ is not ast.Store
        ):
            definitions = module.bindings.definitions(place)
            if any(definition.node is node for definition in definitions):
                yield from _name_use(module, place, definitions, depth)


def _name_use(
    module: Module, place: ast.Name, definitions: tuple[Definition, ...], depth: int
) -> Iterator[str]:
    uses = set(_uses(module, place, depth - 1))
    if len(definitions) > 1 and _OBJECT in uses:
        yield _OTHER
        return
    yield from sorted(uses)


def _escapes(module: Module, scope: ast.AST, name: str) -> bool:
    """Whether other functions can see the name: a module's names, or a ``global`` one."""
    if isinstance(scope, ast.Module):
        return False
    return name in module.bindings.flow(scope).outward
