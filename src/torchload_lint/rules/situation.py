"""Everything that is known about one load: which files it reads, what they need, what is allowed.

``assessing`` makes it, once for each load.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.checkpoint.torch_versions import TorchVersion

if TYPE_CHECKING:
    from torchload_lint.checkpoint.report import CheckpointReport, NeededGlobal, Verdict
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.policy import Judgement
    from torchload_lint.rules.evidence import Evidence
    from torchload_lint.source.facts.allowlists import AllowlistEntry
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import Resolution

SAFE_GLOBALS_SINCE = TorchVersion(2, 5)
RESTRICTED_BY_DEFAULT_SINCE = TorchVersion(2, 6)


class Mode(str, Enum):
    """What the call does on the target torch."""

    RESTRICTED = "restricted"
    UNSAFE = "unsafe"
    UNDECIDED = "undecided"
    REFUSED = "refused"
    """torch raises: weights_only=True together with a pickle_module."""


class Need(NamedTuple):
    """One global that the load needs, judged."""

    needed: NeededGlobal
    judgement: Judgement
    facts: ClassFacts | None

    @property
    def name(self) -> GlobalName:
        """The name that an allowlist must carry."""
        return self.needed.name


class Situation(NamedTuple):
    """One load, seen whole."""

    module: Module
    load: LoadCall
    mode: Mode
    resolution: Resolution
    reports: tuple[CheckpointReport, ...]
    left_out: int
    """How many matching files were not read because of ``MAX_FILES``."""
    evidence: Evidence
    needs: tuple[Need, ...]
    missing: tuple[Need, ...]
    """The needs that no allowlist in force meets."""
    mismatched: tuple[tuple[Need, AllowlistEntry], ...]
    """Missing needs whose object is allowed by itself, where the file's name asks for a pair."""
    registered: tuple[tuple[str, str], ...]
    """Missing needs that an ``add_safe_globals`` somewhere registers: name, and ``file:row``."""
    written_by: tuple[str, ...] = ()
    """The saving sites of the project that write this file, as ``file:row``."""

    @property
    def to_allow(self) -> tuple[Need, ...]:
        """The missing needs, without those that a pair in the place of an item meets."""
        paired = [need for need, _ in self.mismatched]
        return tuple(need for need in self.missing if need not in paired)

    @property
    def is_torch_load(self) -> bool:
        """Whether it is ``torch.load`` itself, and not one of the loaders that end in it."""
        return self.load.library is None

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The files that were read, or else the exact paths that the code names."""
        if self.reports:
            return tuple(report.path for report in self.reports)
        return tuple(p.text for p in self.resolution.patterns if p.exact)

    def with_verdict(self, *verdicts: Verdict) -> tuple[CheckpointReport, ...]:
        """The reports with one of these verdicts."""
        return tuple(report for report in self.reports if report.verdict in verdicts)
