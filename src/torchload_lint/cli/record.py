"""``torchload-lint record -- COMMAND...``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from torchload_lint.cli.terminal import fail, say, warn
from torchload_lint.config import ConfigError
from torchload_lint.record.command import end_as
from torchload_lint.record.run import MOST_FILES, CannotStartError, recorded
from torchload_lint.workspace import Projects, Settings
from torchload_lint.workspace.adoption.recording import Recorder

if TYPE_CHECKING:
    from torchload_lint.record import Recording

_NOT_SEEN = "unseen: a Python with -I, -E or -S, without PYTHONPATH, or that can write no file"


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
        recorder = Recorder(Path.cwd(), Projects(Settings()))
    except ConfigError as error:
        fail(str(error))
    try:
        with recorded(words) as recording:
            _keep(recording, recorder)
    except CannotStartError as error:
        fail(f"{words[0]}: {error}")
    if recording.status < 0:
        end_as(recording.status)
    raise click.exceptions.Exit(recording.status)


def _keep(recording: Recording, recorder: Recorder) -> None:
    """Keep what was seen, and say what came of it; the status is the program's in any case."""
    try:
        say(f"torchload-lint: {_kept(recording, recorder)}\n", err=True)
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
    return _what_came_of_it(recording, recorder, paths)


def _what_came_of_it(recording: Recording, recorder: Recorder, paths: list[Path]) -> str:
    """What came of the run, in a line."""
    if recording.why_nothing:
        return f"nothing noted: {recording.why_nothing}"
    if not recording.loads and not recording.unusable:
        if not recording.saw_python:
            return f"no Python was seen; nothing noted ({_NOT_SEEN})"
        what = "torch.load" if recording.saw_torch else "import of torch"
        return f"no {what} was seen; nothing noted ({_NOT_SEEN})"
    kept = sum(map(len, recorder.loads.values()))
    noted = f"{_counted(kept)} noted in {', '.join(map(str, paths))}" if kept else "nothing noted"
    rest = [
        f"{_counted(number)} {why} ({_some(recorder.examples[why], number)})"
        for why, number in sorted(recorder.left_out.items())
    ]
    if recording.unusable:
        rest.append(f"{_counted(recording.unusable)} of what cannot be a path")
    if recording.beyond:
        rest.append(f"{_counted(recording.beyond)} beyond {MOST_FILES} files of one call")
    return f"{noted}; not noted: {', '.join(rest)}" if rest else noted


def _some(places: list[str], number: int) -> str:
    more = number - len(places)
    return ", ".join(places) + (f" and {more} more" if more else "")


def _counted(number: int) -> str:
    return f"{number} load" if number == 1 else f"{number} loads"
