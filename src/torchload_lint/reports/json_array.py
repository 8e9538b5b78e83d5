"""A JSON list of findings, in the shape that ruff's consumers know, with the checkpoints added."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from torchload_lint.reports.run_report import edits_by_cell, rule_url

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic, FileResult, Position
    from torchload_lint.reports.run_report import Report


def render(report: Report) -> str:
    """The findings as one list; ``[]`` where there are none."""
    found = [as_object(report, result, diagnostic) for result, diagnostic in report.findings()]
    return json.dumps(found, indent=2) + "\n"


def as_object(report: Report, result: FileResult, diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding. Rows and columns count from 1, in code points; ends are exclusive.

    In a notebook rows count inside ``cell``, and each edit of the fix names its own ``cell``.
    """
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "severity": diagnostic.severity.value,
        "filename": report.absolute_path(result),
        "location": _position(diagnostic.span.start),
        "end_location": _position(diagnostic.span.end),
        "fix": _fix(result, diagnostic),
        "url": rule_url(diagnostic.name),
        "noqa_row": diagnostic.noqa_row or diagnostic.span.start.row,
        "cell": diagnostic.cell,
        "checkpoints": list(diagnostic.checkpoints),
        "safe_globals": list(diagnostic.safe_globals),
        "notes": list(diagnostic.notes),
    }


def _position(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}


def _fix(result: FileResult, diagnostic: Diagnostic) -> dict[str, Any] | None:
    fix = diagnostic.fix
    if fix is None:
        return None
    edits = []
    for edit, cell in edits_by_cell(result, diagnostic):
        described: dict[str, Any] = {
            "content": edit.content,
            "location": _position(edit.span.start),
            "end_location": _position(edit.span.end),
        }
        edits.append(described if cell is None else {**described, "cell": cell})
    return {"applicability": fix.applicability.value, "message": fix.explained, "edits": edits}
