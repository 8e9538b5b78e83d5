"""Printing: standard output and error, progress, exit statuses."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar

from torchload_lint.escaping import printable
from torchload_lint.streams import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType
    from typing import TextIO

    from torchload_lint.diagnostic import Crash


T = TypeVar("T")
CLEAN, FINDINGS, FAILED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: nothing to report; something reported; the tool could not do its work; what shells
take for ended by SIGINT.
"""
_ENDING = (
    "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF",
    "SIGXCPU",
)  # fmt: skip


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Inside, signals that ask a program to end, and those that would end it because it knows
    nothing of them (SIGUSR1 of a batch system), end the command as an exit does: what it has begun
    is cleared away. What is ignored (by nohup) stays so.
    """

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    try:
        before = {
            number: signal.signal(number, leave)
            for number in numbers
            if signal.getsignal(number) is not signal.SIG_IGN
        }
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(text: str, *, err: bool = False) -> None:
    """Print text as it is (it ends in its own newline); nothing to a stream that is closed.

    Ends the command where standard output takes no more, such as on a full disk.
    """
    stream: TextIO | None = sys.stderr if err else sys.stdout
    if stream is None:
        return
    try:
        _write(stream, text)
    except BrokenPipeError:
        raise  # click knows what is customary
    except OSError as error:
        if not err:
            fail(f"standard output cannot be written: {error.strerror or error}")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def write_text(path: Path, text: str) -> None:
    """Put a report into a file; ends the command where that cannot be done."""
    from torchload_lint.workspace.on_disk.writing import write_report  # noqa: PLC0415

    try:
        write_report(path, text)
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror or error}")


def warn(message: str) -> None:
    """One line on standard error."""
    say(f"warning: {printable(message)}\n", err=True)


def tell_crashes(crashes: Sequence[tuple[str, Crash]], *, verbose: bool) -> None:
    """Where this tool itself has failed, each with its file; with the tracebacks if ``verbose``."""
    for path, crash in crashes:
        place = f"{path}:{crash.row}" if crash.row else path
        complain(f"{place}: {crash.message}")
        if verbose:
            _show_traceback(crash)
    if crashes:
        more = "" if verbose else "; -v shows more of it"
        say(f"note: this is a fault of torchload-lint{more}\n", err=True)


def tell_of_a_fault(error: Exception) -> None:
    """That this tool itself has failed, outside of any file, and that the run ended there."""
    from torchload_lint.diagnostic import Crash  # noqa: PLC0415 - where something is wrong

    crash = Crash.of(error, "the run ended early")
    complain(crash.message)
    _show_traceback(crash)
    say("note: this is a fault of torchload-lint\n", err=True)


def _show_traceback(crash: Crash) -> None:
    say("".join(f"  {printable(row)}\n" for row in crash.traceback.splitlines()), err=True)


def complain(message: str) -> None:
    """One line on standard error about what could not be done; the command goes on."""
    say(f"error: {printable(message)}\n", err=True)


class Progress:
    """A counter on standard error for runs of more than a second; only a person sees it.

    Hooks and CI, which give their programs a terminal too, get none.
    """

    def __init__(self, what: str, *, rate: bool = False) -> None:
        """``rate``: whether to say how fast it goes, and how long it will take."""
        self._what = what
        self._rate = rate
        self._start = time.monotonic()
        self._shown = False
        quiet = os.environ.get("CI") or os.environ.get("PRE_COMMIT")
        self._wanted = is_terminal(sys.stderr) and not quiet

    def show(self, done: int, total: int) -> None:
        """``done`` of ``total`` are finished; 0 where nobody knows how many there are."""
        spent = time.monotonic() - self._start
        if self._wanted and spent > 1:
            speed = speed_in_words(done, total, spent) if self._rate else ""
            of_all = f"/{total}" if total else ""
            say(f"\r{done}{of_all} {self._what}{speed}", err=True)
            self._shown = True

    def counting(self, items: Iterable[T], total: int = 0) -> Iterator[T]:
        """The items, counted as they are taken."""
        for number, item in enumerate(items):
            self.show(number, total)
            yield item

    def __enter__(self) -> Progress:  # noqa: PYI034 - Self needs Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            say("\r\x1b[K", err=True)


def speed_in_words(done: int, total: int, seconds: float) -> str:
    """How fast it goes, and how long the rest will take; ends a line that was longer."""
    left = round(seconds * (total - done) / done) if done else 0
    minutes, rest = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    return f", {done / seconds:.0f} a second, {hours}:{minutes:02}:{rest:02} left\x1b[K"


def fail(message: str) -> NoReturn:
    """Say what went wrong, and end with status 2."""
    complain(message)
    raise SystemExit(FAILED)


def tell_interrupted() -> None:
    """What a command says that was ended by ^C; its status is INTERRUPTED."""
    say("\ninterrupted\n", err=True)
