"""Uses of a thing in all but calls: its parts, other names for it, what it is put into."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping import returned
from torchload_lint.source.certainty.escaping.asked import is_followed_store, literal, shown
from torchload_lint.source.certainty.escaping.returned import ComesFrom
from torchload_lint.source.certainty.escaping.seen_changes import stored
from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
from torchload_lint.source.domain.values import Constant, Record, Sequence, Text
from torchload_lint.source.text.definitions import defaults, parameters

if TYPE_CHECKING:
    from torchload_lint.source.certainty.escaping.asked import Asked
    from torchload_lint.source.certainty.escaping.watching import Watching

_COMPARING = ("__eq__", "__contains__", "__ne__", "__lt__", "__gt__")


def of_part(
    watch: Watching, use: PlaceOfUse, parent: ast.Subscript, asked: Asked, depth: int
) -> str:
    """``thing[key]``."""
    if parent.value is not use.node:
        return shown(use.node, "is used as a key")
    holder = use.module.parents.get(parent)
    key = literal(parent.slice)
    if isinstance(parent.ctx, ast.Load):
        if isinstance(parent.slice, ast.Slice):
            return watch.copied(PlaceOfUse(use.module, parent), asked, depth)
        return watch.part(PlaceOfUse(use.module, parent), asked, depth, key)
    if not asked.items or (key is not None and asked.key not in {None, key}):
        return ""
    if is_followed_store(use, parent, holder, asked):
        return ""
    return stored(shown(use.node, "gets another entry"), parent, use.module, asked.key)


def of_assignment(
    watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int
) -> str:
    """``other = thing``: followed under its other name."""
    assert isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr)
    targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
    if getattr(parent, "value", None) is not use.node:
        return ""
    for target in targets:
        why = watch.stored_in(use, target, asked, depth)
        if why:
            return why
    if isinstance(parent, ast.NamedExpr):
        return watch.use(PlaceOfUse(use.module, parent), asked, depth)
    return ""


def of_return(watch: Watching, use: PlaceOfUse, _: ast.AST, asked: Asked, __: int) -> str:
    """``return thing``: whoever calls has it, and is looked at where it is followed there."""
    function = use.module.function(use.node)
    if function is None or not isinstance(use.node, ast.Name):
        return shown(use.node, "is returned")
    found = set(returned.of_name(use.node, function, use.module, watch.evaluator))
    if not asked.items and ComesFrom.COPIED in found:
        return shown(use.node, "is returned with parts of something else")
    found = {ComesFrom.MADE if each is ComesFrom.COPIED else each for each in found}
    if ComesFrom.DEFAULT in found:
        return shown(use.node, "is a default that is given away")
    if found in ({ComesFrom.MADE}, {ComesFrom.GIVEN}):
        return ""
    return shown(use.node, "is returned to several callers")


def of_loop(watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int) -> str:
    """``for part in thing``."""
    if getattr(parent, "iter", None) is not use.node or not asked.deep:
        return ""
    target: ast.expr = parent.target  # type: ignore[attr-defined]
    levels = 0 if isinstance(target, ast.Tuple) else 1  # pairs of ``items()`` are no level
    part = asked._replace(key=None, place=None, items=True, deep=asked.deep - levels)
    return watch.stored_in(use, target, part, depth)


def of_choice(watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int) -> str:
    """``thing or other``, ``thing if test else other``."""
    if isinstance(parent, ast.IfExp) and parent.test is use.node:
        return ""
    return watch.use(PlaceOfUse(use.module, parent), asked, depth)  # type: ignore[arg-type]


def of_display(watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int) -> str:
    """``[thing]``: a part of something else."""
    if isinstance(parent, ast.Dict):
        if use.node in parent.keys:
            return ""
        index = parent.values.index(use.node)
        if parent.keys[index] is None:
            return watch.copied(PlaceOfUse(use.module, parent), asked, depth)
    return watch.use(
        PlaceOfUse(use.module, parent),  # type: ignore[arg-type]
        asked._replace(key=None, place=None, deep=asked.deep + 1, items=True),
        depth,
    )


def of_operator(watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int) -> str:
    """``thing + other``: something new with the same parts, unless ``other`` says otherwise."""
    assert isinstance(parent, ast.BinOp)
    other = parent.right if parent.left is use.node else parent.left
    values = watch.evaluator.aside(other, use.module)
    if not all(isinstance(value, Sequence | Record | Text | Constant) for value in values):
        return shown(use.node, "is combined with something that is not known")
    return watch.copied(PlaceOfUse(use.module, parent), asked, depth)


def of_comparison(
    watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int
) -> str:
    """``thing == other``, ``thing in others``: of the project's classes, who knows what."""
    del parent, asked, depth
    for method in _COMPARING:
        if watch.evaluator.project.holding(f"def {method}("):
            return shown(use.node, f"may be given to {method}()")
    return ""


def of_default(watch: Watching, use: PlaceOfUse, parent: ast.AST, asked: Asked, depth: int) -> str:
    """``def f(x=thing)``."""
    assert isinstance(parent, ast.arguments)
    function = use.module.parents.get(parent)
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return shown(use.node, "is a default")
    for arg in parameters(parent):
        if defaults(parent).get(arg.arg) is use.node:
            return watch.parameter(
                arg, function, use.module, asked._replace(key=None, place=None), depth
            )
    return ""


def of_value(_: Watching, use: PlaceOfUse, __: ast.AST, asked: Asked, ___: int) -> str:
    """``x += thing``: the other gets its parts."""
    return shown(use.node, "is added to something else") if asked.deep else ""
