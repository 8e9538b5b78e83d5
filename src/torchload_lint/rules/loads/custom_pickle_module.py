"""A load with a `pickle_module` of its own.

## What it does
Reports `torch.load(..., pickle_module=...)`, by keyword or as the third argument.

## Why is this bad?
Where a `pickle_module` is given, `weights_only` is False unless it is written out, on every torch:
the file decides what code runs. Together with `weights_only=True`, torch raises a `RuntimeError`.

## Example
```python
import dill

model = torch.load("model.pt", pickle_module=dill)
```

## Use instead
```python
with safe_globals([MyModel]):
    model = torch.load("model.pt", weights_only=True)
```

## Fix safety
The standard library's `pickle` is what torch uses by itself: it is taken out, and
`weights_only=True` is written with what the file needs, as for a load with `weights_only=False`.
For any other module there is no fix: what it does cannot be seen from here. A checkpoint that dill
wrote is often an ordinary pickle; `torchload-lint inspect` says whether it loads without dill.

## References
- [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.on_torch import Mode
from torchload_lint.rules.repairs import FixPlan, plan_repair
from torchload_lint.rules.words import evidence_notes, next_step, what_it_needs
from torchload_lint.source.facts.calls import STANDARD_PICKLES, WeightsOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report a pickle_module that contradicts the safe load, or turns it off unsaid."""
    load = situation.load
    if load.pickle_module is None or not situation.is_torch_load:
        return
    if situation.mode is Mode.REFUSED:
        message = (
            "`weights_only=True` and `pickle_module` exclude each other: torch raises an error"
        )
    elif load.weights_only is WeightsOnly.FALSE:
        return  # said already: weights_only=False
    else:
        message = "`pickle_module` turns the weights-only default off: the file may run any code"
    message += what_it_needs(situation)
    is_standard = situation.module.bindings.possible(load.pickle_module) <= STANDARD_PICKLES
    plan = plan_repair(situation, context) if is_standard else FixPlan()
    if plan.fix is None and situation.reports and not situation.with_verdict(Verdict.DANGEROUS):
        message += next_step(plan.notes[:1])
    notes = (*evidence_notes(situation), *plan.notes)
    yield finding(RULE, load.span, message, fix=plan.fix, situation=situation, notes=notes)


RULE = Rule(
    "TLL106",
    "custom-pickle-module",
    Severity.ERROR,
    __doc__,
    check_load=check,
    security_severity="8.8",
    note_in_tests=True,
    about_call=True,
)
