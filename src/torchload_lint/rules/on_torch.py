"""What a call does on each release of torch, and the reports of several releases in one."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import TorchVersion, features
from torchload_lint.checkpoint.report import CheckpointReport, Verdict
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.library_load import RESTRICTED
from torchload_lint.source.facts.loader import Does

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torchload_lint.source.facts.calls import LoadCall

PARAMETER_SINCE = TorchVersion(1, 13)
ALLOWLIST_SINCE = TorchVersion(2, 4)
SAFE_GLOBALS_SINCE = TorchVersion(2, 5)
PAIRS_SINCE = TorchVersion(2, 6)
RESTRICTED_BY_DEFAULT_SINCE = TorchVersion(2, 6)

Reports = tuple[CheckpointReport, ...]
"""One for each file that a load reads."""

WORSE = (
    Verdict.LOADS, Verdict.NEEDS_SAFE_GLOBALS, Verdict.NEEDS_STAND_IN, Verdict.CANNOT_LOAD,
    Verdict.UNREADABLE, Verdict.DANGEROUS,
)  # fmt: skip
"""Verdicts from good to bad."""


class Mode(str, Enum):
    """What a call does."""

    RESTRICTED = "restricted"
    UNSAFE = "unsafe"
    UNDECIDED = "undecided"
    REFUSED = "refused"
    """torch raises: weights_only=True together with a pickle_module, or before it was there."""


def mode_on(load: LoadCall, torch: TorchVersion) -> Mode:
    """What the call does on one release."""
    given = load.weights_only
    if load.pickle_module is not None:
        if given is WeightsOnly.TRUE:
            return Mode.REFUSED
        return Mode.UNDECIDED if given is WeightsOnly.UNDECIDED else Mode.UNSAFE
    if given is WeightsOnly.UNDECIDED:
        return Mode.UNDECIDED
    if given in {WeightsOnly.ABSENT, WeightsOnly.NONE}:
        by_default = features(torch).default_is_true
        does = load.library.does if load.library is not None else frozenset({Does.DEFAULT})
        restricted = RESTRICTED if by_default else frozenset({Does.TRUE})
        return Mode.RESTRICTED if does <= restricted else Mode.UNSAFE
    if given is WeightsOnly.FALSE:
        return Mode.UNSAFE
    return Mode.RESTRICTED if torch >= PARAMETER_SINCE else Mode.REFUSED


def judged(restricted: Sequence[TorchVersion], lines: Sequence[TorchVersion]) -> list[TorchVersion]:
    """The releases whose reports say what a load needs.

    Where the call is a restricted one: those of them that have a whole allowlist, if any has. Where
    it is not: all on which it could be one, since that is what a fix would make of it.
    """
    with_pairs = [line for line in restricted if line >= PAIRS_SINCE]
    with_allowlist = [line for line in restricted if line >= ALLOWLIST_SINCE]
    with_parameter = [line for line in lines if line >= PARAMETER_SINCE]
    return with_pairs or with_allowlist or list(restricted) or with_parameter or list(lines)


def merged(reports_on: Mapping[TorchVersion, Reports], lines: Sequence[TorchVersion]) -> Reports:
    """For each file the report that holds on all these releases: the worst verdict, every need."""
    by_file = zip(*(reports_on[line] for line in lines), strict=True)
    return tuple(_on_all(same) for same in by_file)


def _on_all(reports: Reports) -> CheckpointReport:
    worst = max(reports, key=lambda report: WORSE.index(report.verdict))
    needed = {entry.name: entry for entry in worst.safe_globals}
    for report in reports:
        if report is not worst:
            for entry in report.safe_globals:
                needed.setdefault(entry.name, entry)
    verdict = worst.verdict
    if verdict is Verdict.LOADS and needed:
        verdict = Verdict.NEEDS_SAFE_GLOBALS
    return worst._replace(verdict=verdict, safe_globals=tuple(needed.values()))
