"""The last lines of a run: how much was found, fixed, and can be fixed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.escaping import printable
from torchload_lint.plurals import number_of
from torchload_lint.reports.run_report import Report, ReportOptions

NEXT_STEP = (
    "What is not matched to a file is not checked: `torchload-lint loads` lists these loads, "
    "`loads --checkpoints FOLDER` looks for their files, `record -- COMMAND` notes what it opens."
)
NOTHING_ELSE = "No findings in what could be checked.\n"
NOTHING_SHOWN = "No other findings.\n"
HIDDEN = "silenced by a comment about the whole file, such as `# flake8: noqa`."
SILENCED = "silenced by a comment about the line (`--no-suppressions` shows what is silenced)."
MILDER = "less severe than `min-severity` asks for."
UNASKED = (
    "about defaults that may be left as they are, or tests (`--min-severity info` shows them)."
)
WHY = "`-v` shows what each answer rests on, and what keeps the rest from being fixed safely.\n"

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
        return f"{listed}{nothing_found(loads)}{account(loads)}"
    counted = f"Found {by_severity((*left, *fixed))}"
    if fixed:
        counted += f" ({len(fixed)} fixed, {len(left)} remaining)"
    return f"{listed}{counted}.\n{_fixable(report, left)}{_more(report, left)}{account(loads)}"


def nothing_found(loads: LoadAccount) -> str:
    """The line for a run without findings: that all is well is only said where all is known."""
    if loads.known:
        return f"No new findings ({loads.known} known).\n"
    if loads.unknown or loads.hidden:
        return NOTHING_ELSE
    return NOTHING_SHOWN if loads.silenced or loads.milder else "All checks passed!\n"


def account(loads: LoadAccount) -> str:
    """How many loads there are and how it is known what they need, and what is not shown; empty
    where there is nothing to say.
    """
    notes = f"{number_of(loads.notes, 'note')} not shown: {UNASKED}\n" if loads.notes else ""
    if not loads.total:
        return notes + _not_shown(loads)
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
    line = f"{notes}{number_of(loads.total, 'load')}: {parts}.\n{_not_shown(loads)}"
    return f"{line}{NEXT_STEP}\n" if loads.unknown else line


def _not_shown(loads: LoadAccount) -> str:
    """The lines about findings that are there and not reported, by what keeps them back; those of
    a baseline are told apart, with its name.
    """
    kept = ((loads.hidden, HIDDEN), (loads.silenced, SILENCED), (loads.milder, MILDER))
    return "".join(
        f"{number_of(count, 'finding')} not shown: {why}\n" for count, why in kept if count
    )


def by_severity(findings: Iterable[Diagnostic]) -> str:
    """How many of each severity: ``2 errors, 1 warning``."""
    counts = Counter(found.severity for found in findings)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    return ", ".join(number_of(counts[one], word) for one, word in words.items() if counts[one])


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
