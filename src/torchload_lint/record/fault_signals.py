"""SIGSEGV and its kind, where somebody has sent them: a fault of our own still ends this process.

A handler of Python's would make a fault happen again for ever. What is blocked instead ends the
process where the processor has raised it, and waits to be taken where it was sent (``kill(2)``).
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

FAULT_SIGNALS = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL")


@contextmanager
def faults_blocked() -> Iterator[Collection[int] | None]:
    """Inside, these signals wait to be taken. Gives what was blocked before, for the command."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield None
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _fault_numbers())
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def faults_taken(take: Callable[[int], None]) -> Iterator[None]:
    """Inside, ``take`` is called, in another thread, with each of these signals that was sent."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    is_over = threading.Event()

    def wait() -> None:
        while True:
            number = signal.sigwait(_fault_numbers())
            if is_over.is_set():
                return
            take(number)

    thread = threading.Thread(target=wait, daemon=True)
    # All other signals are for the main thread, whose waiting they interrupt.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield
    finally:
        is_over.set()
        if thread.ident is not None:
            signal.pthread_kill(thread.ident, signal.SIGSEGV)
        thread.join()


def _fault_numbers() -> set[int]:
    return {int(getattr(signal, name)) for name in FAULT_SIGNALS}
