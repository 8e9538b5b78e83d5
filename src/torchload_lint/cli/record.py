"""``torchload-lint record -- COMMAND...``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from torchload_lint.cli.terminal import fail, say
from torchload_lint.config import ConfigError
from torchload_lint.record import merge, read_store, run_recorded, write_store
from torchload_lint.source.recorded import RecordedLoad
from torchload_lint.workspace import Projects, Settings
from torchload_lint.workspace.inspection import inspect_path

if TYPE_CHECKING:
    from torchload_lint.record import Observed
    from torchload_lint.workspace.projects import Project

HASHED_BYTES = 2**31
"""Larger checkpoints are not hashed."""


@click.command(
    name="record",
    context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True},
)
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
def command(words: tuple[str, ...]) -> None:
    """Run COMMAND and note which file each torch.load of the project opens.

    COMMAND is your program or your tests, such as `pytest` or `python train.py --resume`; it runs
    as it would without, and so do the Python processes that it starts. What it loaded is kept in
    .torchload-lint/loads.json, which later runs of torchload-lint use. The exit status is that of
    COMMAND.
    """
    try:
        project = Projects(Settings()).project_of(Path("any").absolute())
        status, observed = run_recorded(words)
        seen = [_recorded(one, project) for one in observed]
        ours = [one for one in seen if one is not None]
        if ours:
            path = write_store(project.config.root, merge(read_store(project.config.root), ours))
            say(f"torchload-lint: {len(set(ours))} loads noted in {path}\n", err=True)
        else:
            said = (
                f"{len(observed)} loads, none in this project" if observed else "no torch.load ran"
            )
            say(f"torchload-lint: {said}; nothing noted\n", err=True)
    except ConfigError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{words[0]}: {error.strerror or error}")
    raise click.exceptions.Exit(status if status >= 0 else 128 - status)


def _recorded(one: Observed, project: Project) -> RecordedLoad | None:
    """What is kept of one observed load; None for one of a library, or of no file."""
    root = project.config.root.absolute()
    parts = one.file.parts
    if one.checkpoint is None or not one.file.is_relative_to(root) or "site-packages" in parts:
        return None
    inspection = inspect_path(one.checkpoint, project)
    report = inspection.report
    inside = one.checkpoint.is_relative_to(root)
    return RecordedLoad(
        file=one.file.relative_to(root).as_posix(),
        function=one.function,
        row=one.row,
        checkpoint=(one.checkpoint.relative_to(root) if inside else one.checkpoint).as_posix(),
        sha256=_hash(one.checkpoint),
        verdict=report.verdict.value,
        safe_globals=tuple(str(needed.name) for needed in report.safe_globals),
        torch=one.torch,
        outcome=one.outcome,
    )


def _hash(path: Path) -> str:
    try:
        if path.stat().st_size > HASHED_BYTES:
            return ""
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(2**20):
                digest.update(chunk)
        return digest.hexdigest()
    except OSError:
        return ""
