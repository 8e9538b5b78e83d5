"""Asks real torch, in another process with a time limit, whether an allowlist is right."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.checkpoint.known.dangerous import dangerous_prefixes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.names import Spelling
    from torchload_lint.verify.written import Written

SUPERVISOR = Path(__file__).with_name("supervisor.py")
DEFAULT_TIMEOUT = 120.0
"""Seconds for one load, the import of torch and of the project's modules included."""

_PATIENCE = 30.0
"""Seconds more for the supervisor, which ends the child when its time is over."""

_INSTALLED = ("site-packages", "dist-packages")

_ABSENT = frozenset({"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_WEIGHTS_ONLY_LOAD"})
"""Variables that would change what a load does."""


class NoTorchError(Exception):
    """The interpreter cannot be asked: it is not there, or has no torch."""


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
    judged: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Names that a fix adds, and the definitions of each that were judged (``module.qualname``);
    where these are given, the name must lead to one of them."""

    def described(self) -> dict[str, object]:
        """The part of a request that the child understands."""
        package = self.module if self.is_package else self.module.rpartition(".")[0]
        return {
            **self.written._asdict(),
            "file": str(self.file),
            "module": self.module,
            "package": package,
            "mains": list(self.mains),
            "judged": list(self.judged),
        }


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What one load did."""

    status: str
    """``loads``; ``refused`` (torch raised), ``cannot-import`` (a module or an expression of the
    program raised), ``refused-entry`` (an item is another object than the one that was judged, or
    runs code; nothing was loaded), ``unsupported`` (this torch has no allowlists), ``timeout``,
    ``failed`` (the child died)."""
    error: str = ""
    torch: str = ""
    python: str = ""
    how: str = ""
    """The device, and whether the file was mapped."""
    imported: tuple[str, ...] = ()
    """Packages that were imported, besides torch and the standard library."""
    patched: tuple[str, ...] = ()
    """What of torch the program's modules had replaced; the load was done without that."""
    shadow: str = ""
    """A file of the project that is called torch, which programs that are started there import in
    its place; it was not asked."""

    @property
    def loads(self) -> bool:
        """Whether the proof succeeded."""
        return self.status == "loads"

    @property
    def is_answer(self) -> bool:
        """Whether it says something about the program: it loads, or it fails."""
        return self.status in {"loads", "refused", "refused-entry", "cannot-import"}


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
) -> LoadOutcome:
    """Load a checkpoint with ``weights_only=True`` under exactly this allowlist.

    ``roots`` are the folders where first-party modules lie, ``imports`` the modules that the
    program imports for what they register. With a ``program``, what its own expressions give is
    allowed instead. The child imports the modules that the allowlist names (of a program: those
    that it imports), and so runs their code. Raises NoTorchError where the interpreter cannot be
    asked.
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
    }
    folder = next((root for root in reversed(roots) if root.is_dir()), checkpoint.parent)
    answer = _ask(request, interpreter, folder, environment)
    if answer["status"] == "no-torch":
        raise NoTorchError(f"{interpreter.python} has no torch ({answer['error']})")
    return LoadOutcome(
        status=str(answer["status"]),
        error=str(answer.get("error", "")),
        torch=str(answer.get("torch", "")),
        python=str(answer.get("python", "")),
        how=str(answer.get("how", "")),
        imported=tuple(map(str, answer.get("imported", ()))),
        patched=tuple(map(str, answer.get("patched", ()))),
        shadow=str(answer.get("shadow", "")),
    )


def _described(entry: AllowedObject) -> dict[str, object]:
    definitions = list(entry.definitions)
    return {**entry.spelling._asdict(), "key": entry.key, "definitions": definitions}


def _environment(roots: Sequence[Path]) -> tuple[dict[str, str], list[str]]:
    """The child's environment, and what of PYTHONPATH is added only after torch was imported.

    That is what lies in the project: a ``torch.py`` there never stands in for torch.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _ABSENT}
    given = environment.pop("PYTHONPATH", "")
    entries = [Path(entry or ".").absolute() for entry in given.split(os.pathsep)] if given else []
    own = [entry for entry in entries if _is_own(entry, roots)]
    others = [str(entry) for entry in entries if entry not in own]
    if others:
        environment["PYTHONPATH"] = os.pathsep.join(others)
    return environment, [str(entry) for entry in own]


def _is_own(entry: Path, roots: Sequence[Path]) -> bool:
    inside = any(entry.is_relative_to(root.absolute()) for root in (*roots, Path()))
    return inside and not any(part in _INSTALLED for part in entry.parts)


def _ask(
    request: dict[str, object],
    interpreter: Interpreter,
    folder: Path,
    environment: dict[str, str],
) -> dict[str, Any]:
    try:
        supervisor = subprocess.Popen(  # noqa: S603 - the interpreter that the user named
            [_program(interpreter.python), str(SUPERVISOR), str(interpreter.timeout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise NoTorchError(f"{interpreter.python} cannot be started: {error.strerror}") from None
    try:
        data = json.dumps(request).encode()
        output, _ = supervisor.communicate(data, interpreter.timeout + _PATIENCE)
    except subprocess.TimeoutExpired:
        _end(supervisor)
        return {"status": "timeout", "error": f"no answer within {interpreter.timeout:g} s"}
    except BaseException:
        _end(supervisor)
        raise
    try:
        answer = json.loads(output)
    except ValueError:
        code = supervisor.returncode
        raise NoTorchError(f"{interpreter.python} does not work: it ended with {code}") from None
    return answer if isinstance(answer, dict) else {"status": "failed", "error": "no answer"}


def _program(python: Path) -> str:
    """A path as it is seen from here (the child starts in another folder); a bare name stays."""
    return str(python.absolute()) if len(python.parts) > 1 or python.exists() else str(python)


def _end(supervisor: subprocess.Popen[bytes]) -> None:
    """Let the supervisor end what it watches over; where it does not, end it too."""
    supervisor.terminate()
    try:
        supervisor.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.communicate()
