"""A checkpoint that no allowlist of real classes can load.

## What it does
Reports a restricted load of a file that torch's weights-only unpickler refuses whatever is
allowed: an unsupported opcode (protocol 0 or 4), items set on something that is no dict (a filled
defaultdict, a dict subclass), a whole model in the format from before torch 1.6, a TorchScript
archive, a tar file.

## Why is this bad?
The load fails, and `safe_globals` cannot help.

## Example
```python
hparams = torch.load("lightning.ckpt")["hyper_parameters"]   # holds a filled AttributeDict
```

## Use instead
Save the file again with plain values (`torch.save(dict(...))`), convert it once with
`torchload-lint migrate`, or, where the finding names one, allow a stand-in:

```python
with safe_globals([(dict, "lightning.fabric.utilities.data.AttributeDict")]):
    hparams = torch.load("lightning.ckpt", weights_only=True)["hyper_parameters"]
```

## Fix safety
A stand-in changes what the program gets (a `dict` in place of the class), so that fix is unsafe.

## References
- [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.repairs import plan_stand_ins
from torchload_lint.rules.situation import Mode
from torchload_lint.rules.ways_out import way_out
from torchload_lint.rules.words import evidence_notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report each file of a restricted load that cannot be loaded with the real classes."""
    if situation.mode is not Mode.RESTRICTED:
        return
    for report in situation.with_verdict(Verdict.CANNOT_LOAD, Verdict.NEEDS_STAND_IN):
        plan = plan_stand_ins(situation, report, context)
        if plan.met:
            continue
        notes = (*evidence_notes(situation), *way_out(report), *plan.notes)
        message = f"{report.path} cannot be loaded weights-only: {why(report)}"
        yield finding(
            RULE, situation.load.span, message, fix=plan.fix, situation=situation, notes=notes
        )


def why(report: CheckpointReport) -> str:
    """The first problem, in words."""
    return report.problems[0].message if report.problems else "it needs a stand-in"


RULE = Rule(
    "TLL104",
    "unloadable-checkpoint",
    Severity.ERROR,
    __doc__,
    check_load=check,
    needs_checkpoints=True,
)
