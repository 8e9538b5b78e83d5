"""Who does the reading: processes of this machine, or the workers of a Dask cluster.

Both are executors in the sense of ``concurrent.futures``; what is lost with a worker is done again.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import missing
from torchload_lint.scan.object_reading import row_of_killer, scan_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.remote.remote_stores import RemoteObject
    from torchload_lint.scan.object_reading import ReadSettings, Row

MOST_DEATHS = 3
"""How often the reading of a unit may end with its worker, before the unit is divided; one object
alone that does so gets a row that says it."""


MOST_ALONE = 300
"""Seconds that a cluster may be without any worker."""
_LOOK_EACH = 10.0
_KEPT = "what was read is kept: start the same command again"


class Unit(NamedTuple):
    """Objects that are read together."""

    objects: tuple[RemoteObject, ...]
    deaths: int = 0

    def after_death(self) -> list[Unit]:
        """What to do instead where its worker has died."""
        if self.deaths + 1 < MOST_DEATHS:
            return [self._replace(deaths=self.deaths + 1)]
        half = len(self.objects) // 2
        return [Unit(part) for part in (self.objects[:half], self.objects[half:]) if part]


class LocalWorkers:
    """Processes of this machine. They are spawned: obstore and a fork do not go together."""

    def __init__(self, count: int) -> None:
        self.at_once = 2 * count
        self.count = count

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        """An executor; what has not begun is dropped when it is left."""
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.count, mp_context=context)
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def check(self) -> None:
        """A pool starts its processes anew by itself, or is broken."""

    def close(self) -> None:
        """Nothing is left to close."""


class DaskWorkers:
    """The workers of a cluster (``distributed``), each with the credentials of its own machine."""

    def __init__(self, address: str) -> None:
        """Raises RemoteError where the package or the scheduler is not there."""
        try:
            from distributed import Client  # noqa: PLC0415 - an optional package
        except ImportError as error:
            raise missing("distributed", "dask") from error
        try:
            self._client: Any = Client(address, timeout="30s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise RemoteError(f"{address}: no scheduler answers there ({error})") from error
        self.count = max(1, len(self._client.nthreads()))
        self.at_once = 4 * self.count
        self._alone_since: float | None = None

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        """An executor of the cluster; what is under way is dropped when it is left."""
        executor = self._client.get_executor(pure=False, retries=MOST_DEATHS)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False)

    def check(self) -> None:
        """Look whether somebody is left to do it. Raises RemoteError after some minutes."""
        if self._client.nthreads():
            self._alone_since = None
            return
        self._alone_since = self._alone_since or monotonic()
        if monotonic() - self._alone_since > MOST_ALONE:
            raise RemoteError(f"there was no worker for {MOST_ALONE} seconds; {_KEPT}")

    def close(self) -> None:
        """Leave the cluster. A client that is only forgotten is closed by whoever collects garbage,
        and waits for ever where that is the thread that starts another one.
        """
        self._client.close()


def read_units(
    units: Iterable[Unit], settings: ReadSettings, workers: LocalWorkers | DaskWorkers
) -> Iterator[tuple[Unit, list[Row]]]:
    """Each unit with its rows, as they come; each object in exactly one of them. The rate is one
    of all workers that are there at the beginning.
    """
    settings = settings._replace(rate=settings.rate / workers.count)
    waiting, to_do = deque[Unit](), iter(units)
    while True:
        with workers.executor() as executor:
            yield from _until_broken(waiting, to_do, settings, executor, workers)
        if not waiting:
            return


def _until_broken(
    waiting: deque[Unit],
    to_do: Iterator[Unit],
    settings: ReadSettings,
    executor: Executor,
    workers: LocalWorkers | DaskWorkers,
) -> Iterator[tuple[Unit, list[Row]]]:
    """Run units until none is left or the executor is broken: then ``waiting`` has the rest.

    Raises RemoteError where the cluster is lost.
    """
    running: dict[Future[list[Row]], Unit] = {}
    is_broken = False
    while True:
        while len(running) < workers.at_once and not is_broken:
            unit = waiting.popleft() if waiting else next(to_do, None)
            if unit is None:
                break
            is_broken = not _submitted(unit, settings, executor, running, waiting)
        if not running:
            return
        done = wait(running, timeout=_LOOK_EACH, return_when=FIRST_COMPLETED).done
        if not done:
            workers.check()
        for future in done:
            unit = running.pop(future)
            if future.cancelled():  # nobody here does that
                raise RemoteError(f"the scheduler is lost; {_KEPT}")
            error = future.exception()
            if error is None:
                yield unit, future.result()
                continue
            is_broken = is_broken or isinstance(error, BrokenExecutor)
            if len(unit.objects) == 1 and unit.deaths + 1 >= MOST_DEATHS:
                yield unit, [row_of_killer(unit.objects[0], settings)]
            else:
                waiting.extend(unit.after_death())


def _submitted(
    unit: Unit,
    settings: ReadSettings,
    executor: Executor,
    running: dict[Future[list[Row]], Unit],
    waiting: deque[Unit],
) -> bool:
    """Whether the executor has taken it; otherwise it waits for the next one."""
    read: Callable[..., list[Row]] = scan_batch
    try:
        running[executor.submit(read, unit.objects, settings)] = unit
    except (BrokenExecutor, RuntimeError):
        waiting.appendleft(unit)
        return False
    return True
