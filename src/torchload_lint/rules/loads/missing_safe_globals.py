"""A restricted load of a checkpoint that needs more than is allowed.

## What it does
Reads the checkpoint that a restricted `torch.load` names, works out which classes torch's
weights-only unpickler will ask for, and reports those that nothing at the call allows. Where no
file is there, it reports what a `torch.save` of the same file puts into it (one of the project, for
loads whose value is used as an object, and for all with `--unsafe-fixes`): a `train.py` that
saves its options beside the weights fails where it resumes. A save of which only the keys say that
it is the one (it saves all that the load asks for) makes the finding a warning. Else it reports
that the load must fail: a program that calls `model.eval()`, or reads `checkpoint["args"].lr`, has
loaded more than tensors.

## Why is this bad?
The load fails with `UnpicklingError: Weights only load failed`.

## Example
```python
model = torch.load("weights/model.pt")
```

## Use instead
```python
from torch.serialization import safe_globals
from myapp.models import MyModel

with safe_globals([MyModel]):
    model = torch.load("weights/model.pt", weights_only=True)
```

## Fix safety
The fix is safe where exactly the files that the call reads were read, or where the configuration
says what they need; it is unsafe where the path has unknown parts or the need was inferred from
the saving side, or where the file has to import a library that it does not import yet. Nothing is
ever allowed that is neither a class of the project or of an installed library whose source shows it
to be harmless, nor in the vetted table, nor configured as trusted.

## Options
- `checkpoint-roots`, `checkpoints`, `loads`: which file a call reads
- `trusted`: globals that may be allowed besides first-party and vetted classes
- `trust-installed`: whether the source of installed libraries may speak for their classes
- `renames`: classes that have moved since the file was saved

## References
- [`torch.serialization.safe_globals`](https://docs.pytorch.org/docs/stable/notes/serialization.html)
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.as_saved import as_saved
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.blocks.far_allowances import may_allow_elsewhere
from torchload_lint.rules.loads.implicit_weights_only import runs_code_on
from torchload_lint.rules.on_torch import Mode
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.repairs import plan_missing, what_would_settle_it
from torchload_lint.rules.weakening import weakened
from torchload_lint.rules.words import (
    evidence_notes,
    fails_on,
    listed,
    next_step,
    what_files_need,
)
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.facts.loading.usage import object_use
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.names import GlobalName
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report the needs of a restricted load that nothing allows."""
    if situation.mode is not Mode.RESTRICTED:
        return
    if situation.with_verdict(Verdict.DANGEROUS) or situation.unknown_calls:
        return  # a file that must not be loaded at all is another finding
    registered = {name for name, _ in situation.registered}
    missing = [need for need in situation.missing if str(need.name) not in registered]
    missing = [need for need in missing if need.name not in _in_vain(situation)]
    if not missing:
        yield from _without_file(situation, context)
        return
    verb = "may need" if situation.evidence is Evidence.INFERRED else ""
    said = what_files_need(situation, missing, verb)
    message = f"{said}, which nothing at this call allows"
    message += fails_on(_failing(situation, missing), context) + runs_code_on(situation, context)
    plan = plan_missing(situation, context)
    if plan.fix is None:
        message += next_step(plan.notes[:1])
    notes = (*evidence_notes(situation), *plan.notes)
    yield finding(
        RULE, situation.load.span, message, fix=plan.fix, situation=situation, notes=notes
    )


def _without_file(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """A load of which no file tells what it needs, and the program does; not where something in the
    project allows what it may.
    """
    load, module = situation.load, situation.module
    if situation.evidence is not Evidence.NONE or not situation.is_torch_load:
        return
    if load.allowlists or may_allow_elsewhere(context.project) or weakened(module, context):
        return
    saved = tuple(_saved_with_it(situation, context))
    yield from saved or _used_as_object(situation, context)


def _saved_with_it(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """A load that fails on what a save of the project is seen to write: where nothing else says
    that it reads what this one writes, but that it saves all that is asked for, that is said.
    """
    if not situation.saved_besides or situation.refused_when_saved:
        return  # what no list helps is another finding
    as_if = as_saved(situation, context)
    if not as_if.missing or as_if.unknown_calls:
        return
    said = what_files_need(as_if, list(as_if.missing), "may need")
    asked = " with what this load asks for" if situation.perhaps_written else ""
    saved = f"saved{asked} at {listed(situation.written_by)}"
    message = f"{said} ({saved}), which nothing at this call allows"
    message += fails_on(situation.restricted_on, context) + runs_code_on(situation, context)
    plan = plan_missing(as_if, context)
    if plan.fix is None:
        message += next_step(plan.notes[:1])
    notes = (*evidence_notes(situation), *plan.notes)
    severity = Severity.WARNING if situation.perhaps_written else None
    yield finding(
        RULE,
        situation.load.span,
        message,
        severity=severity,
        fix=plan.fix,
        situation=situation,
        notes=notes,
    )


def _used_as_object(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """A load that must fail, whatever its file holds, for what the program does with it."""
    load, module = situation.load, situation.module
    use = object_use(module, load.node) if load.kind is CallKind.CALL else None
    if use is None:
        return
    shown = f" (`{code_of(use)}`)" if isinstance(use, ast.expr) else ""
    message = (
        f"what this `{load.loader}` gives is used as an object{shown}, which no weights-only load "
        "gives without an allowlist"
    )
    message += fails_on(situation.restricted_on, context) + runs_code_on(situation, context)
    message += next_step(["`torchload-lint inspect FILE` says what its file needs"])
    notes = what_would_settle_it(situation, context)
    yield finding(RULE, load.span, message, situation=situation, notes=notes)


def _failing(situation: Situation, missing: list[Need]) -> tuple[TorchVersion, ...]:
    """The releases on which one of these needs makes the load fail."""
    if not situation.reports:
        return situation.restricted_on
    names = {need.name for need in missing}
    return situation.lines_where(lambda report: any(e.name in names for e in report.safe_globals))


def _in_vain(situation: Situation) -> set[GlobalName]:
    """What only files need that no allowlist can load (TLL104 reports those)."""
    hopeless = situation.with_verdict(Verdict.CANNOT_LOAD, Verdict.NEEDS_STAND_IN)
    others = [report for report in situation.reports if report not in hopeless]
    return {need.name for report in hopeless for need in report.safe_globals} - {
        need.name for report in others for need in report.safe_globals
    }


RULE = Rule(
    "TLL103",
    "missing-safe-globals",
    Severity.ERROR,
    __doc__,
    check_load=check,
    needs_checkpoints=True,
    about_outcome=True,
)
