"""The arguments of a call, evaluated."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.arguments import Arguments
from torchload_lint.source.domain.values import Record, Sequence, lift, unknown

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator


def arguments(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Arguments:
    """Evaluate the arguments; ``*parts`` and ``**options`` are spread where they are known."""
    given = Arguments()
    for argument in call.args:
        if not isinstance(argument, ast.Starred):
            given.positional.append(evaluator.values(argument, frame))
            continue
        for value in evaluator.values(argument.value, frame)[:1]:
            if isinstance(value, Sequence) and not value.others:
                given.positional.extend(value.items)
            else:
                given.positional.append(unknown("*arguments that are not known"))
    for keyword in call.keywords:
        if keyword.arg is not None:
            given.named[keyword.arg] = evaluator.values(keyword.value, frame)
        else:
            _spread(evaluator, evaluator.values(keyword.value, frame), given)
    return given


def _spread(evaluator: Evaluator, values: Values, given: Arguments) -> None:
    """``**options``: the entries of a mapping that is known; of any other nobody can tell."""
    known = values[0] if len(values) == 1 else None
    if isinstance(known, Record) and not known.others:
        given.named.update((name, lift(found, known.rung)) for name, found in known.entries.items())
    else:
        evaluator.leave_open("arguments that come as **options are not known")


def first(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """The first argument without a name; empty where there is none."""
    return next(iter(arguments(evaluator, call, frame).positional), ())
