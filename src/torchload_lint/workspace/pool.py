"""Worker processes. Each has the projects of the parent (by fork) or makes its own (by spawn)."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from torchload_lint.workspace.projects import Projects
from torchload_lint.workspace.session import check_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.diagnostic import FileResult
    from torchload_lint.workspace.projects import Project, Settings
    from torchload_lint.workspace.session import Options

CHUNKS_PER_WORKER = 8
"""Small enough that one slow file does not keep the others waiting."""

_projects: Projects | None = None


def check_in_parallel(
    paths: Sequence[Path], projects: Projects, options: Options, workers: int
) -> Iterator[tuple[FileResult, str]]:
    """``check_file`` for every path, in order, by ``workers`` processes."""
    global _projects  # noqa: PLW0603 - how a forked child finds what its parent has read
    _projects = projects
    method = "fork" if sys.platform == "linux" else "spawn"
    if method == "fork":
        _prepare({projects.project_of(path) for path in paths})
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context(method),
        initializer=_start,
        initargs=(projects.settings,),
    )
    size = max(1, len(paths) // (workers * CHUNKS_PER_WORKER))
    with pool:
        yield from pool.map(_check, [(path, options) for path in paths], chunksize=size)


def _prepare(found: Iterable[Project]) -> None:
    """Import and find out before the fork what each worker would need."""
    from torchload_lint import linter, suppressing  # noqa: F401, PLC0415

    for project in found:
        project.context.checkpoints.any()
        project.files.python_files()


def _start(settings: Settings) -> None:
    global _projects  # noqa: PLW0603
    if _projects is None:
        _projects = Projects(settings)


def _check(job: tuple[Path, Options]) -> tuple[FileResult, str]:
    path, options = job
    assert _projects is not None
    return check_file(path, _projects, options)
