"""JUnit XML: a suite a file, a failed test case a finding, an error for what could not be checked;
one passed case where all is well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from torchload_lint.escaping import escaped
from torchload_lint.late_patterns import late_pattern
from torchload_lint.reports.concise import place
from torchload_lint.reports.run_report import TOOL, file_place, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.diagnostic import Diagnostic, FileResult
    from torchload_lint.reports.run_report import Report

_NOT_XML = late_pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render(report: Report) -> str:
    """The findings as test suites. Viewers take a file without test cases for a broken run."""
    suites = [_suite(report, result) for result in report.results if result.diagnostics]
    failures = sum(len(result.diagnostics) for result in report.results)
    errors = len(report.options.failures)
    if errors:
        suites.append(_not_checked(report.options.failures))
    left = len(report.options.not_read)
    if left:
        suites.append(_not_read(report.options.not_read))
    inner = "".join(suites) or _passed()
    tests = failures + errors + left or 1
    head = f"name={_value(TOOL)} tests={_value(tests)} failures={_value(failures)}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites {head} errors={_value(errors)}>\n{inner}</testsuites>\n"
    )


def _suite(report: Report, result: FileResult) -> str:
    path = escaped(report.path(result))
    count = _value(len(result.diagnostics))
    cases = "".join(_case(path, result, found) for found in in_order(result.diagnostics))
    head = f"name={_value(path)} tests={count} failures={count}"
    return f'  <testsuite {head} errors="0" skipped="0" package="{TOOL}">\n{cases}  </testsuite>\n'


def _case(path: str, result: FileResult, found: Diagnostic) -> str:
    where = file_place(result, found)
    head = (
        f'name="{TOOL}.{found.code}" classname={_value(path)} file={_value(path)} '
        f'line="{where.row}" column="{where.column}"'
    )
    message = escaped(found.message)
    text = escape(_clean(f"{place(found)}: {found.code} {message}"))
    return (
        f"    <testcase {head}>\n"
        f"      <failure message={_value(message)} type={_value(found.name)}>{text}</failure>\n"
        "    </testcase>\n"
    )


def _not_checked(failures: Sequence[str]) -> str:
    """A test case with an error for each thing that could not be checked."""
    cases = "".join(
        f'    <testcase name="Could not be checked" classname="{TOOL}">\n'
        f'      <error message={_value(one)} type="error">{escape(_clean(one))}</error>\n'
        "    </testcase>\n"
        for one in failures
    )
    return _own_suite(cases, len(failures), errors=len(failures))


def _not_read(left: Sequence[str]) -> str:
    """A skipped test case for what the report does not speak for."""
    cases = "".join(
        f'    <testcase name="Not looked at" classname="{TOOL}">\n'
        f"      <skipped message={_value(one)} />\n"
        "    </testcase>\n"
        for one in left
    )
    return _own_suite(cases, len(left), skipped=len(left))


def _own_suite(cases: str, count: int, *, errors: int = 0, skipped: int = 0) -> str:
    """A suite of cases that belong to no file."""
    counts = f'tests="{count}" failures="0" errors="{errors}" skipped="{skipped}"'
    return f'  <testsuite name="{TOOL}" {counts}>\n{cases}  </testsuite>\n'


def _passed() -> str:
    return _own_suite(f'    <testcase name="No findings" classname="{TOOL}" />\n', 1)


def _value(value: object) -> str:
    return quoteattr(_clean(str(value)))


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold, not even escaped."""
    return _NOT_XML.sub("\ufffd", text)
