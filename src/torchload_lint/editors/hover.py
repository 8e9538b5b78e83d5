"""What an editor shows under the mouse: a rule's page, or what a load reads and what that holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.places import WHOLE
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Span
from torchload_lint.editors.loads_in_view import loads_in
from torchload_lint.escaping import printable
from torchload_lint.late_patterns import late_pattern
from torchload_lint.reports.checkpoints.inspection import verdict_words
from torchload_lint.rules import RULES
from torchload_lint.rules.loads.indirect_unsafe_loader import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.checkpoint.report import CheckpointReport, NeededGlobal
    from torchload_lint.diagnostic import Position
    from torchload_lint.editors.views import Analysis
    from torchload_lint.rules.situation import Situation
    from torchload_lint.workspace import Projects

_WORD = late_pattern(r"[A-Za-z0-9-]+")
_COMMENT = late_pattern(r"#\s*(?:noqa|torchload-lint|flake8)\b.*", re.IGNORECASE)
_SHOWN = 20
"""How many globals of a file are listed."""


def hover(
    analysis: Analysis, projects: Projects, cell: int | None, place: Position
) -> tuple[str, Span] | None:
    """Markdown and the span it is about (rows counted in the cell); None where nothing is known."""
    return _rule_page(analysis, cell, place) or _load(analysis, projects, cell, place)


def page(code: str) -> str:
    """A rule's page in Markdown, by its code or name; empty for an unknown one."""
    for rule in RULES:
        if code.upper() == rule.code or code.lower() == rule.name:
            return f"# {rule.name} ({rule.code})\n\n{rule.doc.strip()}\n"
    return ""


def _rule_page(analysis: Analysis, cell: int | None, place: Position) -> tuple[str, Span] | None:
    """The page of the rule that a suppression comment names at this place."""
    lines = analysis.lines(cell)
    line = lines[place.row - 1] if place.row <= len(lines) else ""
    comment = _COMMENT.search(line)
    if comment is None:
        return None
    for word in _WORD.finditer(line, comment.start()):
        first, last = word.start() + 1, word.end() + 1
        if first <= place.column <= last and (text := page(word.group())):
            return text, Span.of(place.row, first, place.row, last)
    return None


def _load(
    analysis: Analysis, projects: Projects, cell: int | None, place: Position
) -> tuple[str, Span] | None:
    """What is known of the load at this place."""
    for shown in loads_in(analysis, projects):
        if shown.cell == cell and shown.span.start <= place <= shown.span.end:
            return load_in_markdown(shown.assessed()), shown.span
    return None


def load_in_markdown(situation: Situation) -> str:
    """A load in Markdown: how it loads, the files it reads, what they need."""
    return "\n".join(_description(situation)) + "\n"


def _description(situation: Situation) -> Iterator[str]:
    yield f"**{named(situation.load)}** · {situation.how_it_loads}"
    yield ""
    alike: dict[object, list[CheckpointReport]] = {}
    for report in situation.reports:
        names = tuple(needed.name for needed in report.safe_globals)
        kind = (report.container, report.torch_version, report.verdict, names, report.problems)
        alike.setdefault(kind, []).append(report)
    for reports in alike.values():
        yield from _files(reports, _verdict(reports[0], situation))
    if situation.reports:
        return
    for pattern in situation.resolution.patterns:
        yield f"- {_code(pattern.text)}: no file there"
    for need in situation.needs:
        yield f"- needs {_code(str(need.name))}"
    if situation.evidence.value == "none":
        yield "- what it needs is not known"
    yield from (f"- {printable(reason)}" for reason in situation.resolution.unknown)


def _verdict(report: CheckpointReport, situation: Situation) -> str:
    """What this load makes of a file; of one that runs code, whether it does so here."""
    if report.verdict is not Verdict.DANGEROUS or not situation.unsafe_on:
        return verdict_words(report)
    where = situation.unsafe_where
    return f"DANGEROUS: this load runs its code{where and f' {where}'}"


def _files(reports: Sequence[CheckpointReport], verdict: str) -> Iterator[str]:
    """What is true of each of some files that are alike."""
    report = reports[0]
    others = f" and {len(reports) - 1} more like it" if len(reports) > 1 else ""
    made = f", saved by torch {printable(report.torch_version)}" if report.torch_version else ""
    yield f"- {_code(report.path)}{others} ({report.container}{made}): **{verdict}**"
    for needed in report.safe_globals[:_SHOWN]:
        yield f"    - needs {_needed(needed)}"
    if len(report.safe_globals) > _SHOWN:
        yield f"    - and {len(report.safe_globals) - _SHOWN} more"
    for problem in report.problems[:_SHOWN]:
        yield f"    - {printable(problem.message)}"


def _needed(needed: NeededGlobal) -> str:
    where = f" at {_code(needed.where[0])}" if needed.where else ""
    if needed.where[:1] == (WHOLE,):
        where = ", the object itself"
    return f"{_code(str(needed.name))}{where}"


def _code(text: str) -> str:
    """Inline code; what a checkpoint says must not end it."""
    return f"`{printable(text).replace('`', chr(0x2CB))}`"
