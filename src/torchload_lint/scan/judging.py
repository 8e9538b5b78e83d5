"""What a policy makes of what was read: no object is asked for again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint import __version__
from torchload_lint.scan.parquet_files import STATE
from torchload_lint.scan.stored_reports import from_stored
from torchload_lint.workspace.inspection import judge_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.scan.object_reading import Row
    from torchload_lint.workspace.projects import Project

NOT_TRUSTED = "not-trusted"
"""The judgement on a file that needs what may not be allowed; the others are verdicts."""


def policy_name(project: Project) -> str:
    """The same for the same version and the same settings about trust."""
    config = project.config
    parts = (__version__, config.trusted, config.trust_installed, config.renames, config.root)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def judged_rows(rows: Iterable[dict[str, Any]], project: Project) -> list[Row]:
    """The judgement on each row (``JUDGED_COLUMNS``). Raises ValueError for a foreign row."""
    policy = policy_name(project)
    return [_judged(row, project, policy) for row in rows]


def _judged(row: dict[str, Any], project: Project, policy: str) -> Row:
    found = judge_report(from_stored(row["report"]), Path(row["uri"]), project, Path("checkpoint"))
    pairs = list(zip(found.report.safe_globals, found.judgements, strict=False))
    refused = [str(needed.name) for needed, judgement in pairs if not judgement.allowed]
    verdict = found.report.verdict.value
    return {
        **{key: row[key] for key in STATE},
        "judgement": NOT_TRUSTED if refused and verdict == "needs-safe-globals" else verdict,
        "needs": "\n".join(str(needed.name) for needed, _ in pairs),
        "refused": "\n".join(refused),
        "policy": policy,
    }
