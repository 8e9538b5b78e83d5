"""Which proofs the loads of a program ask for: allowlists in the code, and those of fixes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Applicability, Fix
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.fixes.repair import NotRepaired
from torchload_lint.policy import vetted_definitions
from torchload_lint.rules.blocks.overlaps import block_that_takes, call_within
from torchload_lint.rules.blocks.threads import thread_that_loads
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.module import read
from torchload_lint.source.facts.scripts import may_be_a_program, runs_as_program_alone
from torchload_lint.source.text.parse import SyntaxProblem
from torchload_lint.verify.gaps.before_loads import gap_before
from torchload_lint.verify.gaps.proof_gaps import class_of_main, first_gap, runs_code
from torchload_lint.verify.gaps.restoring_blocks import helper_used
from torchload_lint.verify.gaps.settings.devices_given import assumed_of_device
from torchload_lint.verify.gaps.surroundings import gap_around, is_script, may_be_allowed_by
from torchload_lint.verify.parent import (
    FileState,
    Interpreter,
    LoadOutcome,
    Program,
    file_state,
    prove,
)
from torchload_lint.verify.written import NotReadableError, written_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.fixes.repair import Allow, Repair
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

_HOPELESS = frozenset({Verdict.UNREADABLE, Verdict.DANGEROUS})
"""Verdicts of files that are not given to torch at all."""
_MOST_MISSED = 3
"""Imports that failed which are told."""


class ProofVerdict(str, Enum):
    """What is known of a load when everything was tried."""

    PROVEN = "proven"
    """Real torch loads every file that the load was found to read."""
    REFUSED = "refused"
    """Real torch refuses one of them, or the program's own expressions raise."""
    NOT_PROVEN = "not proven"


@dataclass(frozen=True, slots=True)
class LoadProof:
    """One load of one checkpoint under one allowlist, and what came of it."""

    situation: Situation
    checkpoint: str
    allowlist: tuple[str, ...]
    outcome: LoadOutcome
    around: str = ""
    """The place of a block of the project's that may allow more."""
    assumed: str = ""
    """What it takes for granted of where the load puts its storages, in words."""

    @property
    def verdict(self) -> ProofVerdict:
        """What it shows."""
        if self.outcome.loads:
            return ProofVerdict.PROVEN
        return (
            ProofVerdict.REFUSED
            if self.outcome.is_answer and not self.why
            else ProofVerdict.NOT_PROVEN
        )

    @property
    def why(self) -> str:
        """Why a refusal says nothing about the program; empty where it does."""
        outcome = self.outcome
        lacks = outcome.status == "refused" and "Unsupported" in outcome.error
        if lacks and self.situation.registered:
            name, place = self.situation.registered[0]
            return f"{name} is registered in {place}, which may run before"
        return f"the block in {self.around} may allow it" if lacks and self.around else ""


@dataclass(slots=True)
class Prover:
    """Proves allowlists, each only once for each checkpoint."""

    interpreter: Interpreter
    _known: dict[tuple[object, ...], LoadOutcome] = field(default_factory=dict)
    _states: dict[Path, FileState] = field(default_factory=dict)
    """Each file's when it was first looked at: what a program imports may write it anew."""
    _late: dict[Path, LoadOutcome] = field(default_factory=dict)
    """By the file of the load: no answer within the time, which is not waited for twice."""

    def in_code(self, situation: Situation, context: Context) -> Iterator[LoadProof]:
        """The allowlist around a load as it is written, for each checkpoint that it reads.

        Raises NotReadableError where an item cannot be evaluated by itself, and NoTorchError.
        """
        yield from self._of(situation.module, situation.load, situation, context)

    def veto(self, situation: Situation, repair: Repair, context: Context) -> tuple[str, str]:
        """Why a fix must not be applied: the first load that fails with what it allows; or "".
        And what the program has, but its proof was without.

        Raises NoTorchError.
        """
        if repair.allow and not _readable(situation):
            return "there is no checkpoint to prove the fix with", ""
        patched: dict[str, None] = {}
        missed: dict[str, None] = {}
        try:
            for one in self.of_fix(situation, repair, context):
                if not one.outcome.loads or one.outcome.shadow:
                    return _objection(one), ""
                patched |= dict.fromkeys(one.outcome.patched)
                missed |= dict.fromkeys(one.outcome.missed)
        except NotReadableError as error:
            return f"the fix is not proven: {error}", ""
        return "", without(patched, missed)

    def of_fix(self, situation: Situation, repair: Repair, context: Context) -> Iterator[LoadProof]:
        """The code that a fix would leave, for each checkpoint.

        Raises NotReadableError and NoTorchError.
        """
        module, load = _repaired(situation, repair)
        yield from self._of(module, load, situation, context, repair)

    def _of(
        self,
        module: Module,
        load: LoadCall,
        situation: Situation,
        context: Context,
        repair: Repair | None = None,
    ) -> Iterator[LoadProof]:
        paths = _readable(situation)
        if not paths:
            return
        reason = (
            runs_code(situation)
            or first_gap(module, load, context.project)
            or gap_around(module, load, context.project)
            or class_of_main(module, load, situation)
            or _lost_in_block(module, load, situation, context)
        )
        if reason:
            raise NotReadableError(reason)
        written = written_around(module, load)
        helper, helper_at = helper_used(module, load, context, brought=repair is not None)
        if reason := gap_before(module, load, situation, context, brought=repair is not None):
            raise NotReadableError(reason)
        root = Path(context.config.root).absolute()
        mains = (need.name for need in situation.needs if need.name.module == "__main__")
        program = Program(
            file=root / module.path,
            module=module.name,
            is_package=module.path.rpartition("/")[2] == "__init__.py",
            written=written,
            mains=tuple(sorted(name.qualname for name in mains)),
            is_started=may_be_a_program(module, load.node),
            runs_alone=runs_as_program_alone(module, load.node),
            harmless=tuple(
                sorted({str(one.name) for one in situation.needs if one.judgement.is_harmless})
            ),
            judged=tuple(map(_judged, repair.allow)) if repair else (),
            helper=helper,
            helper_at=helper_at,
        )
        shown = _shown(module, load)
        around = may_be_allowed_by(module, load, situation, context)
        assumed = assumed_of_device(module, load, context.project)
        roots = [root / folder for folder in context.config.src]
        if program.is_started and is_script(module, program.file.parent):
            roots.insert(0, program.file.parent)  # as Python has it
        for path in paths:
            imports = repair.import_modules if repair else ()
            outcome = self._prove(root / path, program, imports, roots)
            yield LoadProof(situation, path, shown, outcome, around, assumed)

    def _prove(
        self, path: Path, program: Program, imports: tuple[str, ...], roots: list[Path]
    ) -> LoadOutcome:
        key = (path, program, imports)
        if key not in self._known:
            if program.file in self._late:  # its imports would be waited for once more
                return self._late[program.file]
            state = self._states.setdefault(path, file_state(path))
            outcome = prove(path, (), self.interpreter, roots, imports, program, state)
            if outcome.status == "timeout":
                self._late[program.file] = outcome
            self._known[key] = outcome
        return self._known[key]


def without(patched: Iterable[str], missed: Iterable[str]) -> str:
    """What a load was done without, in words; empty where that is nothing."""
    names = ", ".join(patched)
    said = [f"what the program puts in the place of {names}"] if names else []
    said += [*missed][:_MOST_MISSED]
    return f"without {', and '.join(said)}" if said else ""


def _objection(failed: LoadProof) -> str:
    outcome = failed.outcome
    if outcome.loads:  # with the real torch, which the program does not have
        return f"the fix is not proven: {outcome.shadow} stands in for torch, or a module of it"
    said = f"{outcome.status}: {outcome.error}"
    if not outcome.torch:  # it never got as far as to say so
        return f"{failed.checkpoint} could not be tried with it ({said})"
    return f"torch {outcome.torch} does not load {failed.checkpoint} with it ({said})"


def _lost_in_block(module: Module, load: LoadCall, situation: Situation, context: Context) -> str:
    """Why what is allowed may be taken away when the load runs; empty where it is not."""
    if within := call_within(module, load, context.project):
        return f"{within} may load in a block of its own, which takes what both allow"
    blocks = [one for one in load.allowlists if one.kind is not AllowlistKind.PROCESS]
    if blocks and (thread := thread_that_loads(load.node, module, context.project)):
        return f"{thread} hands a thread what may load, and all threads share torch's allowlist"
    needed = [need.name for need in situation.needs if need not in situation.missing]
    taking = block_that_takes(module, load, needed, context.project)
    return taking and f"the block in {taking} takes away what is registered for the load"


def _repaired(situation: Situation, repair: Repair) -> tuple[Module, LoadCall]:
    """The file as a fix leaves it, and the load there."""
    from torchload_lint.fixes.repairing import repair_load  # noqa: PLC0415 - only to fix

    module, load = situation.module, situation.load
    outcome = repair_load(module, load, repair)
    if isinstance(outcome, NotRepaired):
        raise NotReadableError(outcome.reason)
    fix = Fix(Applicability.SAFE, "", outcome.edits)
    text, _ = apply_edits(module.text, [fix])
    fixed = read(text, module.path, module.name, module.aliases)
    found = None if isinstance(fixed, SyntaxProblem) else _found_again(module, load, fixed)
    if isinstance(fixed, SyntaxProblem) or found is None:
        raise NotReadableError("the load is not found again in the fixed file")
    return fixed, found


def _found_again(module: Module, load: LoadCall, fixed: Module) -> LoadCall | None:
    """The load in the fixed file: the one that is none of the others.

    A fix may put it before the others: above its statement, or into a function of its own, which
    serves several loads where they need the same.
    """
    from torchload_lint.fixes.blocks.function import HELPER  # noqa: PLC0415 - as above

    others = [_words(one) for one in module.loads if one is not load]
    words = [_words(one) for one in fixed.loads]
    found = [at for at in range(len(words)) if words[:at] + words[at + 1 :] == others]
    if not found and words == others:  # it is in a function that was there
        found = [at for at, one in enumerate(fixed.loads) if one.function.startswith(HELPER)]
        return fixed.loads[found[0]] if len(found) == 1 else None
    place = module.loads.index(load)
    return fixed.loads[place if place in found else found[0]] if found else None


def _words(load: LoadCall) -> tuple[str, str]:
    return load.function, ast.unparse(load.node)


def _shown(module: Module, load: LoadCall) -> tuple[str, ...]:
    """The items of the allowlists, by their whole names where these are known."""
    found: list[str] = []
    for allowlist in load.allowlists:
        for entry in allowlist.entries:
            name = str(entry.obj) if entry.obj is not None else module.source(entry.node)
            found.append(f'({name}, "{entry.key}")' if entry.key else name)
        if not allowlist.complete:
            found.append("…")
    return tuple(found)


def _judged(allow: Allow) -> tuple[str, tuple[str, ...]]:
    """What a fix adds, with the definitions that the policy has judged."""
    name = f"{allow.spelling.module}.{allow.spelling.name}"
    own = (name,) if allow.defined_in or allow.installed else ()
    is_itself = allow.spelling.template == "{}"
    vetted = vetted_definitions(name) or vetted_definitions(allow.key or "")
    return name, tuple(sorted(own or vetted)) if is_itself else ()


def runs_code_for_sure(situation: Situation) -> bool:
    """Whether a file of the load would run code, or the code allows what does: a finding, though
    nothing of it is given to torch.
    """
    of_files = any(report.verdict is Verdict.DANGEROUS for report in situation.reports)
    return of_files or bool(runs_code(situation))


def unreadable_files(situation: Situation) -> Iterator[str]:
    """The files of a load that are not given to torch, and why, one sentence each."""
    for report in situation.reports:
        if report.verdict in _HOPELESS:
            problem = f" ({report.problems[0].message})" if report.problems else ""
            yield f"{report.path} is {report.verdict.value}{problem}, and is not given to torch"


def _readable(situation: Situation) -> list[str]:
    return [report.path for report in situation.reports if report.verdict not in _HOPELESS]
