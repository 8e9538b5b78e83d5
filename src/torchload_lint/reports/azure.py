"""Azure Pipelines' logging command ``##vso[task.logissue …]``.

Escapes are those of the agent's command parser (microsoft/azure-pipelines-agent, Command.cs and
CommandStringConvertor.cs), which undoes them in the properties and in the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.escaping import escaped
from torchload_lint.reports.run_report import file_place

if TYPE_CHECKING:
    from torchload_lint.reports.run_report import Report

_ESCAPES = (("%", "%AZP25"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"), (";", "%3B"))


def render(report: Report) -> str:
    """The findings, one command a line (Azure knows errors and warnings only)."""
    lines = []
    for result, found in report.findings():
        place = file_place(result, found)
        properties = {
            "type": "error" if found.severity is Severity.ERROR else "warning",
            "sourcepath": report.path(result),
            "linenumber": str(place.row),
            "columnnumber": str(place.column),
            "code": found.code,
        }
        fields = "".join(f"{key}={_escape(value)};" for key, value in properties.items())
        lines.append(f"##vso[task.logissue {fields}]{_escape(found.message)}\n")
    return "".join(lines)


def _escape(value: str) -> str:
    for char, escape in _ESCAPES:
        value = value.replace(char, escape)
    return escaped(value)
