"""The oracle: real torch in another process, asked about files and allowlists.

``TORCHLOAD_LINT_TORCH_PYTHON`` names the interpreter whose torch is asked (default: this one), so
that the same tests judge another version.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint.report import NeededGlobal, StandIn

HERE = Path(__file__).resolve().parent
SECONDS = 120
"""How long one answer may take; importing pandas, sklearn and the like counts."""


@dataclass(frozen=True)
class Outcome:
    """What one load did."""

    loads: bool
    error: str = ""


@dataclass(frozen=True)
class Truth:
    """What torch needs for a file: see ``oracle_worker.truth``."""

    outcome: str
    needed: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    stubbed: tuple[str, ...] = ()
    error: str = ""
    stand_ins: tuple[tuple[str, str], ...] = ()
    """Name and plain container, where such pairs make an otherwise impossible file load."""


class Oracle:
    """A worker that is started when it is first asked, and again when it dies."""

    def __init__(self, python: str = "", *, stubs: bool = False) -> None:
        self.python = python or os.environ.get("TORCHLOAD_LINT_TORCH_PYTHON") or sys.executable
        self.options = ("--stubs",) if stubs else ()
        self.process: subprocess.Popen[bytes] | None = None

    def load(
        self, path: Path, allow: Sequence[dict[str, Any]] = (), imports: Sequence[str] = ()
    ) -> Outcome:
        """Load with these entries allowed, after these imports."""
        answer = self.ask(op="load", path=str(path), allow=list(allow), imports=list(imports))
        if "crash" in answer:
            return Outcome(loads=False, error=answer["crash"])
        return Outcome(answer["loads"], answer["error"])

    def truth(self, path: Path) -> Truth:
        """The smallest allowlist, found by torch itself."""
        answer = self.ask(op="truth", path=str(path))
        if "crash" in answer:
            return Truth("crash", error=answer["crash"])
        return Truth(
            answer["outcome"],
            frozenset(answer["needed"]),
            frozenset(answer["plain"]),
            tuple(answer["stubbed"]),
            answer["error"],
            tuple(sorted(answer.get("stand_ins", {}).items())),
        )

    def unsafe_globals(self, path: Path) -> dict[str, Any]:
        """``get_unsafe_globals_in_checkpoint``: ``names`` or ``raises``."""
        return self.ask(op="unsafe_globals", path=str(path))

    def version(self) -> str:
        """The torch release, as ``2.13``."""
        release = str(self.ask(op="version")["torch"])
        return ".".join(release.split(".")[:2])

    def ask(self, **request: Any) -> dict[str, Any]:
        """One request, one answer; a worker that dies or hangs is an answer as well."""
        process = self.process or self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], SECONDS)
            line = process.stdout.readline() if ready else b""
        except BrokenPipeError:
            line = b""
        if not line:
            self.close()
            return {"crash": "the worker died or took too long"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def start(self) -> subprocess.Popen[bytes]:
        """Start the worker where the sample classes can be imported."""
        environment = os.environ | {
            "PYTHONPATH": str(HERE.parent),
            "BROWSER": "true",
            "PYTHONWARNINGS": "ignore",
        }
        self.process = subprocess.Popen(
            [self.python, str(HERE / "oracle_worker.py"), *self.options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=HERE.parent,
        )
        return self.process

    def close(self) -> None:
        """End the worker."""
        if self.process is None:
            return
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self.process.kill()
        self.process.wait()
        self.process = None


def entry(needed: NeededGlobal) -> dict[str, Any]:
    """A needed global as the worker takes it."""
    return {
        "key": str(needed.name),
        "module": needed.spelling.module,
        "name": needed.spelling.name,
        "template": needed.spelling.template,
        "pair": needed.pair,
    }


def stand_in_entry(stand_in: StandIn) -> dict[str, Any]:
    """A stand-in as the worker takes it: always a pair."""
    return {
        "key": str(stand_in.name),
        "module": stand_in.spelling.module,
        "name": stand_in.spelling.name,
        "template": stand_in.spelling.template,
        "pair": True,
    }
