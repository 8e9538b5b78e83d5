"""Many files shared out to processes: forks of this one, where that is safe, else new ones."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from torchload_lint.workspace.projects import Projects
from torchload_lint.workspace.session import check_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.config import Settings
    from torchload_lint.workspace.session import Options, Outcome

FILES_PER_FORK = 64
"""Below this many files, a fork costs more than it saves."""
FILES_PER_NEW_PROCESS = 2000
"""The same for a process that has to import everything anew (0.3 s)."""
CHUNKS = 255
"""A chunk's number has to fit into one byte: only a read of one byte is never split."""


def workers_for(files: int) -> int:
    """How many processes are worth their start for so many files, this one included."""
    per_worker = FILES_PER_FORK if _can_fork() else FILES_PER_NEW_PROCESS
    try:
        processors = len(os.sched_getaffinity(0))  # a container may give fewer than there are
    except AttributeError:
        processors = os.cpu_count() or 1
    return max(1, min(processors, files // per_worker))


def check_in_parallel(
    paths: Sequence[Path], projects: Projects, options: Options, workers: int
) -> Iterator[Outcome]:
    """``check_file`` for every path, in any order, by ``workers`` processes.

    Raises what ``check_file`` raises (ConfigError).
    """
    if _can_fork():
        yield from _Forks(paths, projects, options, workers).outcomes()
    else:
        yield from _new_processes(paths, projects, options, workers)


def _can_fork() -> bool:
    """Whether a copy of this process can go on alone: not where threads may hold locks."""
    threading = sys.modules.get("threading")
    alone = threading is None or threading.active_count() == 1
    return sys.platform == "linux" and alone


class _Forks:
    """This process and its forks, which take chunks of files from one pipe until it is empty.

    A fork costs 2 ms, a pool of ``concurrent.futures`` 30 ms, which is as long as a hundred files
    take. A fork sends its outcomes when it is done; what one did not send, because it died, is done
    here.
    """

    def __init__(
        self, paths: Sequence[Path], projects: Projects, options: Options, workers: int
    ) -> None:
        size = -(-len(paths) // min(CHUNKS, len(paths)))
        self._chunks = [paths[start : start + size] for start in range(0, len(paths), size)]
        self._work: Callable[[Path], Outcome] = lambda path: check_file(path, projects, options)
        self._workers = workers

    def outcomes(self) -> Iterator[Outcome]:
        queue, feed = os.pipe()
        os.write(feed, bytes(range(len(self._chunks))))
        os.close(feed)
        children = [self._fork(queue) for _ in range(self._workers - 1)]
        done: set[int] = set()
        try:
            for number in _taken(queue):
                yield from map(self._work, self._chunks[number])
                done.add(number)
            for child in children:
                for number, outcomes in child.received():
                    yield from outcomes
                    done.add(number)
        finally:
            os.close(queue)
            for child in children:
                child.end()
        for number in set(range(len(self._chunks))) - done:
            yield from map(self._work, self._chunks[number])

    def _fork(self, queue: int) -> _Child:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            return _Child(pid, reading)
        try:
            os.close(reading)
            self._serve(queue, writing)
        finally:
            os._exit(0)  # whatever happened: the parent's buffers and handlers are not ours

    def _serve(self, queue: int, writing: int) -> None:
        """What a fork does. An error ends it; the parent meets the same error in that chunk."""
        import pickle  # noqa: PLC0415 - only here

        done = [(number, [*map(self._work, self._chunks[number])]) for number in _taken(queue)]
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(done, pipe, pickle.HIGHEST_PROTOCOL)


class _Child:
    """A fork, as its parent sees it."""

    def __init__(self, pid: int, reading: int) -> None:
        self._pid = pid
        self._reading = os.fdopen(reading, "rb")

    def received(self) -> list[tuple[int, list[Outcome]]]:
        """The outcomes of each chunk that the fork has done; none, where it died."""
        import pickle  # noqa: PLC0415 - reads what this program's own fork wrote, and nothing else

        try:
            found: list[tuple[int, list[Outcome]]] = pickle.load(self._reading)  # noqa: S301
        except (EOFError, pickle.UnpicklingError):
            return []
        return found

    def end(self) -> None:
        """Leave nothing running and no zombie."""
        import signal  # noqa: PLC0415

        self._reading.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _taken(queue: int) -> Iterator[int]:
    """The numbers of chunks that no other process has taken."""
    while number := os.read(queue, 1):
        yield number[0]


_projects: Projects | None = None


def _new_processes(
    paths: Sequence[Path], projects: Projects, options: Options, workers: int
) -> Iterator[Outcome]:
    """Processes that import everything anew, and make their own projects."""
    import multiprocessing  # noqa: PLC0415
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(projects.settings,),
    )
    size = max(1, len(paths) // (workers * 8))
    with pool:
        yield from pool.map(_check, [(path, options) for path in paths], chunksize=size)


def _start(settings: Settings) -> None:
    global _projects  # noqa: PLW0603 - how a worker keeps what it has read
    _projects = Projects(settings)


def _check(job: tuple[Path, Options]) -> Outcome:
    path, options = job
    assert _projects is not None
    return check_file(path, _projects, options)
