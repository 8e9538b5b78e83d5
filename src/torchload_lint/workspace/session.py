"""Check (and fix) many files: the cheap question first, then the rest, shared out to workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import LoadAccount
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.workspace.first_look import Look, first_look
from torchload_lint.workspace.on_disk.writing import remove_stale, write_atomically, write_new
from torchload_lint.workspace.one_file import FileOutcome, Options, check_file, keep, not_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.diagnostic import Crash, FileResult
    from torchload_lint.workspace.projects import Projects

LOOKED_AT_ALONE = 500
"""After so many files without a load (a tenth of a second), the others are shared out."""


class Run(NamedTuple):
    """The outcome of a run over many files."""

    results: tuple[FileResult, ...]
    """Files in which something was found or fixed, by path."""
    names: Sequence[str]
    """The files that were looked at."""
    errors: tuple[str, ...] = ()
    """What could not be done (a fixed file that could not be written), one sentence each."""
    loads: LoadAccount = LoadAccount()
    """All loads of these files, by how it is known what they need."""
    torch: tuple[TorchRange, ...] = ()
    """The releases that they were judged for, one range for each project."""
    crashes: tuple[tuple[str, Crash], ...] = ()
    """Where this tool failed, with the file; the run went on."""
    added: tuple[str, ...] = ()
    """Modules that were written because fixes import them."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were looked at."""
        return tuple(map(Path, self.names))

    @property
    def judged(self) -> tuple[Path, ...]:
        """Those of them at which this tool did not fail."""
        failed = {path for path, _ in self.crashes}
        return tuple(Path(name) for name in self.names if name not in failed)


def check_files(
    paths: Sequence[str],
    projects: Projects,
    options: Options,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Check all ``paths`` (files). ``progress`` is called with how many of how many are done.

    Raises ConfigError for a wrong configuration. A file that fails is a result like any other.
    """
    outcomes: list[FileOutcome] = []
    for outcome in _outcomes(paths, projects, options):
        outcomes.append(outcome)
        if progress:
            progress(len(outcomes), len(paths))
    # Written only now: until every file is checked, questions are answered from files as they were.
    if options.write:
        remove_stale(paths)
    outcomes = [_written(one, projects, options) for one in sorted(outcomes, key=_path)]
    loads = LoadAccount()
    for one in outcomes:
        loads = loads.plus(one.loads) if any(one.loads) else loads
    return Run(
        tuple(one.result for one in outcomes if one.result is not None),
        paths,
        tuple(one.error for one in outcomes if one.error),
        loads,
        tuple(dict.fromkeys(one.torch for one in outcomes if one.torch)),
        tuple((one.path, crash) for one in outcomes for crash in one.crashes),
        tuple(dict.fromkeys(one.added for one in outcomes if one.added)),
    )


def _path(outcome: FileOutcome) -> str:
    return outcome.path


def _written(outcome: FileOutcome, projects: Projects, options: Options) -> FileOutcome:
    """Write the file with its fixes; where that fails, report the findings that it still has."""
    if outcome.rewritten is None:
        return outcome
    added = ""
    try:
        added = _write_helper(Path(outcome.path), outcome.rewritten)
        write_atomically(Path(outcome.path), outcome.rewritten, outcome.source)
    except OSError as error:
        return not_written(outcome.path, error, projects, options)._replace(added=added)
    return outcome._replace(added=added)


def _write_helper(path: Path, rewritten: bytes) -> str:
    """Write the module that a fix has made a file import, where the project has it not yet. Its
    path; empty where nothing is written.
    """
    if b"restore_only" not in rewritten:
        return ""
    from torchload_lint.fixes.restoring import missing_helper  # noqa: PLC0415 - only to write it
    from torchload_lint.helper_module import helper_text  # noqa: PLC0415 - only to write it

    place = missing_helper(path, rewritten.decode("utf-8", "replace"))
    if place is None:
        return ""
    write_new(place, helper_text().encode())
    return str(place)


def _outcomes(paths: Sequence[str], projects: Projects, options: Options) -> Iterator[FileOutcome]:
    """The outcome of every file, in any order.

    Files are looked at here until one may hold a load, or until there were many; only then are the
    rest shared out: most runs, of a hook, are over by then.
    """
    for number, path in enumerate(paths):
        look = _first_look(path, projects)
        if look.verdict is True or number == LOOKED_AT_ALONE:
            holds_load = look.verdict is True
            yield from _shared_out(paths[number:], projects, options, begins_with_load=holds_load)
            return
        keep(path, look, projects)
        yield FileOutcome(path, look.verdict or None)


def _first_look(path: str, projects: Projects) -> Look:
    """A first look at a file; one at which that fails is checked, and what fails is said then."""
    try:
        return first_look(path, projects)
    except ConfigError:
        raise
    except Exception:  # noqa: BLE001 - the same happens again where it is told of
        return Look(verdict=True)


def _shared_out(
    paths: Sequence[str], projects: Projects, options: Options, *, begins_with_load: bool
) -> Iterator[FileOutcome]:
    if options.jobs != 1 and len(paths) > 1:
        from torchload_lint.workspace.workers import pool  # noqa: PLC0415 - not for a file or two

        workers = min(
            options.jobs or pool.workers_for(len(paths), remote=projects.settings.remote),
            len(paths),
            pool.MOST,
        )
        if workers > 1:
            yield from pool.check_in_parallel(
                paths, projects, options, workers, begins_with_load=begins_with_load
            )
            return
    for path in paths:
        yield check_file(path, projects, options)
