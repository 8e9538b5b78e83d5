"""``torchload-lint verify PATHS``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli.options import NamedPath, configuration, settings_from
from torchload_lint.cli.terminal import CLEAN, FAILED, FINDINGS, fail, say, warn
from torchload_lint.config import ConfigError
from torchload_lint.verify import (
    DEFAULT_TIMEOUT,
    Interpreter,
    NoTorchError,
    Proof,
    Prover,
    find_python,
)
from torchload_lint.workspace import Projects, discover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.fixes.repair import Repair
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.workspace.survey import SurveyedLoad


@click.command(name="verify", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=NamedPath())
@click.option(
    "--python",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help="Whose torch is asked (default: the active environment's, the project's, this one).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=DEFAULT_TIMEOUT,
    metavar="SECONDS",
    help="How long one load may take.",
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

    For each load: the allowlist around it, and the one that a fix would write. Each is tried in a
    process of its own, with weights_only=True. This imports the modules that the allowlists name,
    which checking never does. Ends with 1 where a load fails, 2 where there is no torch to ask.
    """
    from torchload_lint.workspace.survey import survey  # noqa: PLC0415 - not needed for --help

    prover = Prover(Interpreter(find_python(python, Path()), timeout))
    try:
        projects = Projects(settings_from(config_file, isolated, flags))
        files, missing = discover(paths or (Path(),), projects.config_of)
        proofs = [
            (load, kind, proof)
            for load in survey(map(Path, files), projects)
            for kind, proof in _proofs(load, prover)
        ]
    except ConfigError as error:
        fail(str(error))
    except NoTorchError as error:
        fail(f"{error}; name an interpreter that has torch with --python")
    for path in missing:
        say(f"error: {path}: no such file or folder\n", err=True)
    for load, kind, proof in proofs:
        say(_line(load, kind, proof))
    if not proofs:
        warn("no load here reads a checkpoint that is there")
    else:
        say(_summary([proof for _, _, proof in proofs], prover.interpreter), err=True)
    failed = any(not proof.outcome.loads for _, _, proof in proofs)
    raise click.exceptions.Exit(FAILED if missing else FINDINGS if failed else CLEAN)


def _proofs(load: SurveyedLoad, prover: Prover) -> Iterator[tuple[str, Proof]]:
    """The proofs of one load: of the code as it is, unless a fix would change it."""
    from torchload_lint.rules.repairs import plan_repair  # noqa: PLC0415

    found: list[Proof] = []

    def record(situation: Situation, repair: Repair, context: Context) -> str:
        found.extend(prover.of_fix(situation, repair, context))
        return ""

    context = load.project.context_that_infers
    if load.situation.needs:
        plan_repair(load.situation, context._replace(veto=record))
    if found:
        yield from (("fix", proof) for proof in found)
    else:
        yield from (("code", proof) for proof in prover.in_code(load.situation, context))


def _line(load: SurveyedLoad, kind: str, proof: Proof) -> str:
    place = f"{load.path}:{load.row}"
    allowed = ", ".join(map(str, proof.allowlist)) or "nothing"
    whose = "with the fix" if kind == "fix" else "as it is"
    outcome = proof.outcome
    verdict = f"loads ({outcome.how})" if outcome.loads else f"{outcome.status}: {outcome.error}"
    return f"{place}: {proof.checkpoint}: {whose}, allowing {allowed}: {verdict}\n"


def _summary(proofs: list[Proof], interpreter: Interpreter) -> str:
    counts = Counter("loads" if proof.outcome.loads else "fails" for proof in proofs)
    versions = sorted({proof.outcome.torch for proof in proofs if proof.outcome.torch})
    imported = sorted({name for proof in proofs for name in proof.outcome.imported})
    said = f"imported there: {', '.join(imported)}" if imported else "nothing else was imported"
    torch = f"torch {', '.join(versions)}" if versions else "no answer"
    return (
        f"{len(proofs)} proof(s): {counts['loads']} load, {counts['fails']} do not "
        f"({torch}, {interpreter.python}); {said}.\n"
    )
