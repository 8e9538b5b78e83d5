"""Stand-ins: another object under a pickled name, where the real one cannot be loaded.

A ``(object, "name")`` pair maps a name in the file to any object. Where a dict subclass is filled
entry by entry, which the weights-only loader refuses, ``(dict, "its.name")`` still loads: the
program gets a plain dict in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import default_allowed
from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, ObjectValue, PickledValue
from torchload_lint.checkpoint.pickles.states import truthy
from torchload_lint.checkpoint.pickles.substitute import Substitute
from torchload_lint.checkpoint.report import StandIn
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.evaluate import Evaluation
    from torchload_lint.checkpoint.known.torch_versions import Target

_MOST = 16
"""Classes of one file that are replaced at most."""


def find_stand_ins(
    result: Evaluation, again: Callable[[dict[str, Substitute]], Evaluation], target: Target
) -> tuple[Evaluation, tuple[StandIn, ...]] | None:
    """Stand-ins that make the file load, and the evaluation with them; None where none do.

    The first obstacle names the class to replace; then the file is read again, until it loads or
    the obstacle is one that nothing rescues.
    """
    substitutes: dict[str, Substitute] = {}
    evaluation = result
    while evaluation.guard.failure is not None and len(substitutes) < _MOST:
        culprit = _class_of(evaluation.guard.culprit)
        if culprit is None or str(culprit.name) in substitutes:
            return None
        substitute = _substitute(evaluation, culprit, evaluation.guard.failure.code, target)
        if substitute is None:
            return None
        substitutes[str(culprit.name)] = substitute
        evaluation = again(substitutes)
    if evaluation.guard.failure is not None or evaluation.problem is not None:
        return None
    return evaluation, tuple(
        StandIn(GlobalName.parse(name), substitute.spelling, _consequence(name, substitute))
        for name, substitute in substitutes.items()
    )


def _class_of(culprit: PickledValue) -> GlobalRef | None:
    """The named class whose instance torch stumbled over."""
    if isinstance(culprit, ObjectValue) and isinstance(culprit.callee, GlobalRef):
        return culprit.callee
    return culprit if isinstance(culprit, GlobalRef) else None


def _substitute(
    evaluation: Evaluation, cls: GlobalRef, obstacle: str, target: Target
) -> Substitute | None:
    """What may stand for a class, going by everything that the file does with it."""
    if obstacle == "platform":
        return Substitute("pathlib.PurePosixPath" if target.windows else "pathlib.PureWindowsPath")
    if obstacle not in {"setitem", "append"} or str(cls.name) in default_allowed(target.torch):
        return None
    made = [
        call
        for stream in evaluation.streams
        for call in stream.calls
        if isinstance(call.callee, GlobalRef) and str(call.callee.name) == str(cls.name)
    ]
    takes_arguments = any(call.how == "REDUCE" and truthy(call.args) for call in made)
    if takes_arguments and any(call.how == "NEWOBJ" for call in made):
        return None  # a function cannot be instantiated, and a class would choke on them
    has_state = any(truthy(state) for call in made for state in call.states)
    if obstacle == "append":
        return None if has_state else Substitute("builtins.list", takes_arguments)
    kind = "collections.OrderedDict" if has_state else "builtins.dict"
    return Substitute(kind, takes_arguments)


def _consequence(name: str, substitute: Substitute) -> str:
    plain = substitute.kind.rpartition(".")[2]
    lost = {
        "collections.defaultdict": ", which no longer makes missing entries",
        "collections.deque": ", without a maximal length",
    }.get(name, ", without the methods of its class")
    return f"every {name} in the object becomes a plain {plain}{lost}"
