"""GitHub Actions' workflow commands: annotations on the changed lines of a pull request.

Escapes are those of the runner (actions/toolkit, packages/core/src/command.ts). GitHub shows at
most ten errors and ten warnings a step; SARIF has no such limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.escaping import escaped, printable
from torchload_lint.reports.concise import place
from torchload_lint.reports.run_report import TOOL, file_place

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic, FileResult
    from torchload_lint.reports.run_report import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """The findings, one command a line."""
    return "".join(_command(report, result, found) for result, found in report.findings())


def _command(report: Report, result: FileResult, found: Diagnostic) -> str:
    path = report.path(result)
    properties = {"title": f"{TOOL} ({found.code})", "file": path, **_where(result, found)}
    fields = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    message = f"{printable(path)}:{place(found)}: {found.code} {printable(found.message)}"
    return f"::{_COMMANDS[found.severity]} {fields}::{_escape(message)}\n"


def _where(result: FileResult, found: Diagnostic) -> dict[str, str]:
    """Rows always; columns only on one row, since GitHub refuses them otherwise."""
    place = file_place(result, found)
    rows = {"line": str(place.row), "endLine": str(place.end_row)}
    if place.whole_rows or place.row != place.end_row:
        return rows
    return {**rows, "col": str(place.column), "endColumn": str(place.end_column)}


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return escaped(_escape(text).replace(":", "%3A").replace(",", "%2C"))
