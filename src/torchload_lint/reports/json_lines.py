"""One JSON object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from torchload_lint.reports.json_array import as_object

if TYPE_CHECKING:
    from torchload_lint.reports.run_report import Report


def render(report: Report) -> str:
    """The findings, an object a line, the objects as in ``json``."""
    return "".join(
        json.dumps(as_object(report, result, diagnostic)) + "\n"
        for result, diagnostic in report.findings()
    )
