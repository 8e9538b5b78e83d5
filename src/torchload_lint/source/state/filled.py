"""What a called function stores in its argument: ``setup(args)`` sets ``args.resume``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Frame, lift, union
from torchload_lint.source.names.steps import always_before
from torchload_lint.source.state import given_objects, stores
from torchload_lint.source.state.bound import BoundArguments
from torchload_lint.source.state.matching import match

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Handed, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.state.given_objects import Filling

_DEEPEST = 3


def before(
    evaluator: Evaluator, node: ast.expr, frame: Frame, name: str = ""
) -> tuple[Values, bool]:
    """What the functions that were given an object before this place stored under the attribute or
    item ``node`` of it, and whether one of them certainly has. ``name``: the attribute, where
    ``node`` is the object itself.
    """
    root = node.value if isinstance(node, ast.Attribute | ast.Subscript) and not name else node
    if not isinstance(root, ast.Name) or frame.calls >= _DEEPEST:
        return (), False
    suffix = f".{name}" if name else ast.unparse(node).removeprefix(root.id)
    scope = frame.module.bindings.scope(root)
    found: Values = ()
    for each in reversed(given_objects.filling(evaluator, scope, root.id, suffix, frame.module)):
        if _end(each[0]) < root.lineno and (stored := _stored(evaluator, each, suffix, frame)):
            values, always = stored
            found = union(values, found)
            if always and always_before(frame.module, frame.module.statement(each[0]), root):
                return lift(found, Rung.LOCAL), True
    return lift(found, Rung.LOCAL), False


def _end(call: ast.Call) -> int:
    return call.end_lineno or call.lineno


def before_handing(
    evaluator: Evaluator, places: tuple[Handed, ...], name: str
) -> tuple[Values, bool]:
    """The same of an object that was handed on at these places."""
    for place in reversed(places):
        if isinstance(place.node, ast.Name) and not place.path:
            stored, settled = before(evaluator, place.node, place.frame, name)
            if stored:
                return stored, settled
    return (), False


def _stored(
    evaluator: Evaluator, filling: Filling, suffix: str, frame: Frame
) -> tuple[Values, bool] | None:
    """What a function stores in the parameter that is given the object, and whether it always
    does; None where that is being asked already.
    """
    call, function, module, parameter = filling
    if not evaluator.once(key := ("filled", call, suffix)):
        return None
    given = BoundArguments(evaluator, function, module, match(call, function), frame)
    inner = Frame(module, given, frame.calls + 1, frame.callers)
    targets = stores.of_scope(evaluator, function, module).targets
    found: Values = ()
    always = False
    try:
        for _, statement, value in targets.get(f"{parameter.arg}{suffix}", ()):
            is_last = statement in function.body
            found = union(() if is_last else found, evaluator.values(value, inner))
            always |= is_last
        deeper = given_objects.filling(evaluator, function, parameter.arg, suffix, module)
        for each in deeper if not found and inner.calls < _DEEPEST else ():
            if stored := _stored(evaluator, each, suffix, inner):
                found = union(found, stored[0])
                always |= stored[1] and module.statement(each[0]) in function.body
    finally:
        evaluator.done(key)
    return found, always
