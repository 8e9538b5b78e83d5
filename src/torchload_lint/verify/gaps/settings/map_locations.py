"""Whether torch can put storages where a load says (``map_location``): a proof puts them elsewhere.

What a run gives (``args.device``) is believed to be a device, and what is given from farther away
is looked at apart (``devices_given``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.storages import names_device
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_CALLED = (*FUNCTIONS, ast.Lambda, ast.ClassDef)
_RETURNS = (*FUNCTIONS, ast.Lambda)
_CHOICES = (ast.IfExp, ast.NamedExpr, ast.BoolOp, ast.Dict)
_DEVICES_OF_TORCH = frozenset(
    "torch.get_default_device torch.accelerator.current_accelerator".split()
)
_ASKS = frozenset({"get", "getattr", "get_device", "pop", "getenv"})
"""What asks a run for what it was given; the second argument is what it gives otherwise."""
_MOVES = frozenset({"cpu", "cuda"})
_RESTORES = "default_restore_location"
"""Torch's own function that puts a storage somewhere."""
_HOPS = 4
"""Names that are followed to what they stand for."""


def may_place(place: ast.AST, module: Module, project: ProjectIndex, hops: int = _HOPS) -> bool:
    """Whether torch may take something for ``map_location``: a function only where it returns the
    storage as it is, or moved; what is worked out only where all that it can be is a device.
    """
    if isinstance(place, ast.Constant):
        text = place.value
        return text is None or (isinstance(text, str) and names_device(text))
    if isinstance(place, _CALLED):
        return _returns_storage(place)
    if isinstance(place, (ast.JoinedStr, ast.BinOp)):
        return _begins_like_device(place)
    if isinstance(place, ast.Call):
        return _gives_device(place, module, project, hops)
    if isinstance(place, (ast.Name, ast.Attribute, ast.Subscript)):
        holder = place.value if isinstance(place, ast.Subscript) else place
        whole = module.bindings.qualified(holder) or ""
        if whole.startswith(("builtins.", "torch.")):
            return False
        parts = _meant(holder, module, project) if hops else iter(())
    elif isinstance(place, _CHOICES):
        parts = ((one, module) for one in _parts(place))
    else:
        return False
    return all(may_place(one, home, project, hops - 1) for one, home in parts)


def _gives_device(call: ast.Call, module: Module, project: ProjectIndex, hops: int) -> bool:
    """Whether a call gives a device: one of torch's, or of a function whose results are all seen.
    ``.get("device")`` and the like ask what the run was given.
    """
    name, given = last_name(call.func), [*call.args[:1], *(one.value for one in call.keywords[:1])]
    whole = module.bindings.qualified(call.func) or ""
    if whole in {"torch.device", "builtins.str"}:
        return len(given) == 1 and may_place(given[0], module, project, hops - 1)
    if whole.startswith("torch."):
        return whole in _DEVICES_OF_TORCH
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Constant):
        return name == "format" and _begins_like_device(call.func.value)
    if name in _ASKS:
        return all(may_place(one, module, project, hops - 1) for one in call.args[1:])
    if not isinstance(call.func, (ast.Name, ast.Attribute)) or not hops:
        return False
    found = [
        (one, home) for one, home in _meant(call.func, module, project) if isinstance(one, _RETURNS)
    ]
    return bool(found) and all(
        may_place(one, home, project, hops - 1)
        for function, home in found
        for one in _results(function)
    )


def _results(function: ast.AST) -> list[ast.AST]:
    if isinstance(function, ast.Lambda):
        return [function.body]
    ends = [one for one in ast.walk(function) if isinstance(one, ast.Return)]
    return [one.value or ast.Constant(None) for one in ends] or [function]


def _begins_like_device(text: ast.expr) -> bool:
    """``f"cuda:{rank}"``, ``"cuda:" + rank``, ``"cuda:%d" % rank``."""
    while isinstance(text, ast.BinOp):
        text = text.left
    if isinstance(text, ast.JoinedStr) and text.values:
        text = text.values[0]
    kind, colon, _ = str(text.value if isinstance(text, ast.Constant) else "").partition(":")
    return bool(colon) and names_device(f"{kind}:0")


def _parts(place: ast.AST) -> list[ast.expr]:
    """What a choice or a dict may give."""
    if isinstance(place, ast.IfExp):
        return [place.body, place.orelse]
    if isinstance(place, ast.NamedExpr):
        return [place.value]
    return place.values if isinstance(place, (ast.BoolOp, ast.Dict)) else []


def _defaults(function: ast.AST | None) -> dict[str, ast.expr]:
    """The parameters of a function that have a value of their own."""
    if not isinstance(function, (*FUNCTIONS, ast.Lambda)):
        return {}
    given = function.args
    ordered = [one.arg for one in (*given.posonlyargs, *given.args)][-len(given.defaults) or None :]
    named = zip((one.arg for one in given.kwonlyargs), given.kw_defaults, strict=True)
    last = dict(zip(ordered, given.defaults, strict=False))
    return last | {name: value for name, value in named if value is not None}


def _meant(
    place: ast.expr, module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.AST, Module]]:
    """What a name stands for, in this file or another; for an attribute of an object, each function
    of the file that has its name.
    """
    if isinstance(place, ast.Name):
        defaults = _defaults(module.function(place))
        if place.id in defaults:
            yield defaults[place.id], module
        for one in module.bindings.definitions(place):
            value = one.node if isinstance(one.node, _CALLED) else one.value
            if value is not None:
                yield value, module
    whole = module.bindings.qualified(place)
    for found in project.definitions(whole, module.path) if whole else ():
        yield (getattr(found.node, "value", None) or found.node), found.module
    if isinstance(place, ast.Attribute) and not whole:
        same = (one for one in ast.walk(module.tree) if isinstance(one, FUNCTIONS))
        yield from (
            (one, module)
            for one in same
            if one.name == place.attr and not one.decorator_list  # nor a property
        )
        set_here = (one for one in ast.walk(module.tree) if isinstance(one, ast.Assign))
        yield from (
            (one.value, module)
            for one in set_here
            if isinstance(one.value, ast.Constant) and place.attr in map(_attribute, one.targets)
        )


def _attribute(target: ast.expr) -> str:
    return target.attr if isinstance(target, ast.Attribute) else ""


def _returns_storage(function: ast.AST) -> bool:
    names = [one.arg for one in getattr(getattr(function, "args", None), "args", ())]
    body = getattr(function, "body", None)
    if isinstance(body, list):
        body = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    if isinstance(body, ast.Call) and last_name(body.func) in _MOVES:
        body = getattr(body.func, "value", None)
    elif isinstance(body, ast.Call) and last_name(body.func) == _RESTORES:
        body = body.args[0] if body.args else None
    return len(names) == 2 and isinstance(body, ast.Name) and body.id == names[0]  # noqa: PLR2004
