"""Runs programs, each in a fork of its own: ``python runner.py`` reads lists of files as JSON lines
and writes what each program loaded, and how it ended.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SECONDS = 10


class Run(NamedTuple):
    """What came of one program."""

    loaded: list[str]
    """The files that it loaded, from its folder."""
    error: str
    """The exception that ended it; empty where none did."""


def run_all(programs: Iterable[Mapping[str, str]]) -> list[Run]:
    """Run programs, each given by its files, one after another."""
    lines = "".join(json.dumps(dict(files)) + "\n" for files in programs)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", __file__],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Run(**json.loads(line)) for line in done.stdout.splitlines()]


class _Files(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports from a dictionary, as if its files lay in a folder."""

    def __init__(self, files: Mapping[str, str], root: str) -> None:
        self.files = files
        self.root = root

    def find_spec(self, name, path=None, target=None):
        del path, target
        file = f"{name.replace('.', '/')}.py"
        return importlib.util.spec_from_loader(name, self) if file in self.files else None

    def exec_module(self, module):
        file = f"{module.__name__.replace('.', '/')}.py"
        module.__file__ = f"{self.root}/{file}"
        exec(compile(self.files[file], file, "exec"), module.__dict__)


def _child(files: Mapping[str, str], root: str, pipe: int) -> None:
    from programs.world import fake_libraries, fake_torch

    loaded: list[str] = []
    error = ""
    signal.alarm(_SECONDS)
    fake_torch(root, loaded.append)
    fake_libraries()
    sys.meta_path.insert(0, _Files(files, root))
    sys.stdout = io.StringIO()
    try:
        importlib.import_module("main")
    except BaseException as raised:  # noqa: BLE001 - whatever ends a program is reported
        error = f"{type(raised).__name__}: {raised}"
    with os.fdopen(pipe, "w") as out:
        json.dump({"loaded": loaded, "error": error}, out)
    os._exit(0)


def _run(files: Mapping[str, str], root: str) -> dict[str, object]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(files, root, writing)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"loaded": [], "error": "killed"}


def _main() -> None:
    import argparse  # noqa: F401 - imported once, for all that are forked from here
    import asyncio  # noqa: F401
    import concurrent.futures.thread  # noqa: F401
    import dataclasses  # noqa: F401
    import unittest.mock  # noqa: F401

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from programs.world import FILES

    root = os.path.realpath(tempfile.mkdtemp())
    for name in FILES:
        path = Path(root, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    os.chdir(root)
    try:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(_run(json.loads(line), root)) + "\n")
            sys.stdout.flush()  # or a fork would write it again
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    _main()
