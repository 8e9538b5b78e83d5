"""Many files shared out to processes: forks of this one, where that is safe, else new ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchload_lint.workspace.one_file import check_file
from torchload_lint.workspace.projects import Projects
from torchload_lint.workspace.workers.forks import Forks, can_fork

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.config import Settings
    from torchload_lint.workspace.one_file import FileOutcome, Options

FILES_PER_FORK = 64
"""Below this many files, a fork costs more than it saves."""
FILES_PER_NEW_PROCESS = 2000
"""The same for a process that has to import everything anew (0.3 s)."""
MOST = 61
"""No more processes than Windows can wait for, however many are asked for."""


def workers_for(files: int, *, remote: bool = False) -> int:
    """How many processes are worth their start for so many files, this one included; ``remote``:
    whether they may use the network.
    """
    per_worker = FILES_PER_FORK if can_fork() and not remote else FILES_PER_NEW_PROCESS
    return max(1, min(processors(), files // per_worker))


def processors() -> int:
    """How many this process may use: a container may give fewer than there are."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def check_in_parallel(
    paths: Sequence[str],
    projects: Projects,
    options: Options,
    workers: int,
    *,
    begins_with_load: bool,
) -> Iterator[FileOutcome]:
    """``check_file`` for every path, in any order, by ``workers`` processes, this one included.

    Raises what ``check_file`` raises (ConfigError).
    """
    if projects.settings.remote or not can_fork():  # with the network, obstore may come later
        yield from _new_processes(paths, projects, options, workers)
        return
    scouts = workers - 1 if begins_with_load else workers  # this process is busy then, or waits
    forks = Forks(paths, projects, options, scouts=scouts, checkers=workers - 1)
    yield from forks.outcomes()


_projects: Projects | None = None


def _new_processes(
    paths: Sequence[str], projects: Projects, options: Options, workers: int
) -> Iterator[FileOutcome]:
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


def _check(job: tuple[str, Options]) -> FileOutcome:
    path, options = job
    assert _projects is not None
    return check_file(path, _projects, options)
