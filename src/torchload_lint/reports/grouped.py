"""Findings under their file's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.reports.colors import colored_code, palette_of
from torchload_lint.reports.concise import place
from torchload_lint.reports.run_report import in_order

if TYPE_CHECKING:
    from torchload_lint.diagnostic import FileResult
    from torchload_lint.reports.run_report import Report


def render(report: Report) -> str:
    """One block a file with findings, with an empty line after each."""
    return "".join(_block(report, result) for result in report.results if result.diagnostics)


def _block(report: Report, result: FileResult) -> str:
    palette = palette_of(report.options)
    found = in_order(result.diagnostics)
    places = [place(diagnostic) for diagnostic in found]
    width = max(map(len, places))
    lines = [f"{palette.bold(printable(report.path(result)))}:"]
    for diagnostic, where in zip(found, places, strict=True):
        mark = f"{palette.cyan('[*]')} " if report.is_fixable(diagnostic) else ""
        code = colored_code(diagnostic, palette)
        lines.append(f"  {where:<{width}} {code} {mark}{printable(diagnostic.message)}")
    return "\n".join(lines) + "\n\n"
