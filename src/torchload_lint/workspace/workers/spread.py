"""Work on many things, shared out to this process and forks of it, with the results in order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from torchload_lint.workspace.workers.forks import SIGKILL, can_fork, tell_parent, told_by_fork
from torchload_lint.workspace.workers.pool import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import NoReturn

T = TypeVar("T")
R = TypeVar("R")

ITEMS_PER_FORK = 8
"""Below this many checkpoints, a fork costs more than it saves."""


def spread(items: Sequence[T], work: Callable[[T], R]) -> Iterator[R]:
    """``work`` of every item, in order. What it answers must be something that can be pickled.

    The first is done before any fork, which then has what that took to import and to read. What a
    fork does not answer, because it died or failed, is done here: so ``work`` raises here.
    """
    yield from map(work, items[:1])
    rest = items[1:]
    workers = min(processors(), len(rest) // ITEMS_PER_FORK + 1) if can_fork() else 1
    forks: list[_Fork[T, R]] = []
    try:
        forks.extend(_Fork(work, rest[number::workers]) for number in range(1, workers))
        for number, item in enumerate(rest):
            turn = number % workers
            answer = forks[turn - 1].answer() if turn else None
            yield answer[0] if answer else work(item)
    finally:
        for fork in forks:
            fork.end()


class _Fork(Generic[T, R]):
    """A fork that works on its share, as its parent sees it."""

    def __init__(self, work: Callable[[T], R], share: Sequence[T]) -> None:
        reading, writing = os.pipe()
        self._answers = os.fdopen(reading, "rb")
        try:
            self._process = os.fork()
        except OSError:  # no more processes are to be had; what this one would do is done here
            self._process = 0
        else:
            if not self._process:
                _work_and_end(work, share, writing)
        os.close(writing)

    def answer(self) -> tuple[R] | None:
        """The next answer; None where the fork has died."""
        return cast("tuple[R] | None", told_by_fork(self._answers))

    def end(self) -> None:
        """Also of a fork that still works: nobody waits for its answers any more."""
        self._answers.close()
        if self._process:
            os.kill(self._process, SIGKILL)
            os.waitpid(self._process, 0)


def _work_and_end(work: Callable[[T], R], share: Sequence[T], writing: int) -> NoReturn:
    """What a fork does: each answer is sent at once; the parent does what it fails at."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            for item in share:
                tell_parent(work(item), pipe)
    finally:
        os._exit(0)  # whatever happened: the parent's buffers and handlers are not ours
