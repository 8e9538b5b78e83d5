"""The last lines of a run: how much was found, fixed, and can be fixed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.escaping import printable
from torchload_lint.plurals import number_of
from torchload_lint.reports.run_report import Report, ReportOptions

NEXT_STEP = "`torchload-lint loads` lists what is not matched: nothing of it is checked.\n"
NEXT_STEPS = (
    "`loads --checkpoints FOLDER` looks for files of such loads, `record -- COMMAND` notes what "
    "they open.\n"
)
"""What is said besides with ``-v``."""
NOTHING_ELSE = "No findings in what could be checked.\n"
NOTHING_SHOWN = "No other findings.\n"
UNASKED = "(`--min-severity info` shows them)"
HIDDEN = "silenced by a comment about the whole file, such as `# flake8: noqa`"
SILENCED = "silenced by a comment about the line (`--no-suppressions` shows them)"
MILDER = "less severe than `min-severity` asks for"
WHY = "`-v` says what each answer rests on, and why the rest is not fixed.\n"
_CAUSES = 3
"""How many requirements are named behind the count of what they bring about."""

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.diagnostic import Diagnostic, FileResult, LoadAccount


def summary(results: Iterable[FileResult], options: ReportOptions | None = None) -> str:
    """How many findings, how many fixed, how many ``--fix`` could fix; ends in a newline.

    With ``show_fixes`` the list of what was fixed comes first; the account of the loads last.
    """
    report = Report.of(results, (), options or ReportOptions())
    loads = report.options.loads
    left = [found for _, found in report.findings()]
    fixed = [found for result in report.results for found in result.fixed]
    listed = shown_fixes(report.results, report.options) if report.options.show_fixes else ""
    if not left and not fixed:
        return f"{listed}{nothing_found(loads)}{account(loads, verbose=report.options.notes)}"
    counted = f"Found {by_severity((*left, *fixed))}"
    parts = [f"{len(fixed)} fixed", f"{len(left)} remaining"] if fixed else []
    if parts := [*parts, *_by_cause(left)]:
        counted += f" ({', '.join(parts)})"
    verbose = report.options.notes
    hints = sorted([_more(report, left), *_hints(loads, verbose=verbose)], key=len)
    return f"{listed}{counted}.\n{_fixable(report, left)}{_counted(loads)}{''.join(hints)}"


def nothing_found(loads: LoadAccount) -> str:
    """The line for a run without findings: that all is well is only said where all is known."""
    if loads.known:
        return f"No new findings ({loads.known} known).\n"
    if loads.unknown or loads.hidden:
        return NOTHING_ELSE
    return NOTHING_SHOWN if loads.silenced or loads.milder else "All checks passed!\n"


def account(loads: LoadAccount, *, verbose: bool = False) -> str:
    """How many loads there are and how it is known what they need, what is not shown, and what to
    do about the rest, the shortest first; empty where there is nothing to say.
    """
    return _counted(loads) + "".join(sorted(_hints(loads, verbose=verbose), key=len))


def _counted(loads: LoadAccount) -> str:
    words = {
        "files": "read from files",
        "configured": "configured",
        "recorded": "recorded",
        "inferred": "inferred from what is saved",
        "tensors": "used only as tensors",
        "unknown": "not matched to any file",
    }
    known = loads._asdict()
    parts = ", ".join(f"{known[kind]} {word}" for kind, word in words.items() if known[kind])
    return f"{number_of(loads.total, 'load')}: {parts}.\n" if loads.total else ""


def _hints(loads: LoadAccount, *, verbose: bool) -> list[str]:
    """A line about what is not shown, and one about loads of unknown files."""
    hints = [_not_shown(loads)]
    if loads.total and loads.unknown:
        hints += [NEXT_STEP, NEXT_STEPS] if verbose else [NEXT_STEP]
    return hints


def _not_shown(loads: LoadAccount) -> str:
    """What is there and not reported, by what keeps it back; findings of a baseline are told apart,
    with its name.
    """
    kept = ((loads.hidden, HIDDEN), (loads.silenced, SILENCED), (loads.milder, MILDER))
    parts = [f"{number_of(loads.notes, 'note')} {UNASKED}"] if loads.notes else []
    parts += [f"{number_of(count, 'finding')} {why}" for count, why in kept if count]
    return f"Not shown: {'; '.join(parts)}.\n" if parts else ""


def by_severity(findings: Iterable[Diagnostic]) -> str:
    """How many of each severity: ``2 errors, 1 warning``."""
    counts = Counter(found.severity for found in findings)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    return ", ".join(number_of(counts[one], word) for one, word in words.items() if counts[one])


def _by_cause(left: list[Diagnostic]) -> list[str]:
    """How many findings one requirement brings about, where several share it: to change that line
    is one decision.
    """
    counts = Counter(found.requirement for found in left if found.requirement)
    shared = [(count, cause) for cause, count in counts.most_common() if count > 1]
    told = [
        f"{'all' if count == len(left) else count} because {printable(cause)}"
        for count, cause in shared[:_CAUSES]
    ]
    rest = [count for count, _ in shared[_CAUSES:]]
    more = f"{sum(rest)} because of {number_of(len(rest), 'other requirement')}"
    return [*told, more] if rest else told


def _fixable(report: Report, left: list[Diagnostic]) -> str:
    """The line about ``--fix`` and ``--unsafe-fixes``; empty where neither would do anything."""
    fixable = sum(report.is_fixable(found) for found in left)
    hidden = 0 if report.options.unsafe_fixes else _unsafely_fixed(left)
    if not fixable and not hidden:
        return ""
    enable = (
        f"{number_of(hidden, 'hidden fix', 'es')} can be enabled with the `--unsafe-fixes` option"
    )
    if not fixable:
        return f"No safe fixes available ({enable}).\n"
    line = f"[*] {fixable} fixable with the `--fix` option"
    return f"{line} ({enable}).\n" if hidden else f"{line}.\n"


def _unsafely_fixed(left: Iterable[Diagnostic]) -> int:
    fixes = [found.fix for found in left if found.fix is not None]
    return sum(fix.applicability is Applicability.UNSAFE for fix in fixes)


def _more(report: Report, left: list[Diagnostic]) -> str:
    """The line about ``-v``, where notes say what keeps a finding from being fixed safely."""
    kept = any(found.notes and not report.is_fixable(found) for found in left)
    return WHY if kept and not report.options.notes else ""


def statistics(
    results: Iterable[FileResult], options: ReportOptions | None = None, *, as_json: bool = False
) -> str:
    """How often each rule was broken, the most frequent first; ends in a newline, or is empty."""
    report = Report.of(results, (), options or ReportOptions())
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    fixable: Counter[str] = Counter()
    for _, found in report.findings():
        names[found.code] = found.name
        counts[found.code] += 1
        fixable[found.code] += report.is_fixable(found)
    ordered = sorted(counts, key=lambda code: (-counts[code], code))
    if as_json:
        import json  # noqa: PLC0415 - for this format alone

        rows = [
            {
                "code": code,
                "name": names[code],
                "count": counts[code],
                "fixable_count": fixable[code],
            }
            for code in ordered
        ]
        return json.dumps(rows, indent=2) + "\n"
    width = len(str(max(counts.values(), default=0)))
    lines = [
        f"{counts[code]:>{width}}\t{code}\t{_mark(fixable[code], counts[code])} {names[code]}\n"
        for code in ordered
    ]
    return "".join(lines)


def _mark(fixable: int, count: int) -> str:
    """All, some or none of them fixable."""
    if not fixable:
        return "[ ]"
    return "[*]" if fixable == count else "[-]"


def shown_fixes(results: Iterable[FileResult], options: ReportOptions | None = None) -> str:
    """What was fixed, by file and rule (``--show-fixes``); empty where nothing was."""
    report = Report.of(results, (), options or ReportOptions())
    fixed = [result for result in report.results if result.fixed]
    if not fixed:
        return ""
    lines = [f"Fixed {by_severity(found for result in fixed for found in result.fixed)}:"]
    for result in fixed:
        lines.append(f"- {printable(report.path(result))}:")
        rules = Counter((found.code, found.name) for found in result.fixed)
        lines += [f"    {count} x {code} ({name})" for (code, name), count in sorted(rules.items())]
    return "\n".join(lines) + "\n\n"


def diff_summary(results: Iterable[FileResult], *, unsafe: bool) -> str:
    """The lines under a diff: what it fixes, what would be left after it, and how many ``unsafe``
    fixes it would show as well where they were asked for.
    """
    results = list(results)
    changed = [result for result in results if result.original]
    remaining = [found for result in results for found in result.diagnostics]
    left = by_severity(remaining)
    hidden = 0 if unsafe else _unsafely_fixed(remaining)
    more = f"`--unsafe-fixes` shows {number_of(hidden, 'more fix', 'es')}.\n" if hidden else ""
    more += (
        "A run without `--diff` says what is left, and why.\n" if len(remaining) > hidden else ""
    )
    if not changed:
        return f"No fix would be applied; left: {left}.\n{more}"
    fixed = by_severity(found for result in changed for found in result.fixed)
    line = f"Would fix {fixed} in {number_of(len(changed), 'file')}"
    return f"{line}, and leave {left}.\n{more}" if left else f"{line}.\n"
