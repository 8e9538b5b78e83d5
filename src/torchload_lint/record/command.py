"""Run a command as if it had been started without us: its signals and its end are its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

_FROM_THE_TERMINAL = ("SIGINT", "SIGQUIT")
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU", "SIGPWR")


def run_command(command: Sequence[str], environment: dict[str, str]) -> int:
    """The exit status; negative where a signal ended it. Raises OSError where it cannot start.

    Inherited handles stay open: they may be the command's arguments.
    """
    waiting = _Waiting()
    with _signals_for(waiting):
        waiting.process = subprocess.Popen(list(command), env=environment, close_fds=False)  # noqa: S603
        for number in waiting.early:
            waiting.pass_on(number, None)
        with waiting.process as process:
            return process.wait()


class _Waiting:
    """The process that signals are passed on to, and those that came before it was there."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.early: list[int] = []

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Send a signal to the process."""
        if self.process is None:
            self.early.append(number)
        else:
            with suppress(OSError):
                self.process.send_signal(number)

    def leave(self, number: int, _frame: FrameType | None) -> None:
        """The terminal has sent it to the process too, if there was one."""
        if self.process is None:
            self.early.append(number)


@contextmanager
def _signals_for(waiting: _Waiting) -> Iterator[None]:
    """Signals are the command's: it may handle them, save a checkpoint, and end in its own time.

    A terminal sends its signals to both processes; others are passed on (SLURM sends SIGUSR1).
    What is ignored already stays so, here and in the command.
    """
    handlers = {
        **dict.fromkeys(_FROM_THE_TERMINAL, waiting.leave),
        **dict.fromkeys(_PASSED_ON, waiting.pass_on),
    }
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


def end_as(status: int) -> NoReturn:
    """End this process as the command ended: with its exit status, or by the same signal."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if status < 0 and os.name == "posix":
        _leave_no_core()
        with suppress(OSError, ValueError):
            if -status not in {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(-status, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {-status})
            os.kill(os.getpid(), -status)
        status = 128 - status
    os._exit(status & 0xFF)


def _leave_no_core() -> None:
    import resource  # noqa: PLC0415 - POSIX has it

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
