"""What the parameters of a lambda are given: where it is called in place, by a name, or by a
function that calls what it is given (``map(lambda path: torch.load(path), paths)``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.sequences import elements
from torchload_lint.source.domain.values import lift, union
from torchload_lint.source.facts.loading.handed_over import NOTHING, given_after
from torchload_lint.source.names import members
from torchload_lint.source.state.bound import given_values
from torchload_lint.source.state.matching import match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile


def given(
    evaluator: Evaluator, parameter: ast.arg, function: ast.Lambda, default: Values, frame: Frame
) -> Values:
    """What calls of a lambda give to a parameter; empty where none is known. ``default``: what it
    is where a call does not give it.
    """
    if not evaluator.once(key := ("lambda", parameter)):
        return ()
    try:
        places = list(_places(evaluator, function, frame.module))
        found = [
            value
            for place in places
            for value in _given_at(evaluator, place, parameter, function, default, frame)
        ]
    finally:
        evaluator.done(key)
    return lift(union(*found), Rung.CALLER)


def _places(evaluator: Evaluator, function: ast.Lambda, module: SourceFile) -> Iterator[ast.expr]:
    """Where the lambda is used: where it stands, or where its name is read."""
    holder = module.parents[function]
    target = holder.targets[0] if isinstance(holder, ast.Assign) else None
    if target is None:
        yield function
    elif (
        isinstance(target, ast.Name) and isinstance(holder, ast.Assign) and len(holder.targets) == 1
    ):
        scope = module.bindings.scope(holder)
        yield from module.bindings.uses(target.id, scope).get(holder, ())
        if not members.is_function(scope) or _is_reached_by_name(target.id, scope, module):
            evaluator.leave_open(f"other code may call {target.id}()")


def _is_reached_by_name(name: str, scope: ast.AST, module: SourceFile) -> bool:
    """Whether code that is not read as such may call a function's lambda: it is a global name, or a
    text is run.
    """
    told = [each for each in ast.walk(scope) if isinstance(each, ast.Global)]
    runs_text = any(word in module.text for word in ("exec", "eval", "locals"))
    return runs_text or any(name in each.names for each in told)


def _given_at(
    evaluator: Evaluator,
    place: ast.expr,
    parameter: ast.arg,
    function: ast.Lambda,
    default: Values,
    frame: Frame,
) -> Iterator[Values]:
    module = frame.module
    holder = module.parents[place]
    if isinstance(holder, ast.keyword):
        holder = module.parents[holder]
    call = holder if isinstance(holder, ast.Call) else None
    if call is not None and call.func is not place:
        after = given_after(module, call, place)
        if after.each:
            evaluator.hop(call, module.path, "calls the lambda")
            is_first = parameter is next(
                iter((*function.args.posonlyargs, *function.args.args)), None
            )
            yield elements(evaluator.values(after.args[0], frame)) if is_first else default
            return
        call = None if after == NOTHING else _as_call(place, after.args, after.keywords)
    if call is None:
        evaluator.leave_open(f"what calls the lambda of line {function.lineno} is not known")
        return
    evaluator.hop(call, module.path, "calls the lambda")
    passed = match(call, function)
    yield given_values(evaluator, passed[parameter], frame) if parameter in passed else default


def _as_call(
    function: ast.expr, args: tuple[ast.expr, ...], keywords: tuple[ast.keyword, ...]
) -> ast.Call:
    """The call that another function makes of what it is given."""
    return ast.copy_location(ast.Call(function, [*args], [*keywords]), function)
