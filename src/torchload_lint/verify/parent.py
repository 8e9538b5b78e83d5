"""Asks real torch, in a child process with a time limit, whether an allowlist is right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.checkpoint.dangerous import dangerous_prefixes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.names import Spelling

CHILD = Path(__file__).with_name("child.py")
DEFAULT_TIMEOUT = 120.0
"""Seconds for one load, the import of torch and of the project's modules included."""

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
class LoadOutcome:
    """What one load did."""

    status: str
    """``loads``; ``refused`` (torch raised), ``cannot-import``, ``refused-entry`` (a name leads to
    another object than the one that was judged; nothing was loaded), ``unsupported`` (this torch
    has no allowlists), ``timeout``, ``failed`` (the child died)."""
    error: str = ""
    torch: str = ""
    python: str = ""
    how: str = ""
    """The device, and whether the file was mapped."""
    imported: tuple[str, ...] = ()
    """Packages that were imported, besides torch and the standard library."""

    @property
    def loads(self) -> bool:
        """Whether the proof succeeded."""
        return self.status == "loads"


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
) -> LoadOutcome:
    """Load a checkpoint with ``weights_only=True`` under exactly this allowlist.

    ``roots`` are the folders where first-party modules lie, ``imports`` the modules that the
    program imports for what they register. The child imports the modules that the allowlist
    names, and so runs their code. Raises NoTorchError where the interpreter cannot be asked.
    """
    request: dict[str, object] = {
        "checkpoint": str(checkpoint.absolute()),
        "allow": [_described(entry) for entry in allowlist],
        "refuse": sorted(dangerous_prefixes()),
        "imports": list(imports),
        "roots": [str(root.absolute()) for root in roots],
    }
    folder = next((root for root in reversed(roots) if root.is_dir()), checkpoint.parent)
    answer = _ask(request, interpreter, folder)
    if answer["status"] == "no-torch":
        raise NoTorchError(f"{interpreter.python} has no torch ({answer['error']})")
    return LoadOutcome(
        status=str(answer["status"]),
        error=str(answer.get("error", "")),
        torch=str(answer.get("torch", "")),
        python=str(answer.get("python", "")),
        how=str(answer.get("how", "")),
        imported=tuple(map(str, answer.get("imported", ()))),
    )


def _described(entry: AllowedObject) -> dict[str, object]:
    definitions = list(entry.definitions)
    return {**entry.spelling._asdict(), "key": entry.key, "definitions": definitions}


def _ask(request: dict[str, object], interpreter: Interpreter, folder: Path) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name not in _ABSENT}
    try:
        child = subprocess.Popen(  # noqa: S603 - the interpreter that the user named
            [_program(interpreter.python), str(CHILD)],
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
        output, _ = child.communicate(json.dumps(request).encode(), interpreter.timeout)
    except subprocess.TimeoutExpired:
        _end(child)
        return {"status": "timeout", "error": f"no answer within {interpreter.timeout:g} s"}
    except BaseException:
        _end(child)
        raise
    try:
        answer = json.loads(output)
    except ValueError:
        return {"status": "failed", "error": f"the process ended with {child.returncode}"}
    return answer if isinstance(answer, dict) else {"status": "failed", "error": "no answer"}


def _program(python: Path) -> str:
    """A path as it is seen from here (the child starts in another folder); a bare name stays."""
    return str(python.absolute()) if len(python.parts) > 1 or python.exists() else str(python)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it has started."""
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.communicate()
