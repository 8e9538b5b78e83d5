"""``torchload-lint record -- COMMAND...``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from torchload_lint.cli.terminal import FAILED, fail, say, warn
from torchload_lint.config import ConfigError
from torchload_lint.record import run_recorded
from torchload_lint.workspace import Projects, Settings
from torchload_lint.workspace.recording import Recorder

if TYPE_CHECKING:
    from torchload_lint.record import Recording

_NOT_SEEN = "a Python that is started with -I, -E or -S, or without PYTHONPATH, cannot be seen"


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
        recorder = Recorder(Path.cwd(), Projects(Settings()))
    except ConfigError as error:
        fail(str(error))
    try:
        recording = run_recorded(words)
    except OSError as error:
        fail(f"{words[0]}: {error.strerror or error}")
    status = recording.status if recording.status >= 0 else 128 - recording.status
    try:
        recorder.take(recording.loads)
        paths = recorder.write()
    except (ConfigError, OSError) as error:
        warn(f"what was seen could not be kept: {error}")
        raise click.exceptions.Exit(status or FAILED) from error
    say(f"torchload-lint: {_told(recording, recorder, paths)}\n", err=True)
    raise click.exceptions.Exit(status)


def _told(recording: Recording, recorder: Recorder, paths: list[Path]) -> str:
    """What came of the run, in a line."""
    if not recording.loads:
        if not recording.saw_python:
            return f"no Python was seen; nothing noted ({_NOT_SEEN})"
        what = "torch.load ran" if recording.saw_torch else "Python that was seen imported torch"
        return f"no {what}; nothing noted ({_NOT_SEEN})"
    kept = sum(map(len, recorder.loads.values()))
    noted = f"{_counted(kept)} noted in {', '.join(map(str, paths))}" if kept else "nothing noted"
    rest = [f"{_counted(number)} {why}" for why, number in sorted(recorder.left_out.items())]
    return f"{noted}; not noted: {', '.join(rest)}" if rest else noted


def _counted(number: int) -> str:
    return f"{number} load" if number == 1 else f"{number} loads"
