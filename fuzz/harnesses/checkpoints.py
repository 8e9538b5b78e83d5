"""What must hold for the report on any checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.allowed import check_allowed
from fuzz.harness import Harm, must
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.policy import judge

if TYPE_CHECKING:
    from torchload_lint.checkpoint import CheckpointReport


def check_checkpoint(data: bytes) -> None:
    """Read a checkpoint, judge what it needs, and raise HarmError where that does harm."""
    report = inspect_bytes(data, "fuzz.pt")
    failed = [problem.message for problem in report.problems if problem.code == "internal"]
    must(not failed, Harm.CRASH, "; ".join(failed))
    _check_names(report)


def _check_names(report: CheckpointReport) -> None:
    for need in report.safe_globals:
        if judge(need.name, None, called=need.called).allowed:
            check_allowed(need.name)
