"""reviewdog's diagnostic format: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf.

Columns count UTF-8 bytes from 1; the end of a range is exclusive.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from torchload_lint.diagnostic import Severity, Span
from torchload_lint.escaping import escaped
from torchload_lint.reports.run_report import (
    DOCUMENTATION,
    TOOL,
    file_place,
    rule_url,
    source_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.diagnostic import Diagnostic, Edit, FileResult, Position
    from torchload_lint.reports.run_report import Report

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}
MAX_SUGGESTED_ROWS = 40
"""Review tools show a suggestion on the rows of a pull request; one over more rows is no help."""


def render(report: Report) -> str:
    """The findings as one DiagnosticResult."""
    result = {
        "source": {"name": TOOL, "url": DOCUMENTATION},
        "severity": "WARNING",
        "diagnostics": [_diagnostic(report, *finding) for finding in report.findings()],
    }
    return json.dumps(result, indent=2) + "\n"


def _diagnostic(report: Report, result: FileResult, found: Diagnostic) -> dict[str, Any]:
    path = escaped(report.path(result))
    described: dict[str, Any] = {
        "message": found.message,
        "location": {"path": path, "range": _finding_range(result, found)},
        "severity": _SEVERITIES[found.severity],
        "code": {"value": found.code, "url": rule_url(found.name)},
    }
    suggestions = _suggestions(result, found)
    return {**described, "suggestions": suggestions} if suggestions else described


def _finding_range(result: FileResult, found: Diagnostic) -> dict[str, Any]:
    place = file_place(result, found)
    if place.whole_rows:
        return {"start": {"line": place.row}, "end": {"line": place.end_row}}
    return _range(found.span, source_lines(result, found))


def _suggestions(result: FileResult, found: Diagnostic) -> list[dict[str, Any]]:
    """The fix as one suggestion.

    reviewdog offers each suggestion by itself, and half of a fix (the block without its import)
    must not be applied: edits that lie near each other are given as one replacement of the rows
    from the first to the last, others are left out. No suggestion reaches inside a notebook's JSON.
    """
    fix = found.fix
    if fix is None or found.cell is not None or not fix.edits:
        return []
    lines = source_lines(result, found)
    edits = sorted(fix.edits)
    whole = Span(edits[0].span.start, max(edit.span.end for edit in edits))
    if whole.end.row > len(lines) or whole.end.row - whole.start.row > MAX_SUGGESTED_ROWS:
        return []
    return [{"range": _range(whole, lines), "text": _joined(edits, result.text)}]


def _joined(edits: Sequence[Edit], text: str) -> str:
    """What the edits put in the place of everything from the first one to the last one."""
    rows = re.findall("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text)
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    joined, at = "", None
    for edit in edits:
        start, end = (starts[p.row - 1] + p.column - 1 for p in (edit.span.start, edit.span.end))
        joined += ("" if at is None else text[at:start]) + edit.content
        at = end
    return joined


def _range(span: Span, lines: Sequence[str]) -> dict[str, Any]:
    return {"start": _position(span.start, lines), "end": _position(span.end, lines)}


def _position(position: Position, lines: Sequence[str]) -> dict[str, int]:
    line = lines[position.row - 1] if position.row <= len(lines) else ""
    before = line[: position.column - 1].encode("utf-8", "surrogatepass")
    return {"line": position.row, "column": len(before) + 1}
