"""A checkpoint that would run code.

## What it does
Reports a load of a file that calls something dangerous when it is unpickled: `os.system`, `eval`,
`subprocess.Popen`, the import machinery, and so on; or something that is not known to be harmless:
a function or a class that nothing vouches for (neither proven by its source, nor vetted, nor
trusted), or what another call has given. So it does for a file that no program saves, whose calls
must fail. The file is read, never run.

## Why is this bad?
Loaded with `weights_only=False`, the file takes over the process. Loaded with `weights_only=True`,
torch refuses it, unless one of these callables has been allowed. A load that is unsafe itself is
not reported once more: the finding says that this load runs the file's code.

## Example
```python
model = torch.load("downloads/free_model.pt", weights_only=False)
```

## Use instead
Do not load the file. Find out where it came from, and get the weights from a source you trust,
as safetensors if you can.

## Fix safety
There is no fix, and such a load is never rewritten to allow what the file wants.

## References
- [CWE-502](https://cwe.mitre.org/data/definitions/502.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import HOLDS_A_PROGRAM, Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.policy.judgement import WAY_OUT
from torchload_lint.rules.assessing import find_class, judged_needs
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.on_torch import Mode
from torchload_lint.rules.words import evidence_notes, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report each dangerous file that the load may read."""
    yield from _known(situation, context)
    calling: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for report in situation.with_verdict(*_THAT_MAY_CALL):
        called = _unknown(report, situation, context)
        if called is not None:
            calling.setdefault(called, []).append(report.path)
    for (shown, why), paths in calling.items():
        message = f"{listed(paths)} would call {shown} if it were loaded unsafely, which nothing "
        message += f"shows to be harmless{_refused(situation, context)}; {WAY_OUT}"
        notes = (*evidence_notes(situation), *why)
        yield finding(RULE, situation.load.span, message, situation=situation, notes=notes)


def _known(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    every = len(situation.unsafe_on) == len(situation.lines)
    here = "" if every else f" on torch {context.torch.words(situation.unsafe_on)}"
    for report in situation.with_verdict(Verdict.DANGEROUS):
        runs = what_runs(report)
        message = f"{report.path} runs {listed(runs)} when it is loaded here{here}"
        if not situation.unsafe_on:
            message = f"{report.path} would run {listed(runs)} if it were loaded unsafely"
        message += _refused(situation, context) if runs else ""
        if not runs:
            message = f"{report.path} was made to do harm: {report.problems[0].message}"
        program = [one.advice for one in report.problems if one.advice.startswith(HOLDS_A_PROGRAM)]
        message += f"; {program[0]}" if program else ""
        yield finding(
            RULE, situation.load.span, message, situation=situation, notes=evidence_notes(situation)
        )


def _refused(situation: Situation, context: Context) -> str:
    """That the load fails, for a program that worked before torch restricted its loads."""
    if not situation.restricted_on or situation.mode is Mode.UNSAFE:
        return ""
    every = len(situation.restricted_on) == len(situation.lines)
    where = "" if every else f" on torch {context.torch.words(situation.restricted_on)}"
    return f"; torch refuses it here{where}"


_THAT_MAY_CALL = tuple(verdict for verdict in Verdict if verdict is not Verdict.DANGEROUS)


def _unknown(
    report: CheckpointReport, situation: Situation, context: Context
) -> tuple[str, tuple[str, ...]] | None:
    """The calls of a file of which nothing shows that they do no harm, and why."""
    module = situation.module
    called = judged_needs(
        report.called, set(), lambda name: find_class(name, module, context), module.path, context
    )
    judged = (*situation.unknown_calls, *(need for need in called if need.calls_unknown))
    unknown = {need.name: need for need in judged}
    calls = [
        one for one in (*report.safe_globals, *report.called) if one.name in unknown and one.calls
    ]
    if not calls:
        return None
    shown = listed(list(dict.fromkeys(one.calls for one in calls)))
    why = {f"{one.name}: {unknown[one.name].judgement.reason}": None for one in calls}
    is_read = all(unknown[one.name].facts is not None for one in calls)
    return shown, (*why, *(() if is_read else (INSTALL,)))


INSTALL = (
    "the source of a library that the project depends on is read where it is installed: in .venv, "
    "or in the environment that is active"
)
"""How a call that nothing vouches for can be judged by what it calls."""


def what_runs(report: CheckpointReport) -> list[str]:
    """The calls that make the file dangerous; none where it harms by what it names or changes."""
    dangerous = [found for found in report.globals if found.status in {"dangerous", "blocked"}]
    return list(dict.fromkeys(found.calls for found in dangerous if found.calls))


RULE = Rule(
    "TLL501",
    "dangerous-checkpoint",
    Severity.ERROR,
    __doc__,
    check_load=check,
    needs_checkpoints=True,
    security_severity="9.8",
    about_outcome=True,
)
