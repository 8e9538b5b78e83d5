"""Which proofs the loads of a program ask for: allowlists in the code, and those of fixes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.names import Spelling
from torchload_lint.policy import vetted_definitions
from torchload_lint.source.facts.allowlists import EntryKind
from torchload_lint.verify.parent import AllowedObject, Interpreter, LoadOutcome, prove

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.fixes.repair import Allow, Repair
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowlists import AllowlistEntry

_HOPELESS = frozenset({Verdict.UNREADABLE, Verdict.DANGEROUS})
"""Verdicts of files that are not given to torch at all."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One load of one checkpoint under one allowlist, and what came of it."""

    situation: Situation
    checkpoint: str
    allowlist: tuple[AllowedObject, ...]
    outcome: LoadOutcome


@dataclass(slots=True)
class Prover:
    """Proves allowlists, each only once for each checkpoint."""

    interpreter: Interpreter
    _known: dict[tuple[object, ...], LoadOutcome] = field(default_factory=dict)

    def in_code(self, situation: Situation, context: Context) -> Iterator[Proof]:
        """The allowlist around a load as it is written, for each checkpoint that it reads.

        Nothing where an entry cannot be read statically. Raises NoTorchError.
        """
        entries = entries_in_force(situation)
        if entries is None:
            return
        for path in _readable(situation):
            outcome = self._prove(path, entries, (), context)
            yield Proof(situation, path, entries, outcome)

    def veto(self, situation: Situation, repair: Repair, context: Context) -> str:
        """Why a fix must not be applied: the first load that fails with what it allows; or "".

        Raises NoTorchError.
        """
        if entries_in_force(situation) is None:
            return "the allowlist in the code cannot be read, so the fix is not proven"
        if repair.allow and not _readable(situation):
            return "there is no checkpoint to prove the fix with"
        for proof in self.of_fix(situation, repair, context):
            outcome = proof.outcome
            if not outcome.loads:
                said = f"{outcome.status}: {outcome.error}"
                return f"torch {outcome.torch} does not load {proof.checkpoint} with it ({said})"
        return ""

    def of_fix(self, situation: Situation, repair: Repair, context: Context) -> Iterator[Proof]:
        """The allowlist that a fix would leave, for each checkpoint. Raises NoTorchError."""
        present = entries_in_force(situation)
        if present is None:
            return
        added = tuple(_added(allow) for allow in repair.allow)
        entries = (*present, *_as_main(added, situation))
        for path in _readable(situation):
            outcome = self._prove(path, entries, repair.import_modules, context)
            yield Proof(situation, path, entries, outcome)

    def _prove(
        self, path: str, entries: Sequence[AllowedObject], imports: Sequence[str], context: Context
    ) -> LoadOutcome:
        key = (path, tuple(entries), tuple(imports))
        if key not in self._known:
            root = Path(context.config.root).absolute()
            roots = [root / folder for folder in context.config.src]
            self._known[key] = prove(root / path, entries, self.interpreter, roots, imports)
        return self._known[key]


def entries_in_force(situation: Situation) -> tuple[AllowedObject, ...] | None:
    """The allowlist around a load; None where an entry is not known."""
    entries: list[AllowedObject] = []
    for allowlist in situation.load.allowlists:
        if not allowlist.complete:
            return None
        for entry in allowlist.entries:
            read = _entry(entry)
            if read is None:
                return None
            entries.append(read)
    return _as_main(tuple(entries), situation)


def _added(allow: Allow) -> AllowedObject:
    """An entry that a fix adds, with the definitions that the policy has judged."""
    name = f"{allow.spelling.module}.{allow.spelling.name}"
    own = (name,) if allow.defined_in else ()
    definitions = own or vetted_definitions(name) or vetted_definitions(allow.key or "")
    return AllowedObject(allow.spelling, allow.key, tuple(sorted(definitions)))


def _as_main(entries: tuple[AllowedObject, ...], situation: Situation) -> tuple[AllowedObject, ...]:
    """Name a class of the script itself as the checkpoint does.

    It is ``__main__``'s when the script runs, but not where it is imported for the proof.
    """
    own = situation.module.name
    mains = {need.name.qualname for need in situation.needs if need.name.module == "__main__"}
    return tuple(
        replace(entry, key=f"__main__.{entry.spelling.name}")
        if entry.key is None and entry.spelling.module == own and entry.spelling.name in mains
        else entry
        for entry in entries
    )


def _entry(entry: AllowlistEntry) -> AllowedObject | None:
    if entry.obj is None or entry.kind in {EntryKind.INVALID, EntryKind.UNKNOWN}:
        return None
    first, _, rest = entry.obj.qualname.partition(".")
    template = f"{{}}.{rest}" if rest else "{}"
    return AllowedObject(Spelling(entry.obj.module or "builtins", first, template), entry.key)


def _readable(situation: Situation) -> list[str]:
    return [report.path for report in situation.reports if report.verdict not in _HOPELESS]
