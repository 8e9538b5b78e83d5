"""One line a finding: ``path:row:col: CODE message``, flake8's format.

Where one requirement of the project brings many findings about, which say the same, the first one
is followed by the places of the others: one thing is to be done about all of them. So are many
notes of one wording, and many findings of one wording about copies of one call in a file. The
other formats, and ``-v``, have each by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.escaping import printable
from torchload_lint.late_patterns import late_pattern
from torchload_lint.plurals import number_of
from torchload_lint.reports.colors import colored_code, palette_of
from torchload_lint.reports.run_report import source_lines

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic, FileResult
    from torchload_lint.reports.run_report import Report

    Finding = tuple[FileResult, Diagnostic]
    Numbered = tuple[int, Finding]

_FEW = 4
"""So many errors and warnings of one matter are shown one by one; of notes, one."""
_PLACES = 8
"""How many places a line names."""
_TEXT = late_pattern(r"\"[^\"\n]*\"|'[^'\n]*'")


def render(report: Report) -> str:
    """The findings, one a line."""
    if report.options.notes:
        return "".join(_line(report, one) + _notes(one[1]) for one in report.findings())
    return "".join(
        _line(report, matter[0]) + (_others(report, matter) if len(matter) > 1 else "")
        for matter in _matters(report)
    )


def _matters(report: Report) -> list[list[Finding]]:
    """Findings of one message and requirement, notes of one message, and findings of one message
    about copies of one call, together, where they are many; in order of the first of each.
    """
    alike: dict[object, list[Numbered]] = {}
    for number, (result, one) in enumerate(report.findings()):
        about = one.requirement if _is_gathered(one) else result.path
        alike.setdefault((one.code, one.message, about), []).append((number, (result, one)))
    matters = [matter for some in alike.values() for matter in _apart(some)]
    return [[finding for _, finding in matter] for matter in sorted(matters, key=_first)]


def _first(matter: list[Numbered]) -> int:
    return matter[0][0]


def _apart(alike: list[Numbered]) -> list[list[Numbered]]:
    """The matters among findings of one message."""
    if not _is_one(alike):
        return [[one] for one in alike]
    if _is_gathered(alike[0][1][1]):
        return [alike]
    copies: dict[object, list[Numbered]] = {}
    for number, finding in alike:
        copies.setdefault(_code_at(*finding), []).append((number, finding))
    return [
        matter
        for some in copies.values()
        for matter in ([some] if _is_one(some) else [[one] for one in some])
    ]


def _is_gathered(one: Diagnostic) -> bool:
    """Whether it is one matter with others of its wording, wherever they are."""
    return bool(one.requirement) or one.severity is Severity.INFO


def _is_one(together: list[Numbered]) -> bool:
    is_note = together[0][1][1].severity is Severity.INFO
    return len(together) > (1 if is_note else _FEW)


def _code_at(result: FileResult, one: Diagnostic) -> object:
    """The rows that a finding is about, without their indentation and with their texts left out:
    copies of a call often name another file each. Like no other where the rows are not there.
    """
    start, end = one.span
    rows = source_lines(result, one)[start.row - 1 : end.row]
    code = "\n".join(row.strip() for row in rows)
    return _TEXT.sub("''", code) or one.span


def _line(report: Report, finding: Finding) -> str:
    result, found = finding
    palette = palette_of(report.options)
    return (
        f"{palette.bold(printable(report.path(result)))}:{place(found)}: "
        f"{colored_code(found, palette)} {printable(found.message)}\n"
    )


def _notes(found: Diagnostic) -> str:
    """What a finding rests on, and what its fix risks where that is not said already."""
    risk = found.fix.risk if found.fix is not None else ""
    said = (f"its fix is unsafe: {risk}",) if risk and risk not in found.notes else ()
    return "".join(f"    {printable(note)}\n" for note in (*found.notes, *said))


def _others(report: Report, matter: list[Finding]) -> str:
    """The line below the first of many findings: how many more, why, and where."""
    others = matter[1:]
    places = [f"{report.path(result)}:{place(found)}" for result, found in others[:_PLACES]]
    rest = len(others) - len(places)
    more = f" and {rest} more (`-v` shows each)" if rest else ""
    why = matter[0][1].requirement
    since = f", since {why}" if why and why not in matter[0][1].message else ""
    listed = ", ".join(places)
    return (
        printable(f"    the same at {number_of(len(others), 'other place')}{since}: {listed}{more}")
        + "\n"
    )


def place(diagnostic: Diagnostic) -> str:
    """``row:col``, or ``cell N:row:col`` in a notebook."""
    start = diagnostic.span.start
    cell = "" if diagnostic.cell is None else f"cell {diagnostic.cell}:"
    return f"{cell}{start.row}:{start.column}"
