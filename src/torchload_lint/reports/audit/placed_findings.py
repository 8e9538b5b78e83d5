"""Findings on the page, each with what its fix would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.fixes.apply import apply_edits
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.reports.audit.markup import (
    Html,
    bullets,
    diff_block,
    element,
    together,
    unfolding,
)
from torchload_lint.reports.diff import unified_diff
from torchload_lint.reports.run_report import rule_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.diagnostic import Diagnostic, FileResult, Fix

COLORS = {"error": "bad", "warning": "doubt", "info": "quiet"}


class PlacedFinding(NamedTuple):
    """A finding, and the file that it is in."""

    result: FileResult
    diagnostic: Diagnostic


def findings_section(title: str, found: Sequence[PlacedFinding]) -> Html:
    """Findings that belong to no load; empty without any."""
    if not found:
        return Html()
    return together(element("h2", title), *(_with_place(one) for one in found))


def shown_finding(found: PlacedFinding) -> Html:
    """One finding: its message, notes and grounds, and the fix as a diff."""
    one = found.diagnostic
    rule = element("a", f"{one.code} {one.name}", href=rule_url(one.name))
    return element(
        "div",
        element("p", rule, " ", element("span", one.message, class_=COLORS[one.severity.value])),
        bullets([*one.notes, *one.grounds]),
        _fix(found.result, one.fix) if one.fix else "",
    )


def _with_place(found: PlacedFinding) -> Html:
    cell = f"cell {found.diagnostic.cell}:" if found.diagnostic.cell else ""
    place = f"{found.result.path.as_posix()}:{cell}{found.diagnostic.span.start.row}"
    return unfolding(
        together(element("code", place), f" {found.diagnostic.code}"), shown_finding(found)
    )


def _fix(result: FileResult, fix: Fix) -> Html:
    title = f"{fix.applicability.value} fix: {fix.explained}"
    if result.path.suffix == ".ipynb" or not result.text:
        return element("p", title)
    try:
        after, _ = apply_edits(result.text, [fix])
    except IndexError:  # rows of another text than the one at hand
        return element("p", title)
    diff = unified_diff(result.text, after, result.path.as_posix())
    return unfolding(title, diff_block(diff))
