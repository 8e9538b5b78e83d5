"""An object that keeps an iterator: a file puts half a million of them into each other, and Python
ends with its stack. Such classes are restored only, or refused.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

DEPTH = 600_000
SOURCE = """import itertools


class Net:
    def __init__(self, a=()):
        {}

    def __iter__(self):
        return self.a
"""
LOAD = """
import sys, torch, victim
with torch.serialization.safe_globals([victim.Net]):
    torch.load(sys.argv[1], weights_only=True)
"""
NET = forge.name("victim", "Net")


def judged(folder, statement):
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (folder / "victim.py").write_text(SOURCE.format(statement))
    (folder / "net.pt").write_bytes(forge.archive(forge.program(forge.new(NET) + b"}b")))
    (judgement,) = torchload_lint.inspect(folder / "net.pt").judgements
    return judgement.trust


def test_such_a_file_ends_python(tmp_path):
    assert judged(tmp_path, "self.a = (b for b in a)") is Trust.RESTORE_ONLY
    deep = NET * DEPTH + b")R" + b"\x85R" * (DEPTH - 1)
    program = forge.call(forge.name("builtins", "set"), deep)
    (tmp_path / "deep.pt").write_bytes(forge.archive(forge.program(program)))
    command = [sys.executable, "-c", LOAD, "deep.pt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode < 0


KEPT = (
    "self.a = zip(a)", "self.a = map(str, a)", "self.a = itertools.chain(a, a)",
    "b = filter(None, a)", "self.a = iter(enumerate(a))", "self.a = [zip(a)]", "self.a = iter(a)",
    "f = zip; self.a = f(a)", "self.a = (zip, 1)", "self.put(b for b in a)",
    "f = lambda: zip(a); self.a = f()",
)  # fmt: skip
USED_UP = (
    "self.a = list(zip(a))", "self.a = next(iter(a))", "self.a = [b for b, in zip(a)]",
    "self.a = dict(zip(a, a))",
    "self.a = any(b for b in a)", "self.a = ''.join(str(b) for b in a)", "self.a = [*map(str, a)]",
    "self.a = tuple(enumerate(zip(a)))", "self.a = sorted(itertools.chain(a))", "self.a = a",
)  # fmt: skip


@pytest.mark.parametrize("statement", KEPT)
def test_what_may_keep_an_iterator_is_not_proven(statement, tmp_path):
    assert judged(tmp_path, statement) is Trust.RESTORE_ONLY


@pytest.mark.parametrize("statement", USED_UP)
def test_what_goes_through_it_at_once_is_proven(statement, tmp_path):
    assert judged(tmp_path, statement) is Trust.FIRST_PARTY
