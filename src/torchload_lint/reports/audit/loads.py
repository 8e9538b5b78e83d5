"""Loads on the page: what each reads and needs, on what ground, and what is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from torchload_lint.diagnostic import Severity
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.reports.audit.markup import (
    Html,
    bullets,
    code_block,
    element,
    together,
    unfolding,
)
from torchload_lint.reports.audit.placed_findings import PlacedFinding, shown_finding
from torchload_lint.reports.audit.seen_checkpoints import anchor
from torchload_lint.reports.checkpoints.inspection import verdict_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.reports.survey import Load
    from torchload_lint.rules.situation import Need, Situation


class AuditedLoad(NamedTuple):
    """A load, and the findings at it."""

    load: Load
    found: Sequence[PlacedFinding]


_WITH_ERRORS = "loads with what is allowed, but has an error (on some torch, perhaps)"
_UNTRIED = "needs what is allowed; not tried whether that is enough"
STANDINGS = {
    "a file would run code": "bad",
    "a file does not load": "bad",
    "runs whatever the file holds": "bad",
    "needs what is not allowed": "bad",
    _WITH_ERRORS: "bad",
    "what it needs is not known": "doubt",
    _UNTRIED: "doubt",
    "loads with what is allowed": "good",
}
"""How a load stands → its colour; the worst first."""


def standing(situation: Situation) -> str:
    """How a load stands, in the words of ``STANDINGS``."""
    verdicts = {report.verdict.value for report in situation.reports}
    if "dangerous" in verdicts:
        return "a file would run code"
    if verdicts - {"loads", "needs-safe-globals"}:
        return "a file does not load"
    if situation.unsafe_on:
        return "runs whatever the file holds"
    if situation.missing:
        return "needs what is not allowed"
    if situation.evidence.value == "none":
        return "what it needs is not known"
    if any(report.untried for report in situation.reports):
        return _UNTRIED
    return "loads with what is allowed"


def _standing(one: AuditedLoad) -> str:
    """How a load stands, with the errors that are found at it."""
    words = standing(one.load.situation)
    has_error = any(found.diagnostic.severity is Severity.ERROR for found in one.found)
    return _WITH_ERRORS if has_error and STANDINGS[words] == "good" else words


def loads_section(loads: Sequence[AuditedLoad]) -> Html:
    """All loads by how they stand; empty without any."""
    if not loads:
        return Html()
    parts = [element("h2", "Loads")]
    for words, color in STANDINGS.items():
        here = [one for one in loads if _standing(one) == words]
        if here:
            parts.append(element("h3", f"{words} ({len(here)})", class_=color))
            parts += map(_load, here)
    return together(*parts)


def counted(loads: Sequence[AuditedLoad]) -> Html:
    """How many loads stand how."""
    rows = [
        element("tr", element("td", words, class_=color), element("td", str(number)))
        for words, color in STANDINGS.items()
        if (number := sum(_standing(one) == words for one in loads))
    ]
    return element("table", *rows) if rows else element("p", "No loads.")


def _load(audited: AuditedLoad) -> Html:
    load, situation = audited.load, audited.load.situation
    codes = ", ".join(dict.fromkeys(one.diagnostic.code for one in audited.found))
    headline = together(element("code", load.place), f" {codes}")
    return unfolding(
        headline,
        code_block(load.code),
        _row("weights_only", [situation.what_it_does]),
        _row("reads", _reads(situation)),
        _row("not known", situation.resolution.unknown),
        _row("files", [_file(one) for one in situation.reports]),
        _row(
            "perhaps written by" if situation.perhaps_written else "written by",
            situation.written_by,
        ),
        _row("needs", [_need(need, situation) for need in situation.needs]),
        *map(shown_finding, audited.found),
    )


def _file(report: CheckpointReport) -> Html:
    link = element("a", report.path, href=f"#{quote(anchor(report.path))}")
    return together(link, f": {verdict_words(report)}")


def _row(title: str, items: Sequence[str]) -> Html:
    return element("div", element("b", title), bullets([*items])) if items else Html()


def _reads(situation: Situation) -> list[str]:
    known = [
        f"{one.text} ({one.rung.value}{'' if one.exact else ', with unknown parts'})"
        for one in situation.resolution.patterns
    ]
    return known or ["nothing that is known"]


def _need(need: Need, situation: Situation) -> Html:
    here = "missing" if need in situation.missing else "allowed here"
    color = "good" if need.judgement.allowed else "bad"
    trust = element("span", need.judgement.trust.value, class_=color)
    reason = need.judgement.reason
    if not need.judgement.allowed and need.judgement.advice:
        reason += f"; {need.judgement.advice}"
    return together(element("code", str(need.name)), " ", trust, f", {here}: {reason}")
