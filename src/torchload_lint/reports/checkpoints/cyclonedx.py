"""Checkpoints as a CycloneDX bill of materials (ML-BOM), for tools that keep inventories.

Source: the specification of CycloneDX 1.6 (``bom-1.6.schema.json``).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint import __version__
from torchload_lint.regular_files import LINK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.policy import Judgement
    from torchload_lint.reports.provenance import Provenance

_PIECE = 1024 * 1024


def as_bill(
    inspections: Iterable[tuple[CheckpointReport, Sequence[Judgement]]],
    facts: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    not_read: Sequence[str] = (),
    origin: Provenance | None = None,
) -> str:
    """Each checkpoint as a component with its hash, its verdict and what it needs; a file that
    would run code has a vulnerability besides. ``facts``: more properties, by path; ``not_read``:
    what the bill does not speak for. Ends in a newline.
    """
    found = list(inspections)
    told = [("not-read", words) for words in not_read]
    told += origin.properties() if origin else []
    about = [{"name": f"torchload-lint:{name}", "value": value} for name, value in told]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            **({"timestamp": origin.time} if origin else {}),
            "tools": {"components": [_tool()]},
            **({"properties": about} if about else {}),
        },
        "components": [_component(*one, (facts or {}).get(one[0].path, ())) for one in found],
        "vulnerabilities": [
            _vulnerability(report) for report, _ in found if report.verdict.value == "dangerous"
        ],
    }
    return json.dumps(bill, indent=2) + "\n"


def _tool() -> dict[str, str]:
    return {"type": "application", "name": "torchload-lint", "version": __version__}


def _component(
    report: CheckpointReport, judgements: Sequence[Judgement], facts: Sequence[tuple[str, str]]
) -> dict[str, object]:
    properties = [
        *facts,
        ("container", report.container),
        ("verdict", report.verdict.value),
        *(("problem", problem.message) for problem in report.problems),
        *(
            ("needs", f"{needed.name} ({'allowed' if judgement.allowed else 'not allowed'})")
            for needed, judgement in zip(report.safe_globals, judgements, strict=False)
        ),
        *(("global", str(one.name)) for one in report.globals),
    ]
    return {
        "type": "machine-learning-model",
        "bom-ref": report.path,
        "name": report.path,
        "hashes": [] if report.container == LINK else list(_hashes(report.path)),
        "properties": [
            {"name": f"torchload-lint:{name}", "value": value} for name, value in properties
        ],
    }


def _hashes(path: str) -> Iterator[dict[str, str]]:
    """None where the file cannot be read, is a folder, or is none of this machine."""
    digest = hashlib.sha256()
    try:
        if not Path(path).is_file():
            return
        with Path(path).open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except (OSError, ValueError):
        return
    yield {"alg": "SHA-256", "content": digest.hexdigest()}


def _vulnerability(report: CheckpointReport) -> dict[str, object]:
    return {
        "id": f"torchload-lint:{report.verdict.value}",
        "cwes": [502],
        "description": "; ".join(problem.message for problem in report.problems),
        "ratings": [{"severity": "critical"}],
        "affects": [{"ref": report.path}],
    }
