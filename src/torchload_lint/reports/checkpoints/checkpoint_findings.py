"""What is wrong with checkpoints themselves, as findings: for SARIF and the other formats of CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Diagnostic, FileResult, Severity, Span
from torchload_lint.rules.checkpoints import dangerous_checkpoint, unreadable_checkpoint
from torchload_lint.rules.loads import missing_safe_globals, unloadable_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.policy import Judgement
    from torchload_lint.rules.base import Rule

START = Span.of(1, 1, 1, 1)
"""A checkpoint has no rows: findings point at its beginning."""
RULES = {
    Verdict.DANGEROUS: dangerous_checkpoint.RULE,
    Verdict.UNREADABLE: unreadable_checkpoint.RULE,
    Verdict.CANNOT_LOAD: unloadable_checkpoint.RULE,
    Verdict.NEEDS_STAND_IN: unloadable_checkpoint.RULE,
    Verdict.NEEDS_SAFE_GLOBALS: missing_safe_globals.RULE,
}
"""The rule that reports a load of such a file; None is left for a file that simply loads."""


def as_results(
    inspections: Iterable[tuple[CheckpointReport, Sequence[Judgement]]],
) -> list[FileResult]:
    """One result for each checkpoint that does not load as it is."""
    results = []
    for report, judgements in inspections:
        rule = RULES.get(report.verdict)
        if rule is not None:
            results.append(FileResult(Path(report.path), (_finding(rule, report, judgements),)))
    return results


def left_out_results(left: Iterable[str]) -> list[FileResult]:
    """What was not looked at, as a note: for formats that have findings, and no other place."""
    rule = unreadable_checkpoint.RULE
    return [
        FileResult(Path(), (Diagnostic(rule.code, rule.name, one, Severity.INFO, START),))
        for one in left
    ]


def _finding(rule: Rule, report: CheckpointReport, judgements: Sequence[Judgement]) -> Diagnostic:
    names = tuple(str(needed.name) for needed in report.safe_globals)
    refused = [
        f"{needed.name}: {judgement.reason}"
        for needed, judgement in zip(report.safe_globals, judgements, strict=True)
        if not judgement.allowed
    ]
    message = _message(report, names, judgements)
    runs = tuple(dangerous_checkpoint.what_runs(report))
    told = (problem.message for problem in report.problems)
    problems = [one for one in told if one not in message and not (runs and one.endswith(runs))]
    return Diagnostic(
        code=rule.code,
        name=rule.name,
        message=message,
        severity=_severity(rule, report, refused=bool(refused)),
        span=START,
        checkpoints=(report.path,),
        safe_globals=names,
        notes=(*problems, *refused),
    )


def _message(
    report: CheckpointReport, names: Sequence[str], judgements: Sequence[Judgement]
) -> str:
    first = next((problem.message for problem in report.problems), "no allowlist can load it")
    if report.verdict is Verdict.DANGEROUS:
        runs = ", ".join(dangerous_checkpoint.what_runs(report))
        unknown = ", and nothing shows that to be harmless" * report.runs_unknown_code
        return f"would run {runs} if it were loaded unsafely{unknown}" if runs else first
    if report.verdict is Verdict.NEEDS_SAFE_GLOBALS:
        untried = "; not tried whether that is enough" if report.untried else ""
        return _needs_in_words(names, judgements, "needs" if untried else "loads with") + untried
    return f"{report.verdict.value}: {first}"


def _needs_in_words(names: Sequence[str], judgements: Sequence[Judgement], does: str) -> str:
    by_ground: dict[bool, list[str]] = {True: [], False: []}
    for name, judgement in zip(names, judgements, strict=True):
        by_ground[judgement.allowed].append(name)
    if not by_ground[False]:
        return f"{does} an allowlist: {', '.join(names)}"
    others = f", and besides {', '.join(by_ground[True])}" if by_ground[True] else ""
    return f"needs {', '.join(by_ground[False])}, which nothing vouches for{others}"


def _severity(rule: Rule, report: CheckpointReport, *, refused: bool) -> Severity:
    """A need that may be allowed is worth a note; one that nobody vouches for, a warning."""
    if report.verdict is not Verdict.NEEDS_SAFE_GLOBALS:
        return rule.severity
    return Severity.WARNING if refused else Severity.INFO
