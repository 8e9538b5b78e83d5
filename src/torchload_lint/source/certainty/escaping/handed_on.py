"""Uses of a thing in calls: its methods, functions of the project, and those that are known."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.asked import is_followed_call, literal, misses, shown
from torchload_lint.source.certainty.escaping.known import (
    CHANGING,
    CHANGING_CALLS,
    LISTING,
    PICKING,
    PLAIN_READERS,
    READING_CALLS,
    READS,
    SHALLOW,
    TAKING,
    leaves_objects_alone,
)
from torchload_lint.source.certainty.escaping.returned import functions_called, may_return
from torchload_lint.source.certainty.escaping.seen_changes import changed
from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
from torchload_lint.source.libraries import registry
from torchload_lint.source.state.matching import match

if TYPE_CHECKING:
    from torchload_lint.source.certainty.escaping.asked import Asked
    from torchload_lint.source.certainty.escaping.watching import Watching

_REFLECTING = frozenset(f"builtins.{name}" for name in ("getattr", "setattr", "delattr", "vars"))

_LOADING_ANEW = frozenset({"importlib.reload"})


def of_attribute(
    watch: Watching, use: PlaceOfUse, parent: ast.Attribute, asked: Asked, depth: int
) -> str:
    """``thing.method(…)``, ``thing.name``."""
    holder = use.module.parents.get(parent)
    if parent.attr == "__dict__":
        return watch.use(PlaceOfUse(use.module, parent), asked._replace(items=True), depth)
    if isinstance(holder, ast.Call) and holder.func is parent:
        return _method(watch, use, parent.attr, holder, asked, depth)
    if asked.items and parent.attr in CHANGING:
        return shown(use.node, f"gives away .{parent.attr}")
    return watch.part(PlaceOfUse(use.module, parent), asked, depth, parent.attr)


def _method(
    watch: Watching, use: PlaceOfUse, name: str, call: ast.Call, asked: Asked, depth: int
) -> str:
    if not asked.items:
        result = PlaceOfUse(use.module, call)
        if name in asked.given_by:
            return watch.use(result, asked, depth)
        listed = asked._replace(deep=asked.deep + 1) if name == "items" else asked
        of_parts = watch.copied(result, listed, depth) if name in LISTING else ""
        return of_parts or watch.part(result, asked, depth)
    if use.node is asked.place and name in TAKING and not asked.ordered:
        return ""
    key = literal(call.args[0]) if call.args else None
    if name in READS:
        result = PlaceOfUse(use.module, call)
        if name in PICKING:
            return watch.part(result, asked, depth, key)
        return watch.copied(result, asked, depth)
    at_key = name in {"pop", "setdefault", "__setitem__", "__delitem__"} and key is not None
    if at_key and asked.key not in {None, key}:
        return ""
    if name == "update" and asked.key is not None and misses(call, asked.key):
        return ""
    if name in {"append", "add", "extend"} and is_followed_call(use, call, asked):
        return ""
    return changed(use.node, f"is changed by .{name}()")


def of_call(watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int) -> str:
    """``function(thing)``, ``function(*thing)``, ``function(name=thing)``."""
    call: ast.AST | None = parent
    while isinstance(call, ast.keyword | ast.Starred):
        call = use.module.parents.get(call)
    if isinstance(call, ast.ClassDef) or call is None:
        return shown(use.node, "is given to a class")
    if not isinstance(call, ast.Call):
        return _spread_into(watch, use, call, asked, depth)
    if call.func is use.node:
        return ""  # what is called here is no table
    spread = isinstance(parent, ast.Starred) or (
        isinstance(parent, ast.keyword) and parent.arg is None
    )
    if spread and not asked.deep:
        return ""
    dotted = use.module.bindings.qualified(call.func) or ""
    if dotted in _REFLECTING:
        return _reflected(watch, use, dotted.removeprefix("builtins."), call, asked, depth)
    if isinstance(call.func, ast.Attribute) and call.func.attr in {"join", "format"}:
        return ""
    if _only_reads(dotted):
        return _read(watch, use, dotted.removeprefix("builtins."), call, asked, depth)
    if spread:
        return shown(use.node, "is spread over a call")
    return _handed_on(watch, use, parent, call, dotted, asked, depth)


def _only_reads(dotted: str) -> bool:
    """Whether a function changes nothing of what it is given."""
    if "builtins." in dotted:
        return dotted.removeprefix("builtins.") in READING_CALLS
    return dotted in PLAIN_READERS or registry.reads_only(dotted)


def _read(
    watch: Watching, use: PlaceOfUse, plain: str, call: ast.Call, asked: Asked, depth: int
) -> str:
    """An argument of a function that changes nothing of what it is given."""
    if asked.deep and (call.keywords or plain in {"filter", "map"}):
        return shown(use.node, f"goes through {plain}() with a function")
    if plain == "next" and asked.ordered and asked.items:
        return changed(use.node, "loses an item")
    if plain in SHALLOW:
        return watch.copied(PlaceOfUse(use.module, call), asked, depth)
    if plain in PICKING:
        return watch.part(PlaceOfUse(use.module, call), asked, depth)
    return ""


def _spread_into(
    watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int
) -> str:
    """``[*thing]``."""
    if isinstance(parent, ast.List | ast.Tuple | ast.Set):
        return watch.copied(PlaceOfUse(use.module, parent), asked, depth)
    return shown(use.node, "is spread")


def _reflected(
    watch: Watching, use: PlaceOfUse, plain: str, call: ast.Call, asked: Asked, depth: int
) -> str:
    if plain == "vars":
        return watch.use(PlaceOfUse(use.module, call), asked._replace(items=True), depth)
    if plain != "getattr" or not call.args or call.args[0] is not use.node:
        return ""  # setattr is looked for by name, over the whole project
    name = literal(call.args[1]) if len(call.args) > 1 else None
    if name is None and asked.items:
        return shown(use.node, "is asked for an attribute by name")
    holder = use.module.parents.get(call)
    is_called = isinstance(holder, ast.Call) and holder.func is call
    if is_called and not asked.items:
        return ""  # ``getattr(module, name)()``: what can be changed there is not called
    if isinstance(holder, ast.Call) and is_called and name is not None:
        return _method(watch, use, name, holder, asked, depth)
    return (
        shown(use.node, "gives away a method")
        if asked.items
        else watch.part(PlaceOfUse(use.module, call), asked, depth, name)
    )


def _handed_on(
    watch: Watching,
    use: PlaceOfUse,
    parent: ast.AST,
    call: ast.Call,
    dotted: str,
    asked: Asked,
    depth: int,
) -> str:
    """An argument: followed into functions of the project."""
    if not asked.items and leaves_objects_alone(dotted):
        return ""
    module = use.module
    given = parent.arg if isinstance(parent, ast.keyword) else use.node
    targets = functions_called(watch.evaluator, call, dotted, module)
    if dotted in CHANGING_CALLS and call.args[:1] == [use.node]:
        is_changed = asked.items or dotted in _LOADING_ANEW
        return changed(use.node, f"is changed by {dotted}()") if is_changed else ""
    if not targets:
        return shown(use.node, f"is handed to {ast.unparse(call.func)}(), which is not followed")
    for function, home, skipped in targets:
        reached = match(call, function, skipped)
        hit = [
            arg
            for arg, value in reached.items()
            if value is use.node or (isinstance(given, str) and arg.arg == given)
        ]
        if not hit or function.args.kwarg in hit or function.args.vararg in hit:
            return shown(use.node, "is handed on in a way that is not followed")
        for arg in hit:
            why = watch.parameter(arg, function, home, asked._replace(key=None, place=None), depth)
            if why:
                return why
        if may_return(function, hit):
            why = watch.use(
                PlaceOfUse(module, call), asked._replace(key=None, place=None), depth + 1
            )
            if why:
                return why
    return ""
