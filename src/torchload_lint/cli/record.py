"""``torchload-lint record -- COMMAND...``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from torchload_lint.cli.terminal import fail, say, warn
from torchload_lint.config import ConfigError
from torchload_lint.escaping import printable
from torchload_lint.record.command import end_as
from torchload_lint.record.in_words import what_came_of_it
from torchload_lint.record.program import program_of
from torchload_lint.record.run import CannotStartError, StoppedError, recorded
from torchload_lint.workspace import Projects, Settings
from torchload_lint.workspace.adoption.recording import Recorder

if TYPE_CHECKING:
    from torchload_lint.record import Recording


@click.command(
    name="record",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "allow_interspersed_args": False,  # behind its first word, all is the command's
    },
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
        recorder = Recorder(Path.cwd(), Projects(Settings()), program_of(words))
    except ConfigError as error:
        fail(str(error))
    status: int | None = None
    try:
        with recorded(words) as recording:
            status = recording.status
            _keep(recording, recorder)
    except CannotStartError as error:
        fail(f"{words[0]}: {error}")
    except StoppedError as stopped:
        if status is None:
            end_as(-stopped.number)
        warn("stopped before what was seen was kept")
    if status < 0:
        end_as(status)
    raise click.exceptions.Exit(status)


def _keep(recording: Recording, recorder: Recorder) -> None:
    """Keep what was seen, and say what came of it; the status is the program's in any case."""
    try:
        say(printable(f"torchload-lint: {_kept(recording, recorder)}") + "\n", err=True)
    except Exception as error:  # noqa: BLE001 - whatever happens here
        with suppress(OSError):
            warn(f"what was seen could not be kept: {error}")


def _kept(recording: Recording, recorder: Recorder) -> str:
    """Keep what was seen, and say what came of it, in a line."""
    recorder.take(recording.loads)
    try:
        paths = recorder.write()
    except (ConfigError, OSError) as error:
        paths = recorder.rescue()
        warn(f"what was seen could not be kept in the project: {error}; move it there yourself")
    kept = sum(map(len, recorder.loads.values()))
    return what_came_of_it(recording, kept, paths, recorder.left_out, recorder.examples)
