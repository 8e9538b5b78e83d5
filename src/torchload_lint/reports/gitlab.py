"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/.

GitLab does not show ``check_name``, so the description starts with the code.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from torchload_lint.diagnostic import Severity
from torchload_lint.escaping import escaped
from torchload_lint.reports.run_report import file_place, source_lines

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic, FileResult
    from torchload_lint.reports.run_report import Report

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(report: Report) -> str:
    """The findings as one list."""
    seen: Counter[str] = Counter()
    issues = [_issue(report, result, found, seen) for result, found in report.findings()]
    return json.dumps(issues, indent=2) + "\n"


def _issue(
    report: Report, result: FileResult, found: Diagnostic, seen: Counter[str]
) -> dict[str, Any]:
    place = file_place(result, found)
    path = escaped(report.path(result))
    return {
        "description": f"{found.code}: {found.message}",
        "check_name": found.name,
        "fingerprint": _fingerprint(path, result, found, seen),
        "severity": _SEVERITIES[found.severity],
        "location": {
            "path": path,
            "positions": {
                "begin": {"line": place.row, "column": place.column},
                "end": {"line": place.end_row, "column": place.end_column},
            },
        },
    }


def _fingerprint(path: str, result: FileResult, found: Diagnostic, seen: Counter[str]) -> str:
    """Made from the line's text and not its number, so that it survives moved lines; unique."""
    lines = source_lines(result, found)
    row = found.span.start.row
    text = lines[row - 1].strip() if 1 <= row <= len(lines) else ""
    key = f"{path}\0{found.code}\0{text}"
    seen[key] += 1
    content = f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()
