"""An object that keeps an iterator, a slice or a deque: a file puts half a million of them into
each other, and Python ends with its stack. Such classes are restored only, or refused.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.helper_module import helper_text
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

DEPTH = 600_000
SOURCE = """import collections
import itertools


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
    "self.a = slice(a.a)", "self.a = collections.deque([a.a])", "f = slice; self.a = f(a)",
    "self.a = collections.deque(maxlen=9); self.a.append(a.a)",
    "self.a = collections.defaultdict(list); self.a[0] = a.a", "self.a = OSError(1, 'x', a.a)",
    "self.a = FileNotFoundError(*a)",
)  # fmt: skip
USED_UP = (
    "self.a = list(zip(a))", "self.a = next(iter(a))", "self.a = [b for b, in zip(a)]",
    "self.a = dict(zip(a, a))",
    "self.a = any(b for b in a)", "self.a = ''.join(str(b) for b in a)", "self.a = [*map(str, a)]",
    "self.a = tuple(enumerate(zip(a)))", "self.a = sorted(itertools.chain(a))", "self.a = a",
    "self.a = a[1:2]", "self.a = isinstance(a, slice)", "raise FileNotFoundError(a)",
    "b: collections.deque = a",
)  # fmt: skip


@pytest.mark.parametrize("statement", KEPT)
def test_what_may_keep_an_iterator_is_not_proven(statement, tmp_path):
    assert judged(tmp_path, statement) is Trust.RESTORE_ONLY


@pytest.mark.parametrize("statement", USED_UP)
def test_what_goes_through_it_at_once_is_proven(statement, tmp_path):
    assert judged(tmp_path, statement) is Trust.FIRST_PARTY


def ends(folder, program, entry):
    (folder / "deep.pt").write_bytes(forge.archive(forge.program(program)))
    load = LOAD.replace("import sys, torch, victim", "import collections, sys, torch")
    load = load.replace("victim.Net", entry)
    command = [sys.executable, "-c", load, "deep.pt"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


NESTED = {
    "builtins.slice": (b"", b"\x85R", forge.pair(forge.number(1), forge.number(2), b"N")),
    "collections.defaultdict": (b"NK\x01", b"\x86\x85\x86R", forge.pair(b"N")),
    "collections.deque": (b"", b"\x85\x85R", forge.pair(forge.pair(), forge.number(9))),
}
"""Class → what comes before the next one, what makes one of it, and harmless arguments."""


@pytest.mark.parametrize("name", NESTED)
def test_what_holds_one_in_the_other_is_held_to_the_arguments_of_the_file(name, tmp_path):
    module, _, last = name.rpartition(".")
    itself, (before, made, arguments) = forge.name(module, last), NESTED[name]
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    honest = forge.program(itself + arguments + b"R")
    for program, trust in ((honest, Trust.ONLY_WITH), (forge.program(itself), Trust.UNPROVEN)):
        (tmp_path / "net.pt").write_bytes(forge.archive(program))
        inspection = torchload_lint.inspect(tmp_path / "net.pt")
        assert inspection.judgements[0].trust is trust
        assert inspection.report.verdict.value == "needs-safe-globals"
    (tmp_path / "restore_only.py").write_text(helper_text())
    if name == "builtins.slice":
        given = "(1, 2, None)"
    else:
        given = "(None,)" if name.endswith("dict") else "((), 9)"
    entry = f"__import__('restore_only').only_with({name.removeprefix('builtins.')}, {given})"
    (tmp_path / "net.pt").write_bytes(forge.archive(honest))
    assert ends(tmp_path, itself + arguments + b"R", entry).returncode == 0
    deep = (itself + before) * DEPTH + b"N" + made * DEPTH
    assert ends(tmp_path, deep, name.removeprefix("builtins.")).returncode < 0
    refused = ends(tmp_path, deep, entry)
    assert refused.returncode == 1
    assert b"may not call" in refused.stderr


@pytest.mark.parametrize("name", ["collections.deque", "builtins.OSError", "numpy.object_"])
def test_a_value_that_may_not_stand_in_a_list_is_no_danger(name, tmp_path):
    """Whatever it holds, a ``deque`` that a file makes runs nothing when it is loaded unsafely."""
    module, _, last = name.rpartition(".")
    program = forge.call(forge.name(module, last), forge.array(forge.number(1)))
    (tmp_path / "net.pt").write_bytes(forge.archive(forge.program(program)))
    inspection = torchload_lint.inspect(tmp_path / "net.pt")
    assert inspection.report.verdict.value == "needs-safe-globals"
    assert inspection.judgements[0].trust is Trust.UNPROVEN
