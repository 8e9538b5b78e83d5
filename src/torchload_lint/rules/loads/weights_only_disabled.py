"""A load with `weights_only=False`.

## What it does
Reports `torch.load(..., weights_only=False)`, also where the value is a constant or a variable
that is known to be false.

## Why is this bad?
Such a load is a full unpickling: the file decides what code runs. A checkpoint from anywhere else
than your own disk can take over the process. `safe_globals` around the call does not help, since
the unsafe loader does not look at it. In tests it is a note, which is only shown to those who ask.

## Example
```python
model = torch.load("weights/model.pt", weights_only=False)
```

## Use instead
```python
from torch.serialization import safe_globals
from myapp.models import MyModel

with safe_globals([MyModel]):
    model = torch.load("weights/model.pt", weights_only=True)
```

## Fix safety
The fix is safe where the checkpoint itself was read (or the configuration says what it needs) and
every class in it may be trusted: the same object is loaded. It is also safe, without any
checkpoint, where the whole value goes straight into `load_state_dict`, which takes nothing but
tensors. It is unsafe where the path is only known as a pattern, where the need was inferred from
the saving side, or where only items of the value are used.

## Options
- `checkpoint-roots`, `checkpoints`, `loads`: which file a call reads
- `trusted`: globals that may be allowed besides first-party and vetted classes
- `trust-installed`: whether the source of installed libraries may speak for their classes

## References
- [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html)
- [CWE-502](https://cwe.mitre.org/data/definitions/502.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.repairs import plan_repair
from torchload_lint.rules.ways_out import ways_out
from torchload_lint.rules.words import evidence_notes, next_step, what_it_needs
from torchload_lint.source.facts.calls import Use, WeightsOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report a load that is known to be unsafe by its own argument."""
    load = situation.load
    if load.weights_only is not WeightsOnly.FALSE or not situation.is_torch_load:
        return
    message = f"`{load.loader}` with `weights_only=False` runs whatever code the file holds"
    plan = plan_repair(situation, context)
    ways = ways_out(situation, context)
    notes = (*because(situation), *evidence_notes(situation), *plan.notes, *ways)
    message += what_it_needs(situation)
    if plan.fix is None and situation.reports and not situation.with_verdict(Verdict.DANGEROUS):
        message += next_step((*plan.notes[:1], *ways[:1]))
    if not situation.reports and load.use in {Use.STATE_DICT, Use.STATE_DICT_ITEM}:
        message += next_step(plan.notes[:1])
    yield finding(RULE, load.span, message, fix=plan.fix, situation=situation, notes=notes)


def because(situation: Situation) -> tuple[str, ...]:
    """Why the value is known, where it is not literal."""
    reason = situation.load.weights_only_because
    return (reason,) if reason else ()


RULE = Rule(
    "TLL101",
    "weights-only-disabled",
    Severity.ERROR,
    __doc__,
    check_load=check,
    security_severity="8.8",
    note_in_tests=True,
    about_call=True,
)
