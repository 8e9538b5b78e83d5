"""Reports over the table of a scan: SARIF, a page, a bill of materials; no object is read."""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint import reports
from torchload_lint.reports.audit.scan_page import ScanSums, scan_page
from torchload_lint.reports.audit.seen_checkpoints import SeenCheckpoint
from torchload_lint.reports.checkpoints.checkpoint_findings import as_results
from torchload_lint.reports.checkpoints.cyclonedx import as_bill
from torchload_lint.rules import RULES
from torchload_lint.scan.parquet_files import table_rows
from torchload_lint.scan.stored_reports import from_stored
from torchload_lint.scan.summary_words import JUDGEMENTS, NotRead
from torchload_lint.workspace.inspection import judge_report

if TYPE_CHECKING:
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.policy import Judgement
    from torchload_lint.reports.provenance import Provenance
    from torchload_lint.workspace.projects import Project

SHOWN = 500
"""How many objects the page shows one by one."""
ENDINGS = {".sarif": "sarif", ".html": "html", ".cdx.json": "cyclonedx"}
"""How a report's name ends → what is written."""
_FINE = frozenset({"loads", "needs-safe-globals"})
_STATE = ("size", "etag", "version", "modified")


def kind_of(path: Path) -> str:
    """What is written to a path. Raises ValueError for another ending."""
    for ending, kind in ENDINGS.items():
        if path.name.lower().endswith(ending):
            return kind
    raise ValueError(f"{path}: a report's name ends in {', '.join(ENDINGS)}")


def report_on(kind: str, table: Path, project: Project, left: NotRead, origin: Provenance) -> str:
    """A table in one of those forms. Raises OSError, ValueError, RemoteError."""
    if kind == "html":
        return _page(table, project, left, origin)
    if kind == "sarif":
        bad = (row for row in table_rows(table) if row["judgement"] not in _FINE)
        found = (_judged(row, project) for row in bad)
        options = reports.ReportOptions()
        options.origin = origin
        options.failures = (*left.errors, *left.failures())
        options.not_read = tuple(left.passed_over())
        return reports.render("sarif", as_results(found), RULES, options)
    facts = {
        row["uri"]: [(key, str(row[key])) for key in _STATE if row[key]]
        for row in table_rows(table, ("uri", *_STATE))
    }
    judged = (_judged(row, project) for row in table_rows(table))
    return as_bill(judged, facts, left.words(), origin)


def _judged(
    row: dict[str, Any], project: Project
) -> tuple[CheckpointReport, tuple[Judgement, ...]]:
    found = judge_report(from_stored(row["report"]), Path(row["uri"]), project, Path("checkpoint"))
    return found.report, found.judgements


def _page(table: Path, project: Project, left: NotRead, origin: Provenance) -> str:
    counts, refused, needs, problems, spent = (Counter[str]() for _ in range(5))
    columns = ("judgement", "needs", "refused", "problem", "size", "requests", "bytes_read")
    for row in table_rows(table, columns):
        counts[row["judgement"]] += 1
        refused.update(row["refused"].splitlines())
        needs.update(row["needs"].splitlines())
        problems.update(filter(None, [row["problem"]]))
        spent.update({key: row[key] for key in ("size", "requests", "bytes_read")})
    sums = ScanSums(
        [(one, counts[one]) for one in JUDGEMENTS if counts[one]], refused, needs, problems,
        counts.total(), spent["size"], spent["requests"], spent["bytes_read"],
        left.words(),
    )  # fmt: skip
    worst = nsmallest(SHOWN, table_rows(table), key=_badness)
    shown = [SeenCheckpoint(*_judged(row, project), None, ()) for row in worst]
    return scan_page(sums, shown, origin)


def _badness(row: dict[str, Any]) -> tuple[int, str]:
    return JUDGEMENTS.index(row["judgement"]), row["uri"]


def write_reports(
    paths: dict[Path, str], table: Path, project: Project, left: NotRead, origin: Provenance
) -> None:
    """Write each report, as a whole or not at all. Raises OSError."""
    for path, kind in paths.items():
        beside = path.with_name(f".{path.name}.part")
        beside.write_text(report_on(kind, table, project, left, origin), encoding="utf-8")
        beside.replace(path)
