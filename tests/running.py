"""Runs small programs with real torch, each in a fork of this process, as ``python script`` would.

Only programs that the tests wrote themselves are run.
"""

from __future__ import annotations

import io
import json
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class Ran(NamedTuple):
    """What came of a program."""

    printed: str
    error: str
    """The exception that ended it; empty where none did."""


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write the files of a project; their texts may be indented."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))


def run_script(root: Path, script: str, *arguments: str, path: Sequence[str] = ()) -> Ran:
    """Run a script of a project in its root; ``path``: more folders on ``sys.path``."""

    def program() -> None:
        sys.argv = [script, *arguments]
        folder = (root / script).parent
        sys.path[:0] = map(str, [folder, *(root / one for one in path)])
        runpy.run_path(str(root / script), run_name="__main__")

    return _in_fork(root, program)


def run_text(root: Path, text: str, *, path: Sequence[str] = (".",)) -> Ran:
    """Run code in the root of a project (to write its checkpoints)."""

    def program() -> None:
        sys.path[:0] = [str(root / one) for one in path]
        exec(dedent(text), {"__name__": "made"})

    return _in_fork(root, program)


def answer_of(program: str, given: object, root: Path) -> Any:
    """What a program in a process of its own prints in its last line; both ways as JSON."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=root,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _in_fork(root: Path, program: Callable[[], None]) -> Ran:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as out:
            out.write(_outcome(root, program))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        error, _, printed = answer.read().partition("\0")
    os.waitpid(child, 0)
    return Ran(printed, error)


def _outcome(root: Path, program: Callable[[], None]) -> str:
    printed, error = io.StringIO(), ""
    os.chdir(root)
    sys.dont_write_bytecode = True
    try:
        with redirect_stdout(printed), redirect_stderr(io.StringIO()):
            program()
    except BaseException as raised:  # noqa: BLE001 - whatever ends a program is reported
        error = f"{type(raised).__name__}: {raised}".replace("\0", "")
    return f"{error}\0{printed.getvalue()}"
