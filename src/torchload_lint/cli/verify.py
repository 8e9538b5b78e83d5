"""``torchload-lint verify PATHS``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli import hints
from torchload_lint.cli.arguments.options import NamedPath, configuration, interpreter
from torchload_lint.cli.arguments.overrides import settings_from
from torchload_lint.cli.terminal import CLEAN, FAILED, FINDINGS, complain, fail, say, warn
from torchload_lint.config import ConfigError
from torchload_lint.escaping import printable
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.rules.on_torch import Mode
from torchload_lint.verify import (
    DEFAULT_TIMEOUT,
    Interpreter,
    LoadProof,
    NoTorchError,
    NotReadableError,
    ProofVerdict,
    Prover,
    find_python,
    runs_code_for_sure,
    unreadable_files,
    without,
)
from torchload_lint.workspace import Projects, discover
from torchload_lint.workspace.on_disk.checkpoint_names import part_checkpoints
from torchload_lint.workspace.survey import SurveyedLoad, survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.fixes.repair import Repair
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


@click.command(name="verify", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=NamedPath())
@interpreter
@click.option(
    "--timeout",
    type=click.FloatRange(min=1, max=86_400),
    default=DEFAULT_TIMEOUT,
    metavar="SECONDS",
    help=f"How long one load may take, with the imports of its file (default {DEFAULT_TIMEOUT:g}).",
)
@configuration
def command(
    paths: tuple[Path, ...],
    python: Path | None,
    timeout: float,
    config_file: Path | None,
    isolated: bool,
    **flags: Any,  # noqa: ANN401
) -> None:
    """Load with real torch what the code under PATHS loads, under exactly its allowlists.

    For each load: the code as it is, and as a fix would leave it. The expressions of its allowlist
    are evaluated as they stand, with the imports of their file; this runs what these import, which
    checking never does. Each file is then loaded in a process of its own, with weights_only=True.
    Every load counts as proven, refused or not proven; one without restriction by its fix. Ends
    with 1 where one is refused or what it reads runs code (which torch is not given), 2 where one
    could not be tried: no torch, no answer in time, a file that cannot be read, or a class that
    writes, starts a program or asks the network as it is loaded, which no proof does.
    """
    prover = Prover(Interpreter(find_python(python, Path()), timeout))
    accounts: list[_Account] = []
    try:
        projects = Projects(settings_from(config_file, isolated, flags)._replace(python=python))
        files, missing = discover(paths or (Path(),), projects.config_of)
        files, given = part_checkpoints(files)
        for load in survey(map(Path, files), projects):
            accounts.append(_account(load, prover))
            for line in _lines(accounts[-1]):
                say(f"{printable(line)}\n")
    except ConfigError as error:
        fail(str(error))
    except NoTorchError as error:
        fail(f"{error}; name an interpreter that has torch with --python")
    for words in (*(f"{path}: no such file or folder" for path in missing), *given):
        complain(words)
    hints.tell_range(account.load.torch for account in accounts)
    if any(_NOT_THERE in why or _WRITTEN in why for one in accounts for why in one.why):
        hints.tell([_BY_A_RUN])
    if accounts:
        say(f"{printable(_summary(accounts, prover.interpreter))}\n", err=True)
    else:
        warn("there is no load here")
    raise click.exceptions.Exit(_status(accounts, [*missing, *given]))


_NOT_THERE = "no checkpoint that it reads is there"
_WRITTEN = "may write the file, and put more into it"
"""Why a load is not proven whose file the program makes as it runs, or may make."""
_BY_A_RUN = (
    "what a program writes as it runs is proven by a run of it: `torchload-lint record -- COMMAND` "
    "names each load that torch refuses and the command ends with; `verify` tries what lies there"
)


class _Account(NamedTuple):
    """One load, and all that was tried for it."""

    load: SurveyedLoad
    proofs: tuple[LoadProof, ...] = ()
    """Of the code as it is; where that loads without restriction, as a fix leaves it."""
    of_fix: tuple[LoadProof, ...] = ()
    """Of the code as a fix would leave it."""
    why: tuple[str, ...] = ()
    """Why it is not proven, besides what the proofs say."""
    withheld: bool = False
    """Whether a file that it reads was not given to torch."""

    @property
    def verdict(self) -> ProofVerdict:
        """Refused where one file is; proven where all are."""
        found = {proof.verdict for proof in self.proofs}
        if ProofVerdict.REFUSED in found:
            return ProofVerdict.REFUSED
        return (
            ProofVerdict.PROVEN
            if found == {ProofVerdict.PROVEN} and not self.why
            else ProofVerdict.NOT_PROVEN
        )


def _account(load: SurveyedLoad, prover: Prover) -> _Account:
    """Try one load: the code as it is, and as a fix would leave it."""
    situation, context = load.situation, load.project.context_of(load.path, infers=True)
    restricted = situation.mode is Mode.RESTRICTED
    repair, notes = _repair(situation, context)
    unreadable = tuple(unreadable_files(situation))
    why = list(unreadable)
    if situation.left_out:
        why.append(f"{situation.left_out} more files match")
    if not restricted and repair is None:
        if not unreadable:  # whose reason the notes would repeat
            why += notes[:1] or ("the code loads without restriction",)
        return _Account(load, why=tuple(why), withheld=bool(unreadable))
    try:
        own = tuple(prover.in_code(situation, context)) if restricted else ()
        # Whether a fix helps within a block that nobody could read is not known either.
        readable = not any(proof.around and proof.why for proof in own)
        fixed = tuple(prover.of_fix(situation, repair, context)) if repair and readable else ()
    except NotReadableError as error:
        return _Account(load, why=(*why, str(error)), withheld=bool(unreadable))
    proofs = own if restricted else fixed
    if not proofs and not why:
        why += load.would_settle[:1] or (_NOT_THERE,)
    return _Account(load, proofs, fixed, tuple(why), withheld=bool(unreadable))


def _repair(situation: Situation, context: Context) -> tuple[Repair | None, tuple[str, ...]]:
    """What a fix would do to a load; or why there is none."""
    from torchload_lint.rules.repairs import plan_missing  # noqa: PLC0415

    found: list[Repair] = []

    def keep(_situation: Situation, repair: Repair, _context: Context) -> str:
        found.append(repair)
        return ""

    if situation.mode is Mode.RESTRICTED and not situation.missing:
        return None, ()
    plan = plan_missing(situation, context._replace(veto=keep))
    return (found[-1] if found else None), plan.notes


def _lines(account: _Account) -> Iterator[str]:
    place = f"{account.load.path}:{account.load.cell_and_row}"
    for proof in account.proofs:
        kind = "with the fix" if proof in account.of_fix else "as it is"
        yield f"{place}: {_line(proof, kind)}"
    for proof in account.of_fix:
        if proof not in account.proofs:
            yield f"{place}: {_line(proof, 'with the fix')}"
    if account.why:
        yield f"{place}: not proven: {'; '.join(account.why)}"


def _line(proof: LoadProof, kind: str) -> str:
    outcome = proof.outcome
    allowed = ", ".join(proof.allowlist) or "nothing"
    said = f"loads ({outcome.how})" if outcome.loads else f"{outcome.status}: {outcome.error}"
    if left_out := without(outcome.patched, outcome.missed):
        said += f"; {left_out}"
    if outcome.loads and proof.assumed:
        said += f"; assuming that {proof.assumed}"
    if outcome.shadow:
        place = Path(outcome.shadow)
        name = place.parent.name if place.stem == "__init__" else place.name.partition(".")[0]
        said += f"; {place} was not asked, which is imported as {name} where it lies"
    if proof.why:
        said = f"not proven: {proof.why} ({said})"
    return f"{proof.checkpoint}: {kind}, allowing {allowed}: {said}"


def _summary(accounts: list[_Account], interpreter: Interpreter) -> str:
    counts = Counter(account.verdict for account in accounts)
    outcomes = [proof.outcome for account in accounts for proof in account.proofs]
    versions = sorted({outcome.torch for outcome in outcomes if outcome.torch})
    imported = sorted({name for outcome in outcomes for name in outcome.imported})
    said = f"imported there: {', '.join(imported)}" if imported else "nothing else was imported"
    silent = "torch did not answer" if outcomes else "torch was not asked"
    torch = f"torch {', '.join(versions)}" if versions else silent
    numbers = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in ProofVerdict)
    loads = f"{len(accounts)} load{'' if len(accounts) == 1 else 's'}"
    return f"{loads}: {numbers} ({torch}, {interpreter.python}); {said}."


def _status(accounts: list[_Account], missing: Sequence[object]) -> int:
    proofs = [proof for account in accounts for proof in account.proofs]
    runs_code = [runs_code_for_sure(one.load.situation) for one in accounts]
    withheld = any(one.withheld and not does for one, does in zip(accounts, runs_code, strict=True))
    if missing or withheld or not all(proof.outcome.is_answer for proof in proofs):
        return FAILED
    refused = any(one.verdict is ProofVerdict.REFUSED for one in accounts)
    return FINDINGS if refused or any(runs_code) else CLEAN
