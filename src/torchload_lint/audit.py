"""Loads and checkpoints of a run, as the reports want them; for the HTML page, all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint import reports
from torchload_lint.checkpoint.pickles.tensor_places import tensors_in
from torchload_lint.checkpoint.tree import TreeLimits, outline, value_of_file
from torchload_lint.regular_files import LINK
from torchload_lint.reports.audit.loads import AuditedLoad
from torchload_lint.reports.audit.page import audit_page, inspection_page
from torchload_lint.reports.audit.placed_findings import PlacedFinding
from torchload_lint.reports.audit.seen_checkpoints import SeenCheckpoint
from torchload_lint.reports.checkpoints import union as unions
from torchload_lint.reports.checkpoints.checkpoint_findings import (
    as_results,
    left_out_results,
)
from torchload_lint.reports.checkpoints.cyclonedx import as_bill
from torchload_lint.reports.checkpoints.inspection import inspections_as_json
from torchload_lint.reports.survey import Load
from torchload_lint.rules import RULES
from torchload_lint.workspace.inspection import inspect_path, judge_report, needs_together
from torchload_lint.workspace.on_disk.own_places import OwnPlaces
from torchload_lint.workspace.survey import survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.checkpoint.tree import Node
    from torchload_lint.diagnostic import FileResult
    from torchload_lint.reports import Report
    from torchload_lint.reports.checkpoints.union import Stored
    from torchload_lint.reports.provenance import Provenance
    from torchload_lint.workspace.inspection import Inspection
    from torchload_lint.workspace.projects import Project, Projects
    from torchload_lint.workspace.survey import SurveyedLoad

LIMITS = TreeLimits(depth=12, entries=200, lines=2000)
"""How much of an object unfolds on the page."""
OUTSIDE = (
    "What it holds is not shown: it lies outside of the project and of its `checkpoint-roots`; "
    "`torchload-lint inspect` shows it"
)
WHOLE_TREE = TreeLimits(depth=50, entries=100_000, lines=100_000)
"""For programs, which ask for all of it."""


def audit(report: Report, files: Iterable[Path], projects: Projects) -> str:
    """The page of a run over ``files``. Raises ConfigError."""
    results = {result.path: result for result in report.results}
    loads = list(survey(files, projects))
    audited = [AuditedLoad(reported(one), list(_found_at(one, results))) for one in loads]
    read = [seen(one, elsewhere=elsewhere) for one, elsewhere in _read_by(loads)]
    return audit_page(report, audited, read)


def _found_at(load: SurveyedLoad, results: dict[Path, FileResult]) -> Iterator[PlacedFinding]:
    result = results.get(load.path)
    if result is None:
        return
    for one in result.diagnostics:
        if one.cell == load.cell and load.covers(one.span.start.row):
            yield PlacedFinding(result, one)


def _read_by(loads: Iterable[SurveyedLoad]) -> Iterator[tuple[Inspection, bool]]:
    """Each file that the loads read, once; and whether it lies outside of the project."""
    known = set()
    for load in loads:
        for report in load.situation.reports:
            path = load.project.config.root / report.path
            if path not in known:
                known.add(path)
                # Far away: what was read of it is there. A link that leads out: nothing was read.
                if report.depth == "shallow" or report.container == LINK:
                    yield judge_report(report, Path(report.path), load.project, load.path), False
                    continue
                found = inspect_path(path, load.project)
                yield found.called(report.path), not _places_of(load.project).holds(path)


def _places_of(project: Project) -> OwnPlaces:
    config = project.config
    return OwnPlaces([config.root, *(config.root / one for one in config.checkpoint_roots)])


def reported(load: SurveyedLoad) -> Load:
    """A surveyed load as the reports want it."""
    place = f"{load.path.as_posix()}:{load.cell_and_row}"
    return Load(place, load.site, load.source, load.situation)


def seen(inspection: Inspection, *, elsewhere: bool = False) -> SeenCheckpoint:
    """A checkpoint with its tree and its tensors; without, where code alone names a file outside of
    its project: the page may be published, and whoever wrote the code is not to choose its values.
    """
    report, judgements = inspection.report, inspection.judgements
    if elsewhere or report.container == LINK:
        return SeenCheckpoint(report, judgements, None, (), OUTSIDE if elsewhere else "")
    try:
        value = value_of_file(inspection.path)
        tree, tensors = outline(value, LIMITS), tensors_in(value)
    except (OSError, ValueError, MemoryError, RecursionError):
        tree, tensors = None, []
    return SeenCheckpoint(report, judgements, tree, tensors)


def _whole_tree(inspection: Inspection) -> Node | None:
    if inspection.report.container == LINK:
        return None
    try:
        return outline(value_of_file(inspection.path), WHOLE_TREE)
    except (OSError, ValueError, MemoryError, RecursionError):
        return None


def union_of(
    inspections: Sequence[Inspection], projects: Projects, stored: Stored | None, *, as_json: bool
) -> tuple[str, bool]:
    """One allowlist for files of one project; whether it covers all, with nothing new."""
    if not inspections:
        return ("[]\n" if as_json else ""), True
    project = projects.project_of(projects.place_of(inspections[0].path))
    read = tuple(one.report for one in inspections)
    united = unions.United(needs_together(inspections, project), read)
    told = unions.as_json([united], stored) if as_json else unions.as_text(united, stored)
    is_new = stored is not None and bool(united.new(stored))
    return told, not any(united.not_covered()) and not is_new


def inspections_in(
    output_format: str,
    inspections: Sequence[Inspection],
    left: Sequence[str],
    origin: Provenance,
    *,
    trees: bool,
) -> str:
    """Checkpoints given by name, in any of the formats of ``inspect`` but text; as JSON with their
    ``trees``, if these are asked for. ``left``: what was not looked at.
    """
    found = [(one.report, one.judgements) for one in inspections]
    if output_format == "html":
        return inspection_page([seen(one) for one in inspections], left, origin)
    if output_format == "json":
        return inspections_as_json(
            found, [_whole_tree(one) if trees else None for one in inspections], left
        )
    if output_format == "cyclonedx":
        return as_bill(found, not_read=left, origin=origin)
    options = reports.ReportOptions()
    options.origin = origin
    options.failures = () if inspections else tuple(left)
    options.not_read = tuple(left) if inspections else ()
    told = [] if output_format in {"sarif", "junit"} else left_out_results(left)
    return reports.render(output_format, [*as_results(found), *told], RULES, options)
