"""How is it reported? One file a format; results in, text out. Nothing is printed here.

``render`` is the door: a format's name, the results, the rules, the options; a text comes back.
``summary``, ``statistics`` and ``shown_fixes`` make the lines that people get after it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from torchload_lint.reports.run_report import Report, ReportOptions, RuleText
from torchload_lint.reports.summary import NOTHING_ELSE, shown_fixes, statistics, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.diagnostic import FileResult

__all__ = [
    "FORMATS",
    "NOTHING_ELSE",
    "Report",
    "ReportOptions",
    "RuleText",
    "render",
    "shown_fixes",
    "statistics",
    "summary",
]

FORMATS = {
    "concise": "concise",
    "full": "full",
    "grouped": "grouped",
    "json": "json_array",
    "json-lines": "json_lines",
    "pylint": "pylint",
    "azure": "azure",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab",
    "rdjson": "rdjson",
    "junit": "junit",
    "html": "audit.page",
}
"""The name on the command line → the module beside this one; each has ``render(report)``."""


def render(
    output_format: str,
    results: Iterable[FileResult],
    rules: Sequence[RuleText] = (),
    options: ReportOptions | None = None,
) -> str:
    """Tell ``results`` in one of ``FORMATS``; the text is empty or ends in a newline.

    Results are put in order of path, then place. A ``KeyError`` means an unknown format.
    """
    module = import_module(f"{__name__}.{FORMATS[output_format]}")
    report = Report.of(results, rules, options or ReportOptions())
    text: str = module.render(report)
    return text
