from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from torchload_lint.diagnostic import (
    Applicability,
    Diagnostic,
    Edit,
    FileResult,
    Fix,
    Severity,
    Span,
)
from torchload_lint.reports import ReportOptions


@dataclass(frozen=True)
class SampleRule:
    code: str
    name: str
    severity: Severity
    summary: str
    doc: str
    security_severity: str = ""
    precision: str = "very-high"


RULES = (
    SampleRule(
        "TLL101",
        "weights-only-disabled",
        Severity.ERROR,
        "`weights_only=False` runs whatever code the file holds",
        "# weights-only-disabled (TLL101)\n\nText of the page.\n",
        security_severity="8.8",
    ),
    SampleRule(
        "TLL502",
        "unreadable-checkpoint",
        Severity.WARNING,
        "The checkpoint cannot be read.",
        "# unreadable-checkpoint (TLL502)\n",
    ),
    SampleRule(
        "TLL401", "whole-module-saved", Severity.INFO, "A whole module is saved", "# page\n"
    ),
)

TEXT = (
    "import torch\n"
    "\n"
    'näme = "𐐀"; model = torch.load("a.pt", weights_only=False)\n'
    "other = torch.load(\n"
    '    "b.pt",\n'
    ")\n"
    "torch.save(model, 'c.pt')\n"
)

WRAP = Fix(
    Applicability.SAFE,
    "Allow myapp.Model for this load",
    (
        Edit(Span.of(2, 1, 2, 1), "from myapp import Model\n"),
        Edit(Span.of(3, 53, 3, 58), "True"),
    ),
)


def finding(code: str = "TLL101", **changes: object) -> Diagnostic:
    rule = next(rule for rule in RULES if rule.code == code)
    values: dict[str, object] = {
        "code": code,
        "name": rule.name,
        "message": "`weights_only=False` runs the file's code",
        "severity": rule.severity,
        "span": Span.of(3, 21, 3, 59),
    }
    return Diagnostic(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def rules() -> tuple[SampleRule, ...]:
    return RULES


@pytest.fixture
def make():
    return finding


@pytest.fixture
def results() -> list[FileResult]:
    """Three findings in a file with letters of one, two and four UTF-8 bytes; one clean file."""
    first = finding(
        fix=WRAP,
        checkpoints=("a.pt",),
        safe_globals=("myapp.Model",),
        notes=("the file was saved by torch 1.13",),
    )
    second = finding("TLL502", message="b.pt: 100% truncated", span=Span.of(4, 9, 6, 2))
    third = finding("TLL401", message="a whole module is saved", span=Span.of(7, 1, 7, 26))
    # Given in the wrong order on purpose: reports put them right.
    return [
        FileResult(Path("src/z.py")),
        FileResult(Path("src/ä b,c.py"), (third, second, first), TEXT),
    ]


@pytest.fixture
def options(tmp_path: Path) -> ReportOptions:
    return ReportOptions(root=tmp_path)
