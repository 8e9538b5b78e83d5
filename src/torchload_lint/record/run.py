"""Run a command with the hook, and read back what it noted."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOOK = Path(__file__).parent / "hook"
VARIABLE = "TORCHLOAD_LINT_RECORD"


@dataclass(frozen=True, slots=True)
class Observed:
    """One call of torch.load that the command made."""

    file: Path
    row: int
    function: str
    checkpoint: Path | None
    torch: str
    outcome: str


def run_recorded(command: Sequence[str]) -> tuple[int, list[Observed]]:
    """Run ``command``, in the current folder and with the standard streams as they are.

    Its exit status, and the loads of it and of every Python process below it. Raises OSError
    where the command cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="torchload-lint-") as folder:
        notes = Path(folder) / "loads.jsonl"
        environment = dict(os.environ)
        path = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{HOOK}{os.pathsep}{path}" if path else str(HOOK)
        environment[VARIABLE] = str(notes)
        done = subprocess.run(list(command), env=environment, check=False)  # noqa: S603 - as asked
        return done.returncode, list(_read(notes))


def _read(notes: Path) -> Iterator[Observed]:
    if not notes.exists():
        return
    for line in notes.read_text(encoding="utf-8", errors="replace").splitlines():
        observed = _observed(line)
        if observed is not None:
            yield observed


def _observed(line: str) -> Observed | None:
    """One line; None where a killed process left it half-written."""
    try:
        noted = json.loads(line)
        checkpoint = noted["checkpoint"]
        return Observed(
            file=Path(noted["file"]),
            row=int(noted["row"]),
            function=str(noted["function"]),
            checkpoint=Path(checkpoint) if checkpoint else None,
            torch=str(noted["torch"]),
            outcome=str(noted["outcome"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
