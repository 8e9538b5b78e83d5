"""A small project on the disk, and what must hold for any file of it that is checked and fixed."""

from __future__ import annotations

import ast
import atexit
import io
import pickle
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.harness import Harm, from_tests, must
from torchload_lint.config import Settings
from torchload_lint.source.text.parse import parse
from torchload_lint.workspace.one_file import Options, check_bytes
from torchload_lint.workspace.projects import Projects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.diagnostic import FileResult

same_but_for_safe_globals = from_tests("fixes.equivalence").same_but_for_safe_globals

EVERYTHING = Options(fix=True, unsafe=True)
MODELS = """
import os, torch

class Net:
    def __init__(self): self.a = 1

class Runs:
    def __setstate__(self, state): os.system(state)
"""
READ = "import argparse\nimport torch\n\ndef read(path):\n    return torch.load(path)\n"
REWRITING = frozenset({"TLL107", "TLL202", "TLL203", "TLL204", "TLL205", "TLL302", "TLL801"})
"""Rules whose fixes do more than restrict a load: they take statements or comments away, or put one
object of a list in the place of another."""


@cache
def folder() -> Path:
    """The project, made once for each process that asks."""
    made = Path(tempfile.mkdtemp(prefix="torchload-lint-fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    (made / "runs").mkdir()
    (made / "torchload-lint.toml").write_text("")
    (made / "models.py").write_text(MODELS)
    (made / "reading.py").write_text(READ)
    (made / "conf.yaml").write_text("path: runs/net.pt\n")
    for name, pickled in CHECKPOINTS.items():
        (made / "runs" / name).write_bytes(archive(pickled))
    return made


def archive(pickled: bytes) -> bytes:
    """The zip file that torch writes around a pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("archive/data.pkl", pickled)
        made.writestr("archive/version", b"3\n")
    return out.getvalue()


CHECKPOINTS = {
    "plain.pt": pickle.dumps({"a": 1}, 2),
    "net.pt": b"\x80\x02cmodels\nNet\n)\x81}X\x01\0\0\0aK\x01sb.",
    "runs.pt": b"\x80\x02cmodels\nRuns\n)\x81X\x04\0\0\0trueb.",
    "space.pt": b"\x80\x02cargparse\nNamespace\n)\x81}X\x01\0\0\0aK\x01sb.",
    "evil.pt": b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R.",
}
ALLOWED = {"Net", "Namespace"}
"""What of these files may be allowed; nothing else in them is harmless."""


@cache
def projects() -> Projects:
    """What is known of the project, kept from one input to the next, as an editor keeps it."""
    return Projects(Settings())


def checked(data: bytes, name: str, options: Options) -> tuple[FileResult, bytes]:
    """Check a text as a file of the project; a failure inside is a crash."""
    result, fixed = check_bytes(data, folder() / name, projects(), options)
    for crash in result.crashes:
        must(None, Harm.CRASH, f"{crash.message}\n{crash.traceback}")
    return result, fixed


def check_fix(before: str, after: str, fixed: Iterable[str]) -> None:
    """Raise HarmError where a fix has made another program, or has allowed what is not harmless.

    ``fixed`` are the codes of what was fixed.
    """
    old, new = parse(before), parse(after)
    assert isinstance(old, ast.Module)
    must(isinstance(new, ast.Module), Harm.WRITE, f"the fixed text does not parse: {new}\n{after}")
    assert isinstance(new, ast.Module)
    added = _allowed_in(new) - _allowed_in(old) - ALLOWED
    must(not added, Harm.ALLOWED, f"{sorted(added)}\n{after}")
    if REWRITING.isdisjoint(fixed) and _is_todays(before):
        _compare(before, after)


def _is_todays(text: str) -> bool:
    """Whether this Python itself can parse it."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _compare(before: str, after: str) -> None:
    difference = same_but_for_safe_globals(before, after)
    must(difference is None, Harm.WRITE, f"{difference}\n---\n{before}\n---\n{after}")


def _allowed_in(tree: ast.Module) -> set[str]:
    """The last parts of the names in calls of ``safe_globals`` and ``add_safe_globals``, and in the
    lists of which these are given the names.
    """
    calls = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and "safe_globals" in ast.unparse(node.func)[-16:]
    )
    given = [one for call in calls for one in call.args]
    names = {one.id for one in given if isinstance(one, ast.Name)}
    given += [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and not names.isdisjoint(map(ast.unparse, node.targets))
    ]
    lists = (one for one in given if isinstance(one, ast.List))
    return {ast.unparse(item).rpartition(".")[2] for one in lists for item in one.elts}
