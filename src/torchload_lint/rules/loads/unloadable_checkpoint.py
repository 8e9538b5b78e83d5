"""A checkpoint that no allowlist of real classes can load.

## What it does
Reports a restricted load of a file that torch's weights-only unpickler refuses whatever is
allowed: an unsupported opcode (protocol 0 or 4), items set on something that is not a dict (a
filled defaultdict, a dict subclass), a whole model in the format from before torch 1.6, a
TorchScript archive, a tar file. Where no file is there, a `torch.save` of the project that writes
it is enough: one with `pickle_protocol=4`, say.

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
from torchload_lint.rules.assessing import allowed_here
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.loads.implicit_weights_only import runs_code_on
from torchload_lint.rules.on_torch import PAIRS_SINCE, SAFE_GLOBALS_SINCE, Mode
from torchload_lint.rules.repairs import plan_stand_ins
from torchload_lint.rules.ways_out import way_out
from torchload_lint.rules.words import evidence_notes, next_step
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


HOPELESS = (Verdict.CANNOT_LOAD, Verdict.NEEDS_STAND_IN)
_OLDEST = (
    "where it need not run there, raise the oldest torch of the project to 2.6: in its "
    'requirement, or target-torch = ">=2.6" in [tool.torchload-lint]'
)


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report each file of a restricted load that cannot be loaded with the real classes."""
    if situation.mode is not Mode.RESTRICTED:
        return
    for report in situation.with_verdict(*HOPELESS):
        plan = plan_stand_ins(situation, report, context)
        if plan.met:
            continue
        ways = way_out(report, context)
        notes = (*evidence_notes(situation), *ways, *plan.notes)
        message = (
            f"{report.path} cannot be loaded weights-only{_where(situation, report, context)}: "
        )
        message += why(report) + runs_code_on(situation, context) + next_step(ways[:1])
        yield finding(
            RULE, situation.load.span, message, fix=plan.fix, situation=situation, notes=notes
        )
    for said in situation.refused_when_saved if not situation.reports else ():
        message = said + runs_code_on(situation, context)
        notes = evidence_notes(situation)
        yield finding(RULE, situation.load.span, message, situation=situation, notes=notes)
    if not situation.with_verdict(*HOPELESS, Verdict.DANGEROUS, Verdict.UNREADABLE):
        yield from _on_older(situation, context)


def _on_older(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Files that newer releases load with what is allowed, and older ones do not."""
    older = [line for line in situation.restricted_on if line < PAIRS_SINCE]
    if not older or situation.missing or len(older) == len(situation.restricted_on):
        return
    failing: dict[str, dict[TorchVersion, CheckpointReport]] = {}
    for line in older:
        for report in situation.reports_on[line]:
            if _fails(report, line, situation, context):
                failing.setdefault(report.path, {})[line] = report
    for path, reports in failing.items():
        words, first = context.torch.words(reports), next(iter(reports.values()))
        message = f"{path} cannot be loaded weights-only on torch {words}: {why(first)}"
        message += next_step((_OLDEST,))
        notes = (*evidence_notes(situation), _OLDEST)
        yield finding(RULE, situation.load.span, message, situation=situation, notes=notes)


def _fails(
    report: CheckpointReport, torch: TorchVersion, situation: Situation, context: Context
) -> bool:
    """Whether an older release refuses a file with what is allowed at the load."""
    load, module = situation.load, situation.module
    if report.verdict is not Verdict.NEEDS_SAFE_GLOBALS:
        return report.verdict in HOPELESS
    registers = any(one.kind is AllowlistKind.PROCESS for one in load.allowlists)
    if torch < SAFE_GLOBALS_SINCE and not registers:
        return True
    return not all(allowed_here(one, load, context, module) for one in report.safe_globals)


def _where(situation: Situation, report: CheckpointReport, context: Context) -> str:
    """The releases that the finding is about, where these are not all of the range."""
    lines = situation.lines_where(
        lambda other: other.path == report.path and other.verdict in HOPELESS
    )
    every = set(lines) >= set(context.torch.versions) or not lines
    return "" if every else f" on torch {context.torch.words(lines)}"


def why(report: CheckpointReport) -> str:
    """The first problem, in words."""
    if report.problems:
        return report.problems[0].message
    if report.safe_globals:
        return f"it needs {report.safe_globals[0].name}, which nothing allows there"
    return "it needs a stand-in"


RULE = Rule(
    "TLL104",
    "unloadable-checkpoint",
    Severity.ERROR,
    __doc__,
    check_load=check,
    needs_checkpoints=True,
    about_outcome=True,
)
