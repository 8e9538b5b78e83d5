"""For people: each finding with its source, carets, notes and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability
from torchload_lint.escaping import printable
from torchload_lint.reports.colors import Palette, colored_code, palette_of
from torchload_lint.reports.concise import place
from torchload_lint.reports.run_report import source_lines
from torchload_lint.reports.snippet import snippet

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic, FileResult, Fix
    from torchload_lint.reports.run_report import Report

_HOW = {
    Applicability.SAFE: "`--fix` does it",
    Applicability.UNSAFE: "`--fix --unsafe-fixes` does it",
    Applicability.DISPLAY: "by hand",
}


def render(report: Report) -> str:
    """The findings as blocks, with an empty line after each."""
    return "".join(_block(report, result, found) for result, found in report.findings())


def _block(report: Report, result: FileResult, found: Diagnostic) -> str:
    palette = palette_of(report.options)
    mark = f" {palette.cyan('[*]')}" if report.is_fixable(found) else ""
    code = colored_code(found, palette)
    lines = [f"{code}{mark} {palette.bold(printable(found.message))}"]
    arrow = palette.blue("-->")
    lines.append(f" {arrow} {printable(report.path(result))}:{place(found)}")
    lines += snippet(source_lines(result, found), found.span, palette)
    lines += [f"  {palette.blue('=')} {palette.bold('note')}: {note}" for note in _notes(found)]
    if found.fix is not None:
        lines.append(_help(palette, found.fix))
    return "\n".join(lines) + "\n\n"


def _notes(found: Diagnostic) -> list[str]:
    """The notes, and the checkpoints that neither they nor the message name."""
    said = " ".join((found.message, *found.notes))
    unsaid = [printable(path) for path in found.checkpoints if path not in said]
    notes = [printable(note) for note in found.notes]
    return [*notes, f"checkpoint {', '.join(unsaid)}"] if unsaid else notes


def _help(palette: Palette, fix: Fix) -> str:
    how = _HOW[fix.applicability]
    sign = palette.blue("=")
    lines = [f"  {sign} {palette.cyan('help')}: {printable(fix.message)} ({how})"]
    if fix.risk:
        lines.append(f"  {sign} {palette.cyan('risk')}: {printable(fix.risk)}")
    return "\n".join(lines)
