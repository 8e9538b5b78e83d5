"""Run a command with the hook, and read back what it noted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import tempfile
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from torchload_lint.late_patterns import late_pattern
from torchload_lint.record.command import run_command
from torchload_lint.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOOK = Path(__file__).parent / "hook"
VARIABLE = "TORCHLOAD_LINT_RECORD"
MOST_FILES = 64
"""Files of one call that are kept apart."""
MOST_LOADS = 4096
"""Calls and files of one run that are kept."""
_MOST_NOTES = 2**27
"""Bytes of notes that are read: twice what is taken, since a program may write there too."""
_PREFIX = "torchload-lint-record-"
_LONGEST_LINE = 2**20
_ROUNDS = 5
_UNFINISHED = ("it was not opened", "its end was not seen")
"""The outcomes of a call until another one is noted, before and after its file was opened."""
_COLOURS = late_pattern(r"\x1b\[[0-9;]*m")
_END_OF_SENTENCE = late_pattern(r"\. |\n")
_LONGEST_OUTCOME = 200


@dataclass(frozen=True, slots=True)
class Observed:
    """One call of torch.load that the command made."""

    file: Path
    row: int
    function: str
    checkpoint: Path | None
    """None for a buffer, a pipe, a member of an archive."""
    torch: str
    outcome: str
    """``loaded``, the error, that it was not opened (for another error), or that its end was not
    seen (the process ended in it, or could write no notes)."""
    source: str | None = None
    """The text of the notebook cell that ``file`` and ``row`` are of."""
    folder: str = ""
    """Where the process was started."""
    kept: Path | None = None
    """A copy of what the call read, where the run itself had written that."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of a command."""

    status: int
    """Its exit status; negative where a signal ended it."""
    loads: tuple[Observed, ...]
    """Those of it and of every Python process below it that could be seen, the last outcome of
    each call site and file."""
    saw_python: bool
    saw_torch: bool
    beyond: int = 0
    """Loads of further files by calls that had loaded MOST_FILES others, or beyond MOST_LOADS."""
    unusable: int = 0
    """Notes about loads of what cannot be a path."""
    why_nothing: str = ""
    """Why no notes could be taken or read, where that is so."""


@contextmanager
def recorded(command: Sequence[str]) -> Iterator[Recording]:
    """Run ``command``, in the current folder and with the standard streams as they are. The copies
    of what it read are there as long as the block.

    Raises CannotStartError where the command cannot be started, and StoppedError where this process
    is to end and the command does not run. Nothing else that goes wrong changes what becomes of it.
    """
    environment = _environment()
    try:
        remove_leftovers()
        folder = _folder_for_notes()
    except OSError as error:
        status = _run(command, environment)
        yield _nothing(status, f"there is no room for notes ({error})")
        return
    with _removed_in_the_end(folder), _stopped_by_signals():
        notes = folder / "loads.jsonl"
        path = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{HOOK}{os.pathsep}{path}" if path else str(HOOK)
        environment[VARIABLE] = str(notes)
        status = _run(command, environment)
        yield _read_back(status, notes)


@contextmanager
def _removed_in_the_end(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        _remove(folder)


class StoppedError(BaseException):
    """A signal asks this process to end while the command does not run."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Inside, the signals that would end this process raise StoppedError: its status is that of the
    command, and what it has made is removed. While the command runs, they are the command's.
    """

    def stop(number: int, _frame: object) -> None:
        raise StoppedError(number)

    ending = {signal.SIG_DFL, signal.default_int_handler}
    names = ("SIGTERM", "SIGHUP", "SIGINT")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {
        number: signal.signal(number, stop)
        for number in numbers
        if signal.getsignal(number) in ending
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(status: int, why: str) -> Recording:
    return Recording(status, (), saw_python=False, saw_torch=False, why_nothing=why)


def _environment() -> dict[str, str]:
    """What this process was given: Python adds a locale where that names none (PEP 538)."""
    environment = dict(os.environ)
    with suppress(OSError):  # not Linux
        given = Path("/proc/self/environ").read_bytes().split(b"\0")
        if not any(entry.startswith(b"LC_CTYPE=") for entry in given):
            environment.pop("LC_CTYPE", None)
    return environment


class CannotStartError(Exception):
    """The system does not start the command; says why."""


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    try:
        return _started(command, environment)
    except OSError as error:
        raise CannotStartError(error.strerror or str(error)) from error


def _started(command: Sequence[str], environment: dict[str, str]) -> int:
    """A script without ``#!`` is the shell's, as for ``execvp``. Raises OSError."""
    try:
        return run_command(command, environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    script = which(command[0]) or command[0]
    return run_command(("/bin/sh", script, *command[1:]), environment)


def _folder_for_notes() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    (folder / "kept").mkdir()
    (folder / "kept.started").touch()
    return folder


def _read_back(status: int, notes: Path) -> Recording:
    """What was noted; the program may have written anything there."""
    try:
        return _recording(status, notes)
    except StoppedError:
        return _nothing(status, "it was stopped while the notes were read")
    except Exception as error:  # noqa: BLE001 - whatever it is, the status is the program's
        return _nothing(status, f"its notes cannot be read ({error})")


def _recording(status: int, notes: Path) -> Recording:
    saw_python = saw_torch = False
    last: dict[tuple[object, ...], Observed] = {}
    known: Counter[tuple[object, ...]] = Counter()
    beyond = unusable = 0
    for line in _read(notes):
        saw_python = True
        saw_torch = saw_torch or "torch" in line
        one = _observed(line, notes.parent / "kept")
        if one is None:
            unusable += "checkpoint" in line and line.get("outcome") not in _UNFINISHED
            continue
        site = (one.file, one.row, one.function)
        key = (*site, one.checkpoint, one.kept)
        if key not in last:
            known[site] += 1
            if known[site] > MOST_FILES or len(last) >= MOST_LOADS:
                beyond += one.outcome not in _UNFINISHED
                continue
        last[key] = one
    return Recording(status, tuple(last.values()), saw_python, saw_torch, beyond, unusable)


def remove_leftovers() -> None:
    """Remove the notes of recordings that were killed before they could do it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        with suppress(OSError, ValueError):
            pid = int(folder.name[len(_PREFIX) :].partition("-")[0])
            if _is_ours(folder) and not _is_running(pid):
                _remove(folder)


def _is_ours(folder: Path) -> bool:
    return hasattr(os, "getuid") and folder.lstat().st_uid == os.getuid()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(folder: Path) -> None:
    """Remove it, or what the program has put in its place.

    A process that goes on when the command has ended may still write there.
    """
    with suppress(OSError):  # no folder, or a link to one
        folder.unlink()
    shutil.rmtree(folder / "kept", ignore_errors=True)  # each by itself needs fewer handles
    for _ in range(_ROUNDS):
        with suppress(RecursionError):  # before Python 3.13
            shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        with suppress(OSError, NotImplementedError):
            _flatten(folder)


def _flatten(folder: Path) -> None:
    """Move every folder below it right into it: one may be too deep for ``rmtree``.

    No link is followed. Raises OSError, and NotImplementedError where files have no handles.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    top = os.open(folder, flags)
    try:
        below = _folders_in(top)
        for number, name in enumerate(below):  # what is found below is appended
            inner = os.open(name, flags, dir_fd=top)
            try:
                for one in _folders_in(inner):
                    below.append(f"moved-{number}-{len(below)}")
                    os.rename(one, below[-1], src_dir_fd=inner, dst_dir_fd=top)
            finally:
                os.close(inner)
    finally:
        os.close(top)


def _folders_in(handle: int) -> list[str]:
    with os.scandir(handle) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _read(notes: Path) -> Iterator[dict[str, Any]]:
    """The lines, one at a time. The program may have put anything there."""
    try:
        file = open_regular(notes)
    except OSError:
        return
    with file:
        while (line := file.readline(_LONGEST_LINE)) and file.tell() < _MOST_NOTES:
            try:
                noted = json.loads(line)
            except (ValueError, RecursionError):  # a killed process left it half-written
                continue
            if isinstance(noted, dict):
                yield noted


def _observed(noted: dict[str, Any], copies: Path) -> Observed | None:
    """One line, where it is about a call, and what it names can be a path."""
    try:
        checkpoint = noted["checkpoint"]
        source = noted.get("source")
        return Observed(
            file=_opened(_path(noted["file"])),
            row=int(noted["row"]),
            function=_text(noted["function"]),
            checkpoint=None if checkpoint is None else _opened(_path(checkpoint)),
            torch=_text(noted["torch"]),
            outcome=_shortened(_text(noted["outcome"])),
            source=_text(source) if source is not None else None,
            folder=_text(noted.get("folder", "")),
            kept=_copy(_text(noted.get("kept", "")), copies),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _shortened(outcome: str) -> str:
    """The first sentence of an error, without a terminal's colours."""
    return _END_OF_SENTENCE.split(_COLOURS.sub("", outcome))[0][:_LONGEST_OUTCOME]


def _copy(name: str, copies: Path) -> Path | None:
    """The copy of that name, where there is one: the program may have written anything."""
    path = copies / name
    return path if name and path.parent == copies and path.is_file() else None


def _opened(path: Path) -> Path:
    """The file that a path leads to, where ``..`` in it may stand behind a link; as it is, where
    there is none.
    """
    return Path(os.path.realpath(path)) if ".." in path.parts and path.exists() else path


def _path(text: object) -> Path:
    """A path that the system can be asked about. Raises ValueError."""
    name = str(text)
    if not name or "\0" in os.fsdecode(os.fsencode(name)):
        raise ValueError("no path is empty, or holds a zero byte")
    return Path(name)


def _text(given: object) -> str:
    """What can be printed of a text."""
    return str(given).encode("utf-8", "replace").decode()
