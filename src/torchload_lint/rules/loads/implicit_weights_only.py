"""A load that leaves `weights_only` to its default.

## What it does
Reports a `torch.load` that does not say `weights_only` (or says None).

## Why is this bad?
What the call does then depends on where it runs. Below torch 2.6 it is a full unpickling, in which
the file decides what code runs (reported as an error). From 2.6 on it is a restricted load, until
somebody sets `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1`, which turns every call that does not say
`weights_only=True` into an unsafe one. That is a note: it fails no build, it is left out where
another rule reports the same load, and it is only shown to those who ask (`--select TLL102`, or
`--min-severity info`); so is its fix. In tests, which mostly load what they have saved themselves,
an unsafe load is such a note, too. A load that also fails on torch 2.6 and newer is reported
by missing-safe-globals or unloadable-checkpoint alone, which say this too.

## Example
```python
state = torch.load("state.pt")
```

## Use instead
```python
state = torch.load("state.pt", weights_only=True)
```

## Fix safety
Where every torch that the code must run on is 2.6 or newer (see `target-torch`), writing out the
default changes nothing, and the fix is safe. Where the target is older, the call becomes a
restricted one, and the fix is as safe as that of weights-only-disabled (TLL101).

## Options
- `target-torch`: the oldest torch that the code must run on

## References
- [torch 2.6 release notes](https://github.com/pytorch/pytorch/releases/tag/v2.6.0)
- [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.on_torch import (
    PARAMETER_SINCE,
    RESTRICTED_BY_DEFAULT_SINCE,
    Mode,
)
from torchload_lint.rules.repairs import plan_keyword, plan_repair
from torchload_lint.rules.words import evidence_notes, what_it_needs
from torchload_lint.source.facts.calls import WeightsOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report an absent weights_only: unsafe on an old torch of the range, undoable on a new one.

    Not where a test of torch's version leaves only releases that have no such parameter.
    """
    load = situation.load
    if load.weights_only not in {WeightsOnly.ABSENT, WeightsOnly.NONE} or load.unpacks:
        return
    if load.pickle_module is not None or not situation.is_torch_load:
        return
    if load.through in situation.module.load_nodes:
        return  # a call of a partial of this file: said where the partial is made
    avoidable = [line for line in situation.unsafe_on if line >= PARAMETER_SINCE]
    if avoidable or (situation.unsafe_on and not situation.guarded):
        yield _unsafe(situation, context)
    elif situation.mode is Mode.RESTRICTED:
        yield _restricted(situation, context)


def _restricted(situation: Situation, context: Context) -> Diagnostic:
    message = (
        f"`{situation.load.loader}` does not say `weights_only=True`, which is its default since "
        "torch 2.6; written out, it also holds where TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD is set"
    )
    plan = plan_repair(situation, context)
    if plan.fix is None or plan.fix.applicability is not Applicability.SAFE:
        plan = plan_keyword(situation, context)
    return finding(
        RULE,
        situation.load.span,
        message,
        severity=Severity.INFO,
        fix=plan.fix,
        situation=situation,
        notes=plan.notes,
    )


def _unsafe(situation: Situation, context: Context) -> Diagnostic:
    message = _too_old(situation, context) or (
        f"`{situation.load.loader}` without `weights_only=True` runs whatever code the file holds "
        f"on torch {context.torch.words(situation.unsafe_on)}{_way_out(situation)}"
    )
    plan = plan_repair(situation, context)
    needs = what_it_needs(situation)
    found = finding(
        RULE,
        situation.load.span,
        message + needs,
        severity=Severity.ERROR,
        fix=plan.fix,
        situation=situation,
        notes=(*evidence_notes(situation), *plan.notes),
    )
    return found if needs else found._replace(requirement=_letting_old_ones_in(context))


def _too_old(situation: Situation, context: Context) -> str:
    """The message where no torch of the range has the parameter: the requirement is to change."""
    torch = context.torch
    if torch.newest >= PARAMETER_SINCE:
        return ""
    why = f"{torch.stated[0]}, and " if torch.stated else ""
    return (
        f"`{situation.load.loader}` runs whatever code the file holds: {why}torch {torch} has no "
        "`weights_only`; allow torch 2.6 or newer, where True is its default, "
        f"or {PARAMETER_SINCE} or newer and write it"
    )


def _way_out(situation: Situation) -> str:
    """What to change where nothing can be written at the call; empty where something can."""
    if situation.lines[0] >= PARAMETER_SINCE:
        return ""
    return (
        f"; no argument helps before {PARAMETER_SINCE}: "
        f"require {RESTRICTED_BY_DEFAULT_SINCE} or newer"
    )


def runs_code_on(situation: Situation, context: Context) -> str:
    """The end of another rule's message: on which torch the load is an unsafe one, if on any."""
    if not situation.unsafe_on:
        return ""
    words = context.torch.words(situation.unsafe_on)
    return f"; on torch {words} it runs whatever code the file holds"


def _letting_old_ones_in(context: Context) -> str:
    """The requirement without which the load would be a restricted one."""
    return str(context.torch.stated[0]) if context.torch.stated else ""


RULE = Rule(
    "TLL102",
    "implicit-weights-only",
    Severity.ERROR,
    __doc__,
    check_load=check,
    security_severity="7.5",
    precision="high",
    note_only_alone=True,
    note_in_tests=True,
    about_call=True,
)
