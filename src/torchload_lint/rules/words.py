"""Sentences that several rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.reading.files_read import MAX_FILES
from torchload_lint.source.paths import Rung

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation

SHOWN = 3
"""How many names or files a message lists before it counts the rest."""

RUNGS = {
    Rung.LITERAL: "a literal",
    Rung.LOCAL: "a local value",
    Rung.CONSTANT: "a constant of the project",
    Rung.DEFAULT: "a default value",
    Rung.USAGE: "an example in the docstring of the file",
    Rung.CONFIG_FILE: "a configuration file of the project",
    Rung.CALLER: "the callers in the project",
    Rung.DOWNLOAD: "the local cache of a download",
    Rung.ONE_OF_SEVERAL: "one of several values that are written",
    Rung.COMMAND_LINE: "a command line in a script or a document of the project",
    Rung.PRODUCER: "the torch.save that writes it",
    Rung.CONFIGURATION: "the configuration",
    Rung.RECORDED: "a recorded run",
}


def listed(words: Sequence[str]) -> str:
    """``a, b, c and 4 more``."""
    shown = ", ".join(words[:SHOWN])
    rest = len(words) - SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def files_needing(situation: Situation, needs: Collection[Need]) -> tuple[str, ...]:
    """The files of a load that need one of some names; all, where no file was read."""
    names = {need.name for need in needs}
    reports = situation.reports
    found = [one.path for one in reports if not names.isdisjoint(e.name for e in one.safe_globals)]
    return tuple(found) or situation.checkpoints


def what_files_need(situation: Situation, needs: Collection[Need], verb: str = "") -> str:
    """``a.pt and b.pt need x``: the files that need one of some names, and these names. ``verb``:
    the one to say in the place of ``need``.
    """
    paths = files_needing(situation, needs)
    verb = verb or ("need" if len(paths) > 1 else "needs")
    return f"{listed(paths) or 'the checkpoint'} {verb} {listed([str(e.name) for e in needs])}"


def fails_on(lines: Sequence[TorchVersion], context: Context) -> str:
    """The end of a message: on which torch it fails, where that is not every one of the range."""
    if set(lines) >= set(context.torch.versions) or not lines:
        return ""
    return f": it fails on torch {context.torch.words(lines)}"


def what_it_needs(situation: Situation) -> str:
    """The end of a message: what this load really needs, as far as it is known."""
    if situation.evidence is Evidence.NONE:
        return ""
    if situation.with_verdict(Verdict.CANNOT_LOAD, Verdict.DANGEROUS, Verdict.NEEDS_STAND_IN):
        return ""
    if not situation.needs:
        verb = "load" if len(situation.checkpoints) > 1 else "loads"
        said = listed(situation.checkpoints) or "the checkpoint"
        return f"; {said} {verb} with `weights_only=True`"
    several = len(files_needing(situation, situation.needs)) > 1
    verb = "need only" if several else "needs only"
    return f"; {what_files_need(situation, situation.needs, verb)}"


def next_step(notes: Sequence[str]) -> str:
    """The end of a message: what stands in the way, or what a person can do."""
    return "".join(f"; {note}" for note in notes)


def _read_from(situation: Situation) -> list[str]:
    """Which installed libraries were read to judge what the load needs."""
    read: dict[str, list[str]] = {}
    for need in situation.missing:
        if need.facts is not None and need.facts.read_from and need.judgement.allowed:
            read.setdefault(need.facts.read_from, []).append(need.name.qualname)
    return [
        f"{listed(names)} {'were' if len(names) > 1 else 'was'} read from {origin}"
        for origin, names in read.items()
    ]


def evidence_notes(situation: Situation) -> tuple[str, ...]:
    """How it is known what the load reads: one sentence for each path, with its rung."""
    notes = [
        f"{pattern.shown} is known from {RUNGS[pattern.rung]}"
        for pattern in situation.resolution.patterns[:SHOWN]
    ]
    if situation.load.library is not None:
        notes.append(situation.load.library.assumed)
    if situation.evidence is Evidence.CONFIGURED:
        notes.append("what it needs is known from the configuration")
    if situation.evidence is Evidence.RECORDED:
        notes.append("what it needs was noted when a recorded run opened it")
    if situation.evidence is Evidence.INFERRED:
        notes.append(f"what it needs is inferred from {listed(situation.written_by)}")
    notes += _read_from(situation)
    if situation.left_out:
        notes.append(f"{situation.left_out} more files match; the first {MAX_FILES} were read")
    return tuple(notes)
