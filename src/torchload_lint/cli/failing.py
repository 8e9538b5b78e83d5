"""``inspect --fail-on``: which files make the exit status 1."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import UNKNOWN_CODE, Verdict
from torchload_lint.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.workspace.inspection import Inspection

NEEDS_WHAT_IS_REFUSED = "not-trusted"
FAIL_ON = (
    Verdict.DANGEROUS.value,
    UNKNOWN_CODE,
    Verdict.UNREADABLE.value,
    Verdict.CANNOT_LOAD.value,
    Verdict.NEEDS_STAND_IN.value,
    NEEDS_WHAT_IS_REFUSED,
    Verdict.NEEDS_SAFE_GLOBALS.value,
)
"""The worst first. The first one is what is known to do harm, the second what may do some."""
PASSES = Verdict.LOADS.value


def failing(inspections: Iterable[Inspection], not_looked_at: int, fail_on: str) -> bool:
    """Whether a file is as bad as ``fail_on`` or worse. What nobody has looked at counts as one
    that cannot be read.
    """
    met = _levels(inspections, not_looked_at)
    return any(met[one] for one in FAIL_ON[: FAIL_ON.index(fail_on) + 1])


def let_pass(inspections: Iterable[Inspection], not_looked_at: int, fail_on: str) -> str:
    """The files that are less bad than that and fail by default, in words; empty without any."""
    by_default = FAIL_ON[FAIL_ON.index(fail_on) + 1 : FAIL_ON.index(NEEDS_WHAT_IS_REFUSED) + 1]
    met = _levels(inspections, not_looked_at)
    passed = [f"{met[one]:,} {one}" for one in by_default if met[one]]
    files = number_of(sum(met[one] for one in by_default), "file")
    return f"--fail-on {fail_on} lets {files} pass: {', '.join(passed)}" if passed else ""


def _levels(inspections: Iterable[Inspection], not_looked_at: int) -> Counter[str]:
    met = Counter(map(_level_of, inspections))
    met[Verdict.UNREADABLE.value] += not_looked_at
    return met


def _level_of(one: Inspection) -> str:
    report = one.report
    if report.is_safetensors:
        return PASSES
    if report.runs_unknown_code:
        return UNKNOWN_CODE
    if report.verdict is Verdict.NEEDS_SAFE_GLOBALS and not one.is_fine:
        return NEEDS_WHAT_IS_REFUSED
    return report.verdict.value
