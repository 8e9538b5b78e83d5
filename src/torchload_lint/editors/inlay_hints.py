"""Beside a load, the file that it reads: shown where the code does not say so itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.editors.hover import load_in_markdown
from torchload_lint.editors.loads_in_view import loads_in
from torchload_lint.escaping import printable
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Span
    from torchload_lint.editors.views import Analysis
    from torchload_lint.rules.situation import Situation
    from torchload_lint.workspace.projects import Projects

_LONGEST = 60
"""Characters of a hint."""


class Hint(NamedTuple):
    """A short text behind the expression for what is loaded."""

    place: Span
    """Empty; rows are counted in the cell."""
    label: str
    tooltip: str
    """Markdown: all that is known of the load."""


def hints_in(
    analysis: Analysis, projects: Projects, cell: int | None, within: Span
) -> Iterator[Hint]:
    """The hints for the loads that are shown in a range."""
    for shown in loads_in(analysis, projects):
        if shown.cell != cell or shown.span.end < within.start or within.end < shown.span.start:
            continue
        situation = shown.assessed()
        label = label_of(situation)
        if label:
            yield Hint(shown.end_of_file, label, load_in_markdown(situation))


def label_of(situation: Situation) -> str:
    """The files that a load reads, shortly; empty where they are not known, or the code says it."""
    read = [report.path for report in situation.reports]
    named = read or [pattern.shown for pattern in situation.resolution.patterns]
    written = situation.load.file
    if not named or (isinstance(written, ast.Constant) and written.value == named[0]):
        return ""
    first = printable(named[0])
    shown = first if len(first) <= _LONGEST else f"…{first[1 - _LONGEST :]}"
    others = len(named) - 1 + (situation.left_out if read else 0)
    more = f" and {others} more" if others else ""
    return f"← {shown}{more}" + ("" if read else " (not there)")
