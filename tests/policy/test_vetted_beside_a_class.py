"""What a vetted class of Python or numpy does for a proven class of the project beside it."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_unchecked_tensors import NET, judged
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

FAR = 1 << 40


def numbers(key, kind, count, size, strides):
    hooks = forge.call(forge.name("collections", "OrderedDict"))
    function = forge.name("torch._utils", "_rebuild_tensor_v2")
    stored = forge.storage(key, kind, count)
    return forge.call(function, stored, forge.number(0), size, strides, b"\x89", hooks)


def rows():
    """A tensor of two rows and columns whose numbers lie a million million behind it."""
    layout = forge.call(
        forge.name("torch.serialization", "_get_layout"), forge.text("torch.sparse_csr")
    )
    values = (
        numbers("2", "LongStorage", 3, b"(K\x03t", b"(K\x01t"),
        numbers("1", "LongStorage", 2, b"(K\x02t", b"(K\x01t"),
        numbers("0", "FloatStorage", 4, b"(K\x02t", b"(K\x01t"),
    )
    data = forge.pair(*values, b"(K\x02K\x02t")
    return forge.call(forge.name("torch._utils", "_rebuild_sparse_tensor"), layout, data)


def dense():
    return numbers("0", "FloatStorage", 4, b"(K\x02K\x02t", b"(K\x02K\x01t")


def fraction():
    parts = forge.mapping({"_numerator": dense(), "_denominator": rows()})
    return forge.new(forge.name("fractions", "Fraction")) + forge.pair(b"N", parts) + b"b"


def generator():
    return forge.new(forge.name("numpy.random._pcg64", "PCG64"))


CASES = {
    "max(a, b)": ("fractions.Fraction", fraction),
    "sorted([a, b])": ("fractions.Fraction", fraction),
    "a.state": ("numpy.random._pcg64.PCG64", generator),
}
LOAD = """
import fractions, numpy.random, torch, victim
with torch.serialization.safe_globals([victim.Net, {name}]):
    torch.load("hostile.pt", weights_only=True)
"""


@pytest.mark.parametrize("code", CASES)
def test_it_is_not_allowed_where_it_ends_the_interpreter(code, tmp_path):
    name, made = CASES[code]
    body = f"def __init__(self, a, b):\n        self.a = {code}"
    assert judged(tmp_path, body, forge.call(NET, b"N", b"N")).trust is Trust.FIRST_PARTY
    members = (
        ("data/0", forge.STORAGE),
        ("data/1", struct.pack("<2q", FAR, FAR)),
        ("data/2", struct.pack("<3q", 0, FAR, FAR)),
    )
    program = forge.program(forge.call(NET, made(), made()))
    (tmp_path / "hostile.pt").write_bytes(forge.archive(program, members=members))
    said = torchload_lint.inspect(tmp_path / "hostile.pt")
    of_library = [
        one for need, one in zip(said.report.safe_globals, said.judgements, strict=True)
        if str(need.name) == name
    ]  # fmt: skip
    assert of_library
    assert not any(one.allowed for one in of_library)
    command = [sys.executable, "-c", LOAD.format(name=name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode < 0, done.stderr[-500:]
