"""One thread that does one thing at a time: what somebody waits for first, and the newest of it."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from torchload_lint.editors.garbage import Garbage
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ASKED, TYPED, BACKGROUND = range(3)
"""How urgent a piece of work is: somebody waits; a text has changed; others may have."""
SENT_SECONDS = 0.05
"""After so much time an answer is with the client."""


class _Work(NamedTuple):
    """What waits; sorted by urgency, the newest first."""

    urgency: int
    newest: int
    do: Callable[[], Any]
    future: asyncio.Future[Any]


class Lane:
    """A queue in front of a thread. Work that is cancelled before its turn is not begun."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._waiting: list[_Work] = []
        self._numbers = count(0, -1)
        self._garbage = Garbage()
        self._is_busy = False

    async def do(self, urgency: int, work: Callable[[], T]) -> T:
        """What ``work`` gives, or raises, once it has been its turn in the thread."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, _Work(urgency, next(self._numbers), work, future))
        self._begin_next()
        return await future

    def _begin_next(self) -> None:
        while self._waiting and not self._is_busy:
            work = heappop(self._waiting)
            if work.future.done():  # cancelled
                continue
            self._is_busy = True
            done = asyncio.get_running_loop().run_in_executor(self._thread, self._timed, work.do)
            done.add_done_callback(partial(self._end, work.future))

    def _timed(self, work: Callable[[], T]) -> T:
        start = time.thread_time()
        try:
            return work()
        finally:
            self._garbage.add(time.thread_time() - start)

    def _end(self, future: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
        self._is_busy = False
        error = done.exception()
        if future.done():
            pass
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(done.result())
        if self._garbage.is_due():  # a little later: nothing else runs while it is collected
            later = asyncio.get_running_loop().call_later
            later(SENT_SECONDS, self._thread.submit, self._garbage.collect)
        self._begin_next()
