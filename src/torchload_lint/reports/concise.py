"""One line a finding: ``path:row:col: CODE message``, flake8's format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.reports.colors import Palette, colored_code

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.reports.run_report import Report


def render(report: Report) -> str:
    """The findings, one a line."""
    palette, notes = Palette(report.options.color), report.options.notes
    return "".join(
        f"{palette.bold(printable(report.path(result)))}:{place(found)}: "
        f"{colored_code(found, palette)} {printable(found.message)}\n"
        + ("".join(f"    {printable(note)}\n" for note in found.notes) if notes else "")
        for result, found in report.findings()
    )


def place(diagnostic: Diagnostic) -> str:
    """``row:col``, or ``cell N:row:col`` in a notebook."""
    start = diagnostic.span.start
    cell = "" if diagnostic.cell is None else f"cell {diagnostic.cell}:"
    return f"{cell}{start.row}:{start.column}"
