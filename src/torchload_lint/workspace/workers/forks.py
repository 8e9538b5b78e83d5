"""Many files checked by this process and forks of it, where those are safe."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, cast

from torchload_lint.regular_files import read_regular
from torchload_lint.workspace.first_look import first_look
from torchload_lint.workspace.one_file import FileOutcome, check_file
from torchload_lint.workspace.workers.shared_sources import SharedSources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from torchload_lint.workspace.one_file import Options
    from torchload_lint.workspace.projects import Projects

SIGKILL = 9
"""``signal.SIGKILL`` of Linux; to import the module takes as long as a fork."""
CHUNKS = 255
"""A chunk's number has to fit into one byte."""
NUMBER_BYTES = 4
"""A file's number in a pipe. Linux keeps a pipe locked while it copies, and what is written in one
piece stays in one page, so that no reader ever gets half of a number."""


def can_fork() -> bool:
    """Whether a copy of this process can go on alone: not where threads may hold locks, nor with
    obstore, whose own threads Python does not count, and which hangs in a fork (0.12).
    """
    threading = sys.modules.get("threading")
    alone = threading is None or threading.active_count() == 1
    alone = alone and "obstore" not in sys.modules
    return sys.platform == "linux" and alone


class Forks:
    """This process and its forks: scouts and checkers.

    The scouts take a first look at all files, share their bytes, and name through a pipe those
    that have to be checked. Meanwhile this process checks the first one, and imports what that
    takes. Only then are the checkers forked, which have it all imported, and take files from the
    same pipe. A checker sends its outcomes when it is done; what one did not send, because it
    died, is done here.

    A fork costs 2 ms, a pool of ``concurrent.futures`` 30 ms, which is as long as a hundred files
    take.
    """

    def __init__(
        self,
        paths: Sequence[str],
        projects: Projects,
        options: Options,
        *,
        scouts: int,
        checkers: int,
    ) -> None:
        """``checkers`` are those besides this process."""
        self._paths = paths
        self._projects = projects
        self._options = options
        self._checkers = checkers
        size = -(-len(paths) // min(CHUNKS, len(paths)))
        self._chunks = [range(at, min(at + size, len(paths))) for at in range(0, len(paths), size)]
        self._scouts = scouts
        self._processes: list[int] = []
        self._settled, self._scouting = os.pipe()
        self._sources = SharedSources(paths, scouts, self._settled)

    def outcomes(self) -> Iterator[FileOutcome]:
        """The outcome of every file, in any order. Raises what ``check_file`` raises."""
        done: set[int] = set()
        self._projects.read_through(self._sources.read)
        try:
            for number, outcome in self._found_together():
                yield outcome
                done.add(number)
            for number, path in enumerate(self._paths):
                if number not in done:
                    cleared = self._sources.is_cleared(number)
                    yield FileOutcome(path) if cleared else self._checked(number)
        finally:
            self._projects.read_through(read_regular)
            os.close(self._settled)

    def _found_together(self) -> Iterator[tuple[int, FileOutcome]]:
        """What all processes find, by the file's number; those that are left out are not done."""
        named = self._start_scouts()
        checkers: list[_Checker] = []
        passed = 0
        try:
            for number in _numbers(named):
                for before in filter(self._sources.is_cleared, range(passed, number)):
                    yield before, FileOutcome(self._paths[before])
                passed = max(passed, number)
                yield number, self._checked(number)
                if not checkers:
                    checkers = [self._start_checker(named) for _ in range(self._checkers)]
            for checker in checkers:
                yield from checker.received()
        finally:
            os.close(named)
            for process in self._processes:
                os.kill(process, SIGKILL)
                os.waitpid(process, 0)

    def _checked(self, number: int) -> FileOutcome:
        return check_file(self._paths[number], self._projects, self._options)

    def _fork(self, work: Callable[[], None]) -> None:
        try:
            process = os.fork()
        except OSError:  # no more processes are to be had; what this one would do is done here
            return
        if process:
            self._processes.append(process)
            return
        try:
            work()
        finally:
            os._exit(0)  # whatever happened: the parent's buffers and handlers are not ours

    def _start_scouts(self) -> int:
        """The end of the pipe from which the numbers of files to be checked come."""
        chunks, feed = os.pipe()
        os.write(feed, bytes(range(len(self._chunks))))
        os.close(feed)
        named, naming = os.pipe()
        for number in range(self._scouts):
            self._fork(partial(self._scout, number, chunks, named, naming))
        for end in (chunks, naming, self._scouting):
            os.close(end)
        return named

    def _scout(self, number: int, chunks: int, named: int, naming: int) -> None:
        os.close(named)  # so that writing fails where nobody reads any more
        writer = self._sources.writer(number)
        while chunk := os.read(chunks, 1):
            for one in self._chunks[chunk[0]]:
                try:
                    verdict, source = first_look(self._paths[one], self._projects)
                except Exception:  # noqa: BLE001 - it fails again where it is told of
                    verdict, source = True, None
                writer.keep(one, source or b"")
                if verdict is False:
                    writer.clear(one)
                else:
                    os.write(naming, one.to_bytes(NUMBER_BYTES, sys.byteorder))

    def _start_checker(self, named: int) -> _Checker:
        reading, writing = os.pipe()

        def check() -> None:
            os.close(reading)
            done = [(number, self._checked(number)) for number in _numbers(named)]
            with os.fdopen(writing, "wb") as pipe:
                tell_parent(done, pipe)

        self._fork(check)
        os.close(writing)
        return _Checker(reading)


class _Checker:
    """A fork that checks, as its parent sees it."""

    def __init__(self, reading: int) -> None:
        self._reading = os.fdopen(reading, "rb")

    def received(self) -> list[tuple[int, FileOutcome]]:
        """The outcomes of the files that the fork has checked; none, where it died."""
        with self._reading as pipe:
            told = told_by_fork(pipe)
        return cast("list[tuple[int, FileOutcome]]", told[0]) if told else []


def tell_parent(answer: object, pipe: BinaryIO) -> None:
    """Send something that can be pickled from a fork."""
    import pickle  # noqa: PLC0415 - only here

    pickle.dump(answer, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def told_by_fork(pipe: BinaryIO) -> tuple[object] | None:
    """The next thing that a fork has sent; None where it has ended, or died."""
    import pickle  # noqa: PLC0415 - reads what this program's own fork wrote, and nothing else

    try:
        return (pickle.load(pipe),)  # noqa: S301
    except (EOFError, pickle.UnpicklingError):
        return None


def _numbers(named: int) -> Iterator[int]:
    """The numbers of files that no other process has taken, until the last scout is done."""
    while number := os.read(named, NUMBER_BYTES):
        yield int.from_bytes(number, sys.byteorder)
