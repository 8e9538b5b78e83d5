"""``path:row: [CODE] message``, as flake8 and ruff write pylint's format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.reports.run_report import file_place

if TYPE_CHECKING:
    from torchload_lint.reports.run_report import Report


def render(report: Report) -> str:
    """The findings, one a line."""
    return "".join(
        f"{printable(report.path(result))}:{file_place(result, found).row}: "
        f"[{found.code}] {printable(found.message)}\n"
        for result, found in report.findings()
    )
