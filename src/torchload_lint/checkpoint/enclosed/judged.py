"""A report on a file, together with what its parts would run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.enclosed.parts import EnclosedPart, unread
from torchload_lint.checkpoint.report import CheckpointReport, FoundGlobal, Problem, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torchload_lint.checkpoint.enclosed.parts import Allowance

_MOST_DANGERS = 20
"""Sentences about what parts would run; one is enough for the verdict."""
_MOST_REMARKS = 5
"""Sentences about parts that were not read to their end."""


def with_parts(
    report: CheckpointReport,
    parts: Iterable[EnclosedPart | Problem],
    left: Allowance,
    judge: Callable[[EnclosedPart], CheckpointReport],
) -> CheckpointReport:
    """The report, made worse by any part that would run something; the rest of it stands."""
    dangers: list[Problem] = []
    remarks: list[Problem] = []
    names: list[FoundGlobal] = []
    for part in parts:
        if isinstance(part, Problem):
            remarks.append(part)
            continue
        if not left.take_part():
            remarks.append(unread(part.where, "too much has been read of the file"))
            break
        inner = judge(part)
        if inner.verdict is Verdict.DANGEROUS:
            dangers += [_inside(problem, part) for problem in inner.problems]
            names += inner.globals
        else:
            remarks += inner.problems
        if len(dangers) >= _MOST_DANGERS:
            break
    remarks = list(dict.fromkeys(remarks))[:_MOST_REMARKS]
    if not dangers:
        return report._replace(problems=(*report.problems, *remarks))
    dangers = dangers[:_MOST_DANGERS]
    return CheckpointReport(
        report.path,
        report.container,
        Verdict.DANGEROUS,
        report.protocol,
        globals=(*report.globals, *names),
        problems=(*dangers, *report.problems, *remarks),
    )


def _inside(problem: Problem, part: EnclosedPart) -> Problem:
    return problem._replace(message=f"in {part.where}: {problem.message}")
