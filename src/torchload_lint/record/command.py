"""Run a command as if it had been started without us: its signals and its end are its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from torchload_lint.record.fault_signals import FAULT_SIGNALS, faults_blocked, faults_taken
from torchload_lint.record.process_groups import (
    Apart,
    back_in,
    before_command,
    in_another_group,
    return_to,
    sent_to_all,
    way_apart,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from types import FrameType

_ITS_OWN = ("SIGCHLD", "SIGTTIN", "SIGTTOU", "SIGKILL", "SIGSTOP")
"""What tells this process about itself, or cannot be told by anybody else."""
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")
"""What Python ignores from its start on: nobody can tell what it was before."""
_STOPS = ("SIGTSTP", "SIGTTIN", "SIGTTOU")
"""How the user of a terminal stops a job, and how a terminal stops one in the background."""


def run_command(command: Sequence[str], environment: dict[str, str]) -> int:
    """The exit status; negative where a signal ended it. Raises OSError where it cannot start.

    Inherited handles stay open: they may be the command's arguments.
    """
    apart = way_apart()
    with (
        sent_to_all(apart) as is_for_all,
        faults_blocked() as blocked,
        _signals_for(_Waiting(is_for_all, apart), apart) as waiting,
    ):
        waiting.process = subprocess.Popen(  # noqa: S603
            list(command),
            env=environment,
            close_fds=False,
            preexec_fn=before_command(apart, waiting.ignored, blocked),  # noqa: PLW1509 - no thread
        )
        with waiting.process as process, in_another_group(apart) as group, waiting.faults_passed():
            for number in waiting.early:
                waiting.pass_on(number, None)
            if group:
                _stop_with(process, group)
                return_to(group)  # as long as it has a member: the command, not waited for yet
            return process.wait()


def _stop_with(process: subprocess.Popen[bytes], group: int) -> None:
    """Wait for the end; stop where a terminal stops the command, since the shell looks at us."""
    stops = {getattr(signal, name) for name in _STOPS}
    while True:
        found = _awaited(process, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        if found is None or found.si_code not in {os.CLD_STOPPED, os.CLD_TRAPPED}:
            return
        _awaited(process, os.WSTOPPED | os.WNOHANG)
        if found.si_status in stops:
            with back_in(group):  # the shell sends the group what continues it
                os.kill(os.getpid(), signal.SIGSTOP)


def _awaited(process: subprocess.Popen[bytes], what: int) -> os.waitid_result | None:
    """What has become of the process; None also where it has ended and only a stop is asked for."""
    with suppress(ChildProcessError):
        return os.waitid(os.P_PID, process.pid, what)
    return None


class _Waiting:
    """The process that signals are passed on to, and those that came before it was there."""

    def __init__(self, is_for_all: Callable[[int], bool], apart: Apart) -> None:
        self._is_for_all = is_for_all
        self._apart = apart
        self.process: subprocess.Popen[bytes] | None = None
        self.early: list[int] = []
        self.ignored: list[int] = []
        """What is ignored at the start: the command begins so too, and may handle it."""

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Send a signal to the process, unless it was sent that itself; to all of its group, where
        that has taken the place of the group that was sent it.
        """
        if self.process is None:
            self.early.append(number)
            return
        with suppress(OSError):
            if not self._is_for_all(number):
                self.process.send_signal(number)
            elif self._apart is Apart.IS_LED:
                os.killpg(self.process.pid, number)

    def faults_passed(self) -> AbstractContextManager[None]:
        """Inside, SIGSEGV and its kind are sent to the process, too."""
        return faults_taken(lambda number: self.pass_on(number, None))


@contextmanager
def _signals_for(waiting: _Waiting, apart: Apart) -> Iterator[_Waiting]:
    """Signals are the command's: it may handle them, save a checkpoint, and end in its own time.

    All that reach this process are passed on (SLURM sends SIGUSR1), also what is ignored here, as
    SIGINT is behind ``&`` in a script: a program may set a handler of its own.
    """
    left = {*_ITS_OWN, *FAULT_SIGNALS, *(("SIGTSTP",) if apart is Apart.TOGETHER else ())}
    known = {getattr(signal, name, None) for name in left}
    before = {
        number: signal.signal(number, waiting.pass_on) for number in signal.valid_signals() - known
    }
    ended = getattr(signal, "SIGCHLD", None)
    if ended is not None:  # where it is ignored, the system keeps no status of a child
        before[ended] = signal.signal(ended, signal.SIG_DFL)
    by_python = {getattr(signal, name, None) for name in _IGNORED_BY_PYTHON}
    ignored = {number for number, was in before.items() if was is signal.SIG_IGN}
    waiting.ignored += sorted(ignored - by_python)
    try:
        yield waiting
    finally:
        for number, handler in before.items():  # None: one that is not Python's (faulthandler)
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


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
