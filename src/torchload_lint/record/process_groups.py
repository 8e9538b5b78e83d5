"""Keeps a command and this process in different process groups, so that each signal comes once.

What is sent to a group (by a terminal, by ``kill -- -GROUP``, by ``timeout``) reaches the command,
and what is sent to this process alone is passed on to it. In one group the command had both.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""


class Apart(Enum):
    """Who is in which group while the command runs."""

    LEAVES = "this process leaves the group that it was started in; the command stays"
    IS_LED = "the command gets a group of its own: this process leads a session without a terminal"
    TOGETHER = "both are in one: it leads the session of a terminal, or there are no groups here"


def way_apart() -> Apart:
    """What can be done here: who leads a session cannot leave its group (``setpgid(2)``)."""
    if not hasattr(os, "waitid"):  # Windows; macOS before Python 3.13
        return Apart.TOGETHER
    if os.getsid(0) != os.getpid():
        return Apart.LEAVES
    return Apart.TOGETHER if _has_terminal() else Apart.IS_LED


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextmanager
def sent_to_all(apart: Apart) -> Iterator[Callable[[int], bool]]:
    """Tells inside whether a signal that came here was sent to the whole group.

    That is what a helper in the group has got as well: in one group the command has it, too, and
    one that was given another group should have it. Where this process has left its group nothing
    comes from there. Where there are no groups it is what a terminal sends.
    """
    if apart is Apart.LEAVES:
        yield lambda _number: False
        return
    if not hasattr(os, "fork"):
        yield lambda number: number == signal.SIGINT
        return
    found: set[int] = set()
    asking = threading.Lock()  # for the thread that takes the signals of faults
    with _signals_held():
        witness = _Witness(os.getpgrp())

    def is_for_all(number: int) -> bool:
        with _signals_held(), asking:
            found.update(witness.ask())
            is_known = number in found
            found.discard(number)
            return is_known

    try:
        yield is_for_all
    finally:
        witness.end()


@contextmanager
def _signals_held() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def in_another_group(apart: Apart) -> Iterator[int]:
    """Inside, this process is in another group, if it is the one to leave; gives the old group.

    Zero where it stays.
    """
    if apart is not Apart.LEAVES:
        yield 0
        return
    group = os.getpgrp()
    leave_group()
    try:
        yield group
    finally:
        return_to(group)


def return_to(group: int) -> None:
    """Join a group again; the one that this process had named may be empty by now."""
    with suppress(OSError):
        os.setpgid(0, group)


@contextmanager
def back_in(group: int) -> Iterator[None]:
    """Inside, this process is in the command's group again, and its signals are held back.

    What the group is sent then (by the terminal, by a shell) the command gets itself: only what
    came to this process alone reaches its handlers, and that afterwards.
    """
    with _signals_held():
        witness = _Witness(group)
        return_to(group)
        try:
            yield
        finally:
            leave_group()
            for number in witness.ask() & signal.sigpending():
                signal.sigwait({number})
            witness.end()


class _Witness:
    """A helper in a group: tells which signals that was sent since it was asked last.

    Signals are held back when it is made, so that it holds them back, too. It ends with us.
    """

    def __init__(self, group: int) -> None:
        question, self._asks = os.pipe()
        self._reads, answers = os.pipe()
        self._helper = os.fork()
        if self._helper == 0:
            os.close(self._asks)
            while os.read(question, 1):
                os.write(answers, bytes([*_taken(), 0]))
            os._exit(0)
        os.close(question)
        os.close(answers)
        with suppress(OSError):
            os.setpgid(self._helper, group)

    def ask(self) -> set[int]:
        """What it has got; nothing more where it was killed. Signals are held back."""
        try:
            os.write(self._asks, b"?")
        except OSError:
            signal.sigtimedwait({signal.SIGPIPE}, 0)  # which that has sent to this process
        numbers = b""
        while not numbers.endswith(b"\0"):
            read = os.read(self._reads, 100)
            if not read:
                break
            numbers += read
        return {*numbers} - {0}

    def end(self) -> None:
        """Let it end."""
        os.close(self._asks)
        os.close(self._reads)
        os.waitpid(self._helper, 0)


def _taken() -> Iterator[int]:
    """The signals that wait for this process, which they do no longer."""
    while pending := signal.sigpending():
        for number in pending:
            signal.sigwait({number})
            yield number


def leave_group() -> None:
    """Move to a group that nobody sends signals to.

    Where the old group has the number of this process, a helper lends its own for a moment.
    """
    with suppress(OSError):
        if os.getpgrp() != os.getpid():
            os.setpgid(0, 0)
            return
        is_done, done = os.pipe()
        helper = os.fork()
        if helper == 0:
            os.close(done)
            os.read(is_done, 1)
            os._exit(0)
        try:
            os.close(is_done)
            os.setpgid(helper, helper)
            os.setpgid(0, helper)
        finally:
            os.close(done)
            os.waitpid(helper, 0)


def before_command(
    apart: Apart, ignored: Collection[int] = (), blocked: Collection[int] | None = None
) -> Callable[[], None] | None:
    """What the command's process does before it becomes the command. ``ignored``, ``blocked``:
    signals; None where nothing has changed which ones are blocked.

    On Linux it ends when this process is killed, as the command would be that was started without.
    """
    prctl = _prctl()
    if apart is not Apart.IS_LED and prctl is None and not ignored and blocked is None:
        return None

    def prepare() -> None:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        if apart is Apart.IS_LED:
            os.setpgid(0, 0)
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    return prepare


def _prctl() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    try:
        import ctypes  # noqa: PLC0415 - not every Python has it

        return ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
