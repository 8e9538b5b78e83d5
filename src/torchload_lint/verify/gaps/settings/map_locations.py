"""Whether torch can put storages where a load says (``map_location``): a proof puts them elsewhere.

What a run gives (``args.device``, a parameter) is believed to be a device.
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
_MOVES = frozenset({"cpu", "cuda"})
_RESTORES = "default_restore_location"
"""Torch's own function that puts a storage somewhere."""
_HOPS = 4
"""Names that are followed to what they stand for."""


def may_place(place: ast.AST, module: Module, project: ProjectIndex, hops: int = _HOPS) -> bool:
    """Whether torch may take something for ``map_location``: a function only where it returns the
    storage as it is, or moved.
    """
    if isinstance(place, ast.Constant):
        text = place.value
        return text is None or (isinstance(text, str) and names_device(text))
    if isinstance(place, _CALLED):
        return _returns_storage(place)
    if isinstance(place, (ast.Name, ast.Attribute)):
        if (module.bindings.qualified(place) or "").startswith("builtins."):
            return False
        parts = _meant(place, module, project) if hops else ()
    elif isinstance(place, ast.Call):
        return last_name(place.func) != "partial"
    else:
        parts = ((one, module) for one in _parts(place))
    return all(may_place(one, home, project, hops - 1) for one, home in parts)


def _parts(place: ast.AST) -> list[ast.expr]:
    """What a choice or a dict may give."""
    if isinstance(place, ast.IfExp):
        return [place.body, place.orelse]
    if isinstance(place, ast.NamedExpr):
        return [place.value]
    return place.values if isinstance(place, (ast.BoolOp, ast.Dict)) else []


def _meant(
    place: ast.Name | ast.Attribute, module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.AST, Module]]:
    """What a name stands for, in this file or another; for an attribute of an object, each function
    of the file that has its name.
    """
    if isinstance(place, ast.Name):
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
