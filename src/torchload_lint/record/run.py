"""Run a command with the hook, and read back what it noted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

HOOK = Path(__file__).parent / "hook"
VARIABLE = "TORCHLOAD_LINT_RECORD"
_FROM_THE_TERMINAL = ("SIGINT", "SIGQUIT")


@dataclass(frozen=True, slots=True)
class Observed:
    """One call of torch.load that the command made."""

    file: Path
    row: int
    function: str
    checkpoint: Path | None
    """None for a buffer, a pipe, a member of an archive."""
    torch: str
    outcome: str
    """``loaded``, the error, or that the call did not return (the process ended in it)."""
    source: str | None = None
    """The text of the notebook cell that ``file`` and ``row`` are of."""
    folder: str = ""
    """Where the process was started."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of a command."""

    status: int
    """Its exit status; negative where a signal ended it."""
    loads: tuple[Observed, ...]
    """Those of it and of every Python process below it that could be seen, the last outcome of
    each call site and file."""
    saw_python: bool
    saw_torch: bool


def run_recorded(command: Sequence[str]) -> Recording:
    """Run ``command``, in the current folder and with the standard streams as they are.

    Raises OSError where the command cannot be started.
    """
    # A process that goes on when the command has ended may still write there.
    with tempfile.TemporaryDirectory(
        prefix="torchload-lint-", ignore_cleanup_errors=True
    ) as folder:
        notes = Path(folder) / "loads.jsonl"
        environment = dict(os.environ)
        path = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{HOOK}{os.pathsep}{path}" if path else str(HOOK)
        environment[VARIABLE] = str(notes)
        status = _run(command, environment)
        lines = list(_read(notes))
    observed = [one for one in map(_observed, lines) if one is not None]
    last = {(one.file, one.row, one.function, one.checkpoint): one for one in observed}
    return Recording(
        status,
        tuple(last.values()),
        saw_python=bool(lines),
        saw_torch=any("torch" in line for line in lines),
    )


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """The exit status. Inherited handles stay open: they may be the command's arguments."""
    with (
        subprocess.Popen(list(command), env=environment, close_fds=False) as process,  # noqa: S603
        _signals_for(process),
    ):
        return process.wait()


@contextmanager
def _signals_for(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Signals are the command's: it may handle them, save a checkpoint, and end in its own time.

    A terminal sends its signals to both processes; others are passed on. What is ignored already
    stays so, here and in the command.
    """

    def leave(_number: int, _frame: FrameType | None) -> None:
        """Nothing to do: the command has it too."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    handlers: dict[str, Any] = {**dict.fromkeys(_FROM_THE_TERMINAL, leave), "SIGTERM": pass_on}
    numbers = {getattr(signal, name, None): handler for name, handler in handlers.items()}
    before = {
        number: signal.signal(number, handler)
        for number, handler in numbers.items()
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(notes: Path) -> Iterator[dict[str, Any]]:
    if not notes.exists():
        return
    for line in notes.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            noted = json.loads(line)
        except ValueError:  # a killed process left it half-written
            continue
        if isinstance(noted, dict):
            yield noted


def _observed(noted: dict[str, Any]) -> Observed | None:
    """One line, where it is about a call."""
    try:
        checkpoint = noted["checkpoint"]
        return Observed(
            file=Path(noted["file"]),
            row=int(noted["row"]),
            function=str(noted["function"]),
            checkpoint=Path(checkpoint) if checkpoint else None,
            torch=str(noted["torch"]),
            outcome=str(noted["outcome"]),
            source=noted.get("source"),
            folder=str(noted.get("folder", "")),
        )
    except (ValueError, KeyError, TypeError):
        return None
