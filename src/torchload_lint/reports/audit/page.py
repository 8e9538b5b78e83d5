"""The whole page: sums first, then loads, other findings, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.reports.audit.loads import AuditedLoad, counted, loads_section
from torchload_lint.reports.audit.markup import element, made_by, page
from torchload_lint.reports.audit.placed_findings import PlacedFinding, findings_section
from torchload_lint.reports.audit.seen_checkpoints import SeenCheckpoint, checkpoints_section
from torchload_lint.reports.checkpoints.inspection import sums
from torchload_lint.reports.summary import account, by_severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.reports.provenance import Provenance
    from torchload_lint.reports.run_report import Report


def render(report: Report) -> str:
    """The findings alone, where nothing else is at hand (standard input)."""
    return audit_page(report, (), ())


def audit_page(report: Report, loads: Sequence[AuditedLoad], seen: Sequence[SeenCheckpoint]) -> str:
    """A run over a project; ends in a newline."""
    at_loads = {id(one.diagnostic) for audited in loads for one in audited.found}
    found = [PlacedFinding(*one) for one in report.findings()]
    others = [one for one in found if id(one.diagnostic) not in at_loads]
    counts = by_severity([one.diagnostic for one in found]) or "Nothing was found"
    return page(
        "Loads and checkpoints",
        made_by(report.options.origin),
        *(element("p", line) for line in account(report.options.loads).splitlines()),
        element("p", f"{counts}."),
        counted(loads),
        loads_section(loads),
        findings_section("Other findings" if loads else "Findings", others),
        checkpoints_section(seen),
    )


def inspection_page(
    seen: Sequence[SeenCheckpoint], left: Sequence[str] = (), origin: Provenance | None = None
) -> str:
    """Checkpoints given by name, and what was not looked at; ends in a newline."""
    told = sums([(one.report, one.judgements) for one in seen])
    not_seen = (element("p", f"{one}.", class_="bad") for one in left)
    told_first = (made_by(origin), element("p", told.strip()), *not_seen)
    return page("Checkpoints", *told_first, checkpoints_section(seen))
