"""Asks real torch, in another process with a time limit, whether an allowlist is right."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.checkpoint.containers.bytesource import FileSource
from torchload_lint.checkpoint.containers.container import open_container
from torchload_lint.checkpoint.containers.zip_archive import ZipFaultError
from torchload_lint.checkpoint.known.dangerous import dangerous_prefixes
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, LimitExceededError
from torchload_lint.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.names import Spelling
    from torchload_lint.verify.written import Written

SUPERVISOR = Path(__file__).with_name("supervisor.py")
DEFAULT_TIMEOUT = 60.0
"""Seconds for one load, the import of torch and of the project's modules included."""

_PATIENCE = 30.0
"""Seconds more for the supervisor, which ends the child when its time is over."""
_BETWEEN_LOOKS = 0.5
"""Seconds from one look whether the supervisor was stopped to the next."""
_SECONDS_TO_END = 15.0
"""How long a program may live on that has written its answer."""
_MOST_READ = 1 << 22
"""Bytes of an answer."""

_WAYS = 4
"""On the meta device or the processor, mapped or not: what is tried until one loads."""
_SHARE_OF_MEMORY = 0.75
"""The share of the free memory that a load, and what was started for it, may take."""

_INSTALLED = ("site-packages", "dist-packages")

_ABSENT = frozenset({"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_WEIGHTS_ONLY_LOAD"})
"""Variables that would change what a load does."""


class NoTorchError(Exception):
    """The interpreter cannot be asked: it is not there, or has no torch."""


FileState = tuple[int, ...]
"""Number, size and times of a file; empty where there is none."""


@dataclass(frozen=True, slots=True)
class AllowedObject:
    """One item of an allowlist: how to get the object, and the key of a pair."""

    spelling: Spelling
    key: str | None = None
    definitions: tuple[str, ...] = ()
    """The definitions (``module.qualname``) that were judged; the name must lead to one of them.
    Where there are none, it must at least not lead to what runs code."""

    def __str__(self) -> str:
        expression = self.spelling.expression()
        return f'({expression}, "{self.key}")' if self.key else expression


@dataclass(frozen=True, slots=True)
class Program:
    """The file whose allowlist is proven, and how it writes it."""

    file: Path
    module: str
    """The dotted name it is imported by; empty where it cannot be."""
    is_package: bool
    written: Written
    mains: tuple[str, ...] = ()
    """Classes that the checkpoint names as ``__main__``'s, which this file may be."""
    is_started: bool = False
    """Whether this file may be started itself: modules beside it come first then."""
    runs_alone: bool = False
    """Whether it loads only where this file is started: its classes are ``__main__``'s then."""
    harmless: tuple[str, ...] = ()
    """What of the checkpoints' content does no harm, whatever a file makes of it: other loads of
    the program, which run while its modules are imported, may unpickle that."""
    judged: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Names that a fix adds, and the definitions of each that were judged (``module.qualname``);
    where these are given, the name must lead to one of them."""
    helper: str = ""
    """The text of the module ``restore_only``, where its ``safe_globals`` allows something."""
    helper_at: str = ""
    """Where a fix will write that module; empty where it is there, or none is used."""

    def described(self) -> dict[str, object]:
        """The part of a request that the child understands."""
        package = self.module if self.is_package else self.module.rpartition(".")[0]
        return {
            **self.written._asdict(),
            "file": str(self.file),
            "module": self.module,
            "package": package,
            "mains": list(self.mains),
            "runs_alone": self.runs_alone,
            "harmless": list(self.harmless),
            "judged": list(self.judged),
        }


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What one load did."""

    status: str
    """``loads``; ``refused`` (torch raised), ``raises`` (an expression of the program does),
    ``refused-entry`` (an item is another object than the one that was judged, or runs code; nothing
    was loaded). What could not be tried: ``cannot-import`` (a module of the program raised),
    ``unsupported`` (this torch has no allowlists), ``timeout``, ``failed`` (the child died, or the
    file was not read or changed meanwhile)."""
    error: str = ""
    torch: str = ""
    python: str = ""
    how: str = ""
    """The device, and whether the file was mapped."""
    imported: tuple[str, ...] = ()
    """Packages that were imported, besides torch and the standard library."""
    patched: tuple[str, ...] = ()
    """What of torch the program's modules had replaced; the load was done without that."""
    missed: tuple[str, ...] = ()
    """Imports of the file that fail, with their errors; the load was done without them, too."""
    shadow: str = ""
    """A file of the project that is called torch, or as something that torch imports, which
    programs that are started there import in its place; it was not asked."""

    @property
    def loads(self) -> bool:
        """Whether the proof succeeded."""
        return self.status == "loads"

    @property
    def is_answer(self) -> bool:
        """Whether it says something about the program: it loads, or it fails."""
        return self.status in {"loads", "refused", "refused-entry", "raises"}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Who is asked, and how long the answer may take."""

    python: Path
    timeout: float = DEFAULT_TIMEOUT


def prove(
    checkpoint: Path,
    allowlist: Sequence[AllowedObject],
    interpreter: Interpreter,
    roots: Sequence[Path] = (),
    imports: Sequence[str] = (),
    program: Program | None = None,
    state: FileState | None = None,
) -> LoadOutcome:
    """Load a checkpoint with ``weights_only=True`` under exactly this allowlist.

    ``roots`` are the folders where first-party modules lie, ``imports`` the modules that the
    program imports for what they register. With a ``program``, what its own expressions give is
    allowed instead. ``state``: that of the checkpoint when it was read; a file with another state
    is another. The child imports the modules that the allowlist names (of a program: those that it
    imports), and so runs their code. Raises NoTorchError where the interpreter cannot be asked.
    """
    environment, path = _environment(roots)
    request: dict[str, object] = {
        "checkpoint": str(checkpoint.absolute()),
        "allow": [_described(entry) for entry in allowlist],
        "refuse": sorted(dangerous_prefixes()),
        "imports": list(imports),
        "roots": [str(root.absolute()) for root in roots],
        "path": path,
        "written": program.described() if program else None,
        "helper": program.helper if program else "",
        "helper_at": program.helper_at if program else "",
        "swapped": _is_swapped(checkpoint),
    }
    folder = next((root for root in reversed(roots) if root.is_dir()), checkpoint.parent)
    before = state or file_state(checkpoint)
    for way in range(_WAYS):  # the child of a way has no more than that one behind it
        answer = _ask({**request, "way": way}, interpreter, folder, environment)
        if answer["status"] != "again":
            break
    if file_state(checkpoint) != before:
        answer = {"status": "failed", "error": "the file was changed while it was tried"}
    if answer["status"] == "no-torch":
        raise NoTorchError(f"{interpreter.python} has no torch ({answer['error']})")
    return LoadOutcome(
        status=_status(answer),
        error=str(answer.get("error", "")),
        torch=str(answer.get("torch", "")),
        python=str(answer.get("python", "")),
        how=str(answer.get("how", "")),
        imported=_texts(answer, "imported"),
        patched=_texts(answer, "patched"),
        missed=_texts(answer, "missed"),
        shadow=str(answer.get("shadow", "")),
    )


def _is_swapped(checkpoint: Path) -> bool:
    """Whether torch turns the bytes of each number around, which ends it where they are mapped or
    on the meta device (``UntypedStorage.byteswap``, torch 2.13).
    """
    try:
        with open_regular(checkpoint) as file:
            archive = open_container(FileSource(file), checkpoint.name, DEFAULT_LIMITS).archive
            order = archive.read("byteorder") if archive and archive.find("byteorder") else b""
    except (OSError, ZipFaultError, LimitExceededError):
        return False
    return order not in {b"", sys.byteorder.encode()}


def _texts(answer: dict[str, Any], name: str) -> tuple[str, ...]:
    found = answer.get(name)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _status(answer: dict[str, Any]) -> str:
    """The status; a load of which nothing else is said was none."""
    says_how = all(answer.get(name) for name in ("torch", "how"))
    return "failed" if answer["status"] == "loads" and not says_how else str(answer["status"])


def file_state(path: Path) -> FileState:
    """What is another number where a file is another, or was written to."""
    with contextlib.suppress(OSError):
        found = path.stat()
        return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return ()


def _described(entry: AllowedObject) -> dict[str, object]:
    definitions = list(entry.definitions)
    return {**entry.spelling._asdict(), "key": entry.key, "definitions": definitions}


def _environment(roots: Sequence[Path]) -> tuple[dict[str, str], list[str]]:
    """The child's environment, and what of PYTHONPATH is added only after torch was imported.

    That is what lies in the project, however it is written there (``..``, a link): a ``torch.py``
    there never stands in for torch.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _ABSENT}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # nothing is written into the project
    given = environment.pop("PYTHONPATH", "")
    entries = [Path(entry or ".").absolute() for entry in given.split(os.pathsep)] if given else []
    own = [entry for entry in entries if _is_own(entry, roots)]
    others = [str(entry) for entry in entries if entry not in own]
    if others:
        environment["PYTHONPATH"] = os.pathsep.join(others)
    return environment, [str(entry) for entry in own]


def _is_own(entry: Path, roots: Sequence[Path]) -> bool:
    real = Path(os.path.realpath(entry))
    known = [Path(os.path.realpath(root)) for root in (*roots, Path())]
    inside = any(real.is_relative_to(root) for root in known)
    return inside and not any(part in _INSTALLED for part in (*entry.parts, *real.parts))


def _ask(
    request: dict[str, object],
    interpreter: Interpreter,
    folder: Path,
    environment: dict[str, str],
) -> dict[str, Any]:
    question = secrets.token_hex(8)
    limits = (str(interpreter.timeout), str(_SHARE_OF_MEMORY))
    command = [_program(interpreter.python), str(SUPERVISOR), *limits]
    data = json.dumps({**request, "question": question}).encode()
    output = _answer_of(command, data, interpreter.timeout, folder, environment)
    if output is None:
        return _late(interpreter.timeout)
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and answer.get("question") == question and "status" in answer:
        return _late(interpreter.timeout) if answer.get("status") == "timeout" else answer
    if not _works(interpreter, folder, environment):
        raise NoTorchError(f"{interpreter.python} does not work: it does not run Python")
    return {"status": "failed", "error": "what watches over the load was ended"}


def _late(seconds: float) -> dict[str, Any]:
    said = f"no answer within {seconds:g} s: an import of the project may wait for something"
    return {"status": "timeout", "error": f"{said}; --timeout SECONDS gives it longer, or less"}


def _works(interpreter: Interpreter, folder: Path, environment: dict[str, str]) -> bool:
    """Whether an interpreter runs Python at all."""
    command = [_program(interpreter.python), "-I", "-c", "print(6 * 7)"]
    return (_answer_of(command, b"", _PATIENCE, folder, environment) or b"").strip() == b"42"


def _answer_of(
    command: list[str], data: bytes, seconds: float, folder: Path, environment: dict[str, str]
) -> bytes | None:
    """What a program writes when it is given data; None where it does not end in time
    (and a while more).

    Raises NoTorchError where it cannot be started, or writes nothing at all in time.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the interpreter that the user named
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise NoTorchError(f"{command[0]} cannot be started: {error.strerror}") from None
    found: list[bytes] = []
    begun = threading.Event()
    threads = [
        threading.Thread(target=_give, args=(process, data), daemon=True),
        threading.Thread(target=_take, args=(process, found, begun), daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        threads[1].join(seconds)
        if threads[1].is_alive() and not begun.is_set():
            _kill(process)
            raise NoTorchError(f"{command[0]} does not run Python within {seconds:g} s")
        until = time.monotonic() + _PATIENCE
        while threads[1].is_alive() and time.monotonic() < until:
            _continue(process)  # its own time is over soon, unless a project has stopped it
            threads[1].join(_BETWEEN_LOOKS)
        if found and len(found[0]) < _MOST_READ:
            process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)
        for thread in threads:
            thread.join(_SECONDS_TO_END)
    return found[0] if found else None


def _give(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it has ended, or does not read
        process.stdin.write(data)
    with contextlib.suppress(OSError):
        process.stdin.close()


def _take(process: subprocess.Popen[bytes], found: list[bytes], begun: threading.Event) -> None:
    """All that is written; of what goes on for ever, as much as an answer can be."""
    assert process.stdout is not None
    with contextlib.suppress(OSError, ValueError):  # it was closed
        if first := process.stdout.read(1):
            begun.set()
        found.append(first + process.stdout.read(_MOST_READ))
        process.stdout.close()


def _program(python: Path) -> str:
    """A path as it is seen from here (the child starts in another folder); a bare name stays."""
    return str(python.absolute()) if len(python.parts) > 1 or python.exists() else str(python)


def _continue(process: subprocess.Popen[bytes]) -> None:
    """Let a process go on that was stopped; it counts as stopped where the system does not say."""
    if process.poll() is None and hasattr(signal, "SIGCONT") and _may_be_stopped(process.pid):
        process.send_signal(signal.SIGCONT)


def _may_be_stopped(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in {"T", "t"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the supervisor end what it watches over; where it does not, end it too."""
    if process.poll() is None:
        process.terminate()
        _continue(process)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process, and what it has started in its group."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):  # it has ended
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
