"""Whether a report and real torch say the same about a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from checkpoint.oracle import entry, stand_in_entry
from checkpoint.sample_facts import sample_facts
from torchload_lint.checkpoint import inspect_file
from torchload_lint.checkpoint.known.torch_versions import Target
from torchload_lint.checkpoint.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checkpoint.oracle import Oracle, Truth
    from torchload_lint.checkpoint.report import CheckpointReport

EXPECTED = {
    "as-is": {Verdict.LOADS},
    "allowlist": {Verdict.NEEDS_SAFE_GLOBALS},
    "impossible": {Verdict.NEEDS_STAND_IN, Verdict.CANNOT_LOAD, Verdict.UNREADABLE},
    "crash": {Verdict.CANNOT_LOAD, Verdict.UNREADABLE},
}
"""What torch found out with every named object allowed → the verdicts that agree with it."""


def report_on(path: Path, torch: str = "") -> CheckpointReport:
    """The report for the torch that the oracle has, with the facts of the sample classes."""
    target = (Target.of(torch) if torch else Target())._replace(python=sys.version_info[:2])
    return inspect_file(path, target, sample_facts)


def disagreements(
    path: Path, report: CheckpointReport, truth: Truth, oracle: Oracle
) -> Iterable[str]:
    """Each point where torch does something else than the report says; nothing if none."""
    yield from (problem.message for problem in report.problems if problem.code == "internal")
    expected = EXPECTED.get(truth.outcome, set())
    if report.verdict is not Verdict.DANGEROUS and report.verdict not in expected:
        yield (
            f"the report says {report.verdict.value}, torch {truth.outcome}"
            f" ({truth.error or sorted(truth.needed)})"
        )
        return
    if report.verdict is Verdict.CANNOT_LOAD and truth.stand_ins:
        yield f"loads with stand-ins {truth.stand_ins}"
    if report.verdict is Verdict.NEEDS_SAFE_GLOBALS:
        yield from allowlist_disagreements(path, report, oracle)
    if report.verdict is Verdict.NEEDS_STAND_IN:
        yield from stand_in_disagreements(path, report, oracle)


def allowlist_disagreements(path: Path, report: CheckpointReport, oracle: Oracle) -> Iterable[str]:
    """The allowlist loads the file, and without any one entry does not."""
    entries = [entry(needed) for needed in report.safe_globals if not needed.import_only]
    imports = {needed.import_only for needed in report.safe_globals if needed.import_only}
    imports |= set(report.imports)
    if not entries and not imports:
        yield "nothing is proposed"
    if not imports and oracle.load(path).loads:
        yield "loads with nothing allowed"
    outcome = oracle.load(path, entries, sorted(imports))
    if not outcome.loads:
        yield f"does not load under {[one['key'] for one in entries]}: {outcome.error}"
        return
    for left_out in entries:
        rest = [one for one in entries if one is not left_out]
        if oracle.load(path, rest, sorted(imports)).loads:
            yield f"{left_out['key']} is not needed"


def stand_in_disagreements(path: Path, report: CheckpointReport, oracle: Oracle) -> Iterable[str]:
    """With the stand-ins in place of the real objects the file loads."""
    stand_ins = [stand_in_entry(stand_in) for stand_in in report.stand_ins]
    taken = {one["key"] for one in stand_ins}
    entries = [entry(needed) for needed in report.safe_globals if str(needed.name) not in taken]
    outcome = oracle.load(path, [*entries, *stand_ins], list(report.imports))
    if not outcome.loads:
        yield f"does not load with the stand-ins {sorted(taken)}: {outcome.error}"
    if not stand_ins:
        yield "no stand-in is named"


def unreported(report: CheckpointReport, runs: Iterable[str]) -> list[str]:
    """The dangerous callables that the report does not name as such."""
    named = {
        str(found.name) for found in report.globals if found.status in {"dangerous", "blocked"}
    }
    return [callable_ for callable_ in runs if callable_ not in named]
