"""Everything that is known about one load: which files it reads, what they need, what is allowed.

``assessing`` makes it, once for each load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.rules.on_torch import Mode
from torchload_lint.vetted import DATA_REFUSED

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Mapping

    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.report import CheckpointReport, NeededGlobal, Verdict
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.policy import Judgement
    from torchload_lint.rules.on_torch import Reports
    from torchload_lint.rules.reading.evidence import Evidence
    from torchload_lint.source.facts.allowed.allowlists import AllowlistEntry
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import Resolution


class Need(NamedTuple):
    """One global that the load needs, judged."""

    needed: NeededGlobal
    judgement: Judgement
    facts: ClassFacts | None

    @property
    def name(self) -> GlobalName:
        """The name that an allowlist must carry."""
        return self.needed.name

    @property
    def calls_unknown(self) -> bool:
        """Whether the file calls what nobody vouches for, and what is not the project's own."""
        return is_unknown_call(self.needed, self.judgement, self.facts)


def is_unknown_call(needed: NeededGlobal, judgement: Judgement, facts: ClassFacts | None) -> bool:
    """Whether a file calls what nobody vouches for, and what is not the project's own."""
    is_own = facts is not None and not facts.read_from
    name = f"{needed.spelling.module}.{needed.spelling.name}"
    is_value = name in DATA_REFUSED
    return bool(needed.calls) and not (judgement.allowed or is_own or is_value)


class Situation(NamedTuple):
    """One load, seen whole."""

    module: Module
    load: LoadCall
    lines: tuple[TorchVersion, ...]
    """The releases of torch on which the call is reached, oldest first."""
    mode: Mode
    """What it does on the newest of them."""
    unsafe_on: tuple[TorchVersion, ...]
    """The releases on which it runs whatever the file holds."""
    restricted_on: tuple[TorchVersion, ...]
    """The releases on which it is a weights-only load as it stands."""
    resolution: Resolution
    reports: Reports
    """What holds on every release on which it is restricted (or could be, where it is on none)."""
    reports_on: Mapping[TorchVersion, Reports]
    """The same for each of ``lines`` by itself."""
    left_out: int
    """How many matching files were not read because of ``MAX_FILES``."""
    not_read: tuple[str, ...]
    """What else the known paths may mean, and was not read, in words."""
    evidence: Evidence
    needs: tuple[Need, ...]
    missing: tuple[Need, ...]
    """The needs that no allowlist in force meets."""
    unsure: tuple[Need, ...]
    """The needs that are perhaps allowed: by an item of a package whose source is not here."""
    mismatched: tuple[tuple[Need, AllowlistEntry], ...]
    """Missing needs whose object is allowed by itself, where the file's name asks for a pair."""
    registered: tuple[tuple[str, str], ...]
    """Missing needs that an ``add_safe_globals`` somewhere registers: name, and ``file:row``."""
    saved_besides: tuple[GlobalName, ...] = ()
    """What a save that may write the file is known to put into it, where that is not all."""
    written_by: tuple[str, ...] = ()
    """The saving sites of the project that write this file, as ``file:row``."""
    perhaps_written: bool = False
    """Whether these only save what the load asks for, and others may do so too."""
    refused_when_saved: tuple[str, ...] = ()
    """Why no weights-only load takes what these sites save, with the site, in words."""
    everywhere: Situation | None = None
    """Where the call is unsafe on some releases and restricted on others: the same load, with what
    it would need if it were restricted on all."""
    guarded: bool = False
    """Whether a test of torch's version keeps other releases away from it."""

    @property
    def to_allow(self) -> tuple[Need, ...]:
        """The missing needs, without those that a pair in the place of an item meets."""
        paired = [need for need, _ in self.mismatched]
        return tuple(need for need in self.missing if need not in paired)

    @property
    def unknown_calls(self) -> tuple[Need, ...]:
        """The missing needs that the files call and that nothing shows to be harmless."""
        return tuple(need for need in self.missing if need.calls_unknown)

    def lines_where(self, holds: Callable[[CheckpointReport], bool]) -> tuple[TorchVersion, ...]:
        """The releases on which the call is restricted and some file's report is such a one."""
        lines = self.restricted_on or self.lines
        return tuple(line for line in lines if any(map(holds, self.reports_on[line])))

    @property
    def what_it_does(self) -> str:
        """What ``weights_only`` is at the call, why, and what that makes of the load, in words."""
        given, because = self.load.weights_only.value, self.load.weights_only_because
        shown = f"{given} ({because})" if because else given
        return f"{shown}: the load is {self.how_it_loads}"

    @property
    def unsafe_where(self) -> str:
        """The releases on which it is unsafe, in words, where it is otherwise on the newest; empty
        where it is the same on all.
        """
        if not self.unsafe_on or self.mode is Mode.UNSAFE:
            return ""
        first, last = self.unsafe_on[0], self.unsafe_on[-1]
        return f"on torch {first}" + (f" to {last}" if last != first else "")

    @property
    def how_it_loads(self) -> str:
        """What becomes of the load, and where on some releases something else does."""
        older = f"unsafe {self.unsafe_where}, " if self.unsafe_where else ""
        newer = " on newer ones" if older else ""
        return f"{older}{self.mode.value}{newer}"

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


def by_allowlist(situations: Iterable[Situation]) -> dict[ast.Call, list[Situation]]:
    """The loads at which each allowlist holds, by the call that makes the list."""
    found: dict[ast.Call, list[Situation]] = {}
    for one in situations:
        for allowlist in one.load.allowlists:
            found.setdefault(allowlist.node, []).append(one)
    return found
