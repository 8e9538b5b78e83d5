"""A class that computes with what a file gives is restored, or refused: the file may give a sparse
tensor that nobody has checked, and real torch then reads and writes where its indices lead.
"""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.policy import Trust
from torchload_lint.workspace.one_file import Options

pytestmark = pytest.mark.torch

INDICES = struct.pack("<2q", 1 << 40, (1 << 40) + 5)


def tensor(key, kind, *size, grad=b"\x89"):
    strides = [1] if len(size) == 1 else [size[1], 1]
    shape, steps = (forge.pair(*map(forge.number, one)) for one in (size, strides))
    made = (forge.name("torch._utils", "_rebuild_tensor_v2"), forge.storage(key, kind, 2))
    hooks = forge.call(forge.name("collections", "OrderedDict"))
    return forge.call(*made, forge.number(0), shape, steps, grad, hooks)


def sparse(size=3):
    """Two numbers whose places lie a million million behind those that the tensor has."""
    layout = forge.call(
        forge.name("torch.serialization", "_get_layout"), forge.text("torch.sparse_coo")
    )
    values = (tensor("1", "LongStorage", 1, 2), tensor("0", "FloatStorage", 2))
    data = forge.pair(*values, forge.pair(forge.number(size)), b"\x88")
    return forge.call(forge.name("torch._utils", "_rebuild_sparse_tensor"), layout, data)


def archive(program):
    members = (("data/0", forge.STORAGE[:8]), ("data/1", INDICES))
    return forge.archive(forge.program(program), members=members)


HEAD = (
    "import itertools, math, random\nimport torch\nimport torch.nn.functional as F\n"
    "from torch import nn\n\n\n"
)
LOAD = """
import sys, torch, victim
with torch.serialization.safe_globals([victim.Net]):
    torch.load(sys.argv[1], weights_only=True)
"""


def judged(folder, body, program):
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (folder / "victim.py").write_text(f"{HEAD}class Net:\n    {body}\n")
    (folder / "net.pt").write_bytes(archive(program))
    (judgement,) = torchload_lint.inspect(folder / "net.pt").judgements
    return judgement


NET = forge.name("victim", "Net")
ENDING = (
    "a.to_dense()", "torch.ones(3) + a", "torch.add(torch.ones(3), a)",
    "[a.to_dense][0]()", "getattr(a, 'to_dense')()",
)  # fmt: skip


@pytest.mark.parametrize("computed", ENDING)
def test_what_ends_torch_is_refused_where_a_file_calls_it(computed, tmp_path):
    good = forge.call(NET, tensor("0", "FloatStorage", 2))
    body = f"def __init__(self, a):\n        self.a = {computed}"
    judgement = judged(tmp_path, body, good)
    assert judgement.trust is Trust.UNPROVEN
    assert "victim.py:9 computes with what may be a tensor" in judgement.reason
    (tmp_path / "hostile.pt").write_bytes(archive(forge.call(NET, sparse())))
    for file, ends in (("net.pt", False), ("hostile.pt", True)):
        command = [sys.executable, "-c", LOAD, file]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode < 0) is ends, done.stderr[-500:]


def test_a_gradient_is_added_to_the_one_that_is_there(tmp_path):
    """``x.backward(y)`` for two objects that share ``x``: the second ``y`` is the sparse one."""
    shared = tensor("0", "FloatStorage", 2, grad=b"\x88") + b"q\x07"
    made = forge.call(NET, shared, tensor("0", "FloatStorage", 2))
    again = forge.call(NET, b"h\x07", sparse(size=2))
    body = "def __init__(self, a, b):\n        a.backward(b)"
    assert judged(tmp_path, body, made).trust is Trust.UNPROVEN
    (tmp_path / "hostile.pt").write_bytes(archive(forge.pair(made, again)))
    for file, ends in (("net.pt", False), ("hostile.pt", True)):
        command = [sys.executable, "-c", LOAD, file]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode < 0) is ends, done.stderr[-500:]


OF_VETTED = {
    "x.anchor": ("pathlib", "PosixPath"),
    "x.uniform(a, b)": ("random", "Random"),
    "x.choices([1, 2], [b, a])": ("random", "Random"),
    "x.zscore(b)": ("statistics", "NormalDist"),
}
"""What computes with values of the file in vetted classes, which a file may mix in."""
OF_OBJECTS = {
    "NormalDist": forge.pair(sparse(size=2), forge.number(1)) + b"b",
    "PosixPath": forge.pair(
        b"N", forge.mapping({"_drv": tensor("0", "FloatStorage", 2), "_root": sparse(size=2)})
    ) + b"b",
}  # fmt: skip
LOAD_VETTED = """
import pathlib, random, statistics, sys, torch, victim
allowed = [victim.Net, random.Random, statistics.NormalDist, pathlib.PosixPath]
with torch.serialization.safe_globals(allowed):
    torch.load(sys.argv[1], weights_only=True)
"""


@pytest.mark.parametrize("computed", OF_VETTED)
def test_methods_of_vetted_classes_compute_too(computed, tmp_path):
    name = forge.name(*OF_VETTED[computed])
    body = f"def __init__(self, x, a, b):\n        self.a = {computed}"
    good = forge.call(NET, b"N", b"N", b"N")
    assert judged(tmp_path, body, good).trust is Trust.UNPROVEN
    state = OF_OBJECTS.get(OF_VETTED[computed][1])
    mixed = forge.call(name) if state is None else forge.new(name) + state
    given = (mixed, sparse(size=2), tensor("0", "FloatStorage", 2))
    (tmp_path / "hostile.pt").write_bytes(archive(forge.call(NET, *given)))
    command = [sys.executable, "-c", LOAD_VETTED, "hostile.pt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode < 0, done.stderr[-500:]


COMPUTING = (
    "a + a", "a @ self.b", "a / self.b", "torch.cat([a, a])", "torch.stack(a)", "F.relu(a)",
    "nn.Linear(a, 2)", "nn.L1Loss()(a, a)", "math.prod(a)", "itertools.accumulate(a)",
    "random.uniform(a, a)", "a.add_(a)", "a.matmul(a)", "a.update(a)", "[b * b for b in a]",
    "(lambda b: b - b)(a)", "[torch.cat, 1]", "(a + 1) * a", "a.to_sparse_csr()",
    "[a.to_dense][0]()", "map(a.add, a)", "getattr(a, 'to_dense')()", "(a.mul if a else 1)(a)",
    "a.to_dense; match_it = self.a()", "a.numpy() == a", "a.backward(a)", "a.gauss(a, a)",
    "a.scale(a)", "a.variance + 1", "getattr(a, 'variance')", "a.samples(2)", "[a.zscore][0](1)",
    "a.anchor", "a.supernet(a)",
)  # fmt: skip
PLAIN = (
    "a * 2", "1 / a", "-a", "a // 2 + 1", "'%s' % a", "'a' + a", "f'{a}' + a", "[a] + a", "a",
    "len(a) * len(a)", "int(a) + a", "a == a", "a[0]", "a.split()", "str(a) + a", "torch.float32",
    "torch.zeros(3)", "torch.tensor([1, 2.0])", "isinstance(a, nn.Linear)", "super().__init__()",
    "self.__dict__.update(a)", "math.sqrt(2) * a", "a.sort()", "2 ** 3 * a",
    "a.mean == 2", "-a.std", "f'{a.step}'", "self.step", "self.scale(a)", "self.variance",
    "self.anchor",
)  # fmt: skip


@pytest.mark.parametrize("computed", COMPUTING)
def test_what_computes_with_values_of_the_file_is_restored_only(computed, tmp_path):
    body = f"def __init__(self, a=None):\n        self.a = {computed}"
    judgement = judged(tmp_path, body, forge.new(NET) + b"}b")
    assert judgement.by_attributes or judgement.trust is Trust.RESTORE_ONLY
    assert judged(tmp_path, body, forge.call(NET, b"N")).trust is not Trust.FIRST_PARTY


@pytest.mark.parametrize("computed", PLAIN)
def test_arithmetic_with_numbers_and_texts_may_be_called(computed, tmp_path):
    body = f"def __init__(self, a=None):\n        self.a = {computed}"
    assert judged(tmp_path, body, forge.call(NET, b"N")).trust is Trust.FIRST_PARTY


def test_nor_is_it_written_as_itself_where_no_module_can_be_written(tmp_path):
    """A range of torch that begins before pairs of objects and names."""
    judged(tmp_path, "def __hash__(self):\n        return self.a + self.b", forge.new(NET) + b"}b")
    settings = '[project]\nname = "one"\nversion = "1"\ndependencies = ["torch>=2.5"]\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    program = "import torch\nimport victim\nnet = torch.load('net.pt', weights_only=False)\n"
    (tmp_path / "run.py").write_text(program)
    options = Options(fix=True, unsafe=True, write=True)
    torchload_lint.check(tmp_path, options=options)
    assert (tmp_path / "run.py").read_text() == program


def test_all_that_a_load_reaches_counts(tmp_path):
    made = "a, b = self.a, other.a"
    for body in (
        f"def __eq__(self, other):\n        {made}\n        return a * b",
        "f = lambda self, a: a * a\n    def __hash__(self):\n        return self.f(self.a)",
        "def __hash__(self):\n        return twice(self.a)\n\ndef twice(a):\n    return a + a",
        "def __setstate__(self, state):\n        self.a = state['a'] + state['b']",
    ):
        judgement = judged(tmp_path, body, forge.new(NET) + b"}b")
        assert judgement.by_attributes or not judgement.trust.value.startswith("first"), body
    body = "def twice(self, a):\n        return a + a"  # which no load calls
    judgement = judged(tmp_path, body, forge.new(NET) + b"}b")
    assert judgement.trust is Trust.FIRST_PARTY
    assert not judgement.by_attributes
