"""What ``str(x)``, ``math.floor(x)`` and operators give may be of a class of the file: real torch
shows what becomes of a program that takes it for a text or a number.
"""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET
from policy.test_unchecked_tensors import INDICES, sparse, tensor

pytestmark = pytest.mark.torch

HEAD = """import math, pathlib

NAMES = ["a"]

class Text(str):
    def __str__(self): return self
    def __repr__(self): return self
    def __format__(self, spec): return self
    def strip(self): return self.x
    def __add__(self, other): return self.x
    def __neg__(self): return self.x

class Number:
    def __floor__(self): return self.x
    def __add__(self, other): return self.x
    def __neg__(self): return self.x
    def __eq__(self, other): return self.x
    def __hash__(self): return 1

class Keeping(str):
    def __str__(self): return self
    def __hash__(self): return 1
    def __radd__(self, other):
        self.x = other
        return 1

class Adding:
    def __init__(self, other, one): other.x.append(one)
"""
LOAD = """
import pathlib, sys, torch, victim
allowed = [victim.Net, victim.Text, victim.Number, victim.Keeping, victim.Adding, pathlib.PosixPath]
with torch.serialization.safe_globals(allowed):
    torch.load(sys.argv[1], weights_only=True)
print(victim.NAMES)
"""
PATH = forge.name("pathlib", "PosixPath")


def one(name, value, *given):
    made = forge.call(forge.name("victim", name), *given)
    return made + forge.mapping({"x": value}) + b"b"


def csr():
    """A matrix whose row ends far behind its values."""
    layout = forge.call(
        forge.name("torch.serialization", "_get_layout"), forge.text("torch.sparse_csr")
    )
    data = (tensor("2", "LongStorage", 2), tensor("1", "LongStorage", 1))
    parts = (*data, tensor("0", "FloatStorage", 1), forge.pair(forge.number(1), forge.number(3)))
    made = b"(" + b"".join(parts) + b"t"
    return forge.call(forge.name("torch._utils", "_rebuild_sparse_tensor"), layout, made)


KEY = forge.pair(b"](K\x00e", forge.number(0))


def archive(program):
    members = (("data/0", bytes(8)), ("data/1", INDICES), ("data/2", struct.pack("<2q", 0, 10**9)))
    return forge.archive(forge.program(program), members=members)


def judged(folder, expression):
    """What is said of the classes where they are all in one file."""
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    body = f"    def __init__(self, a, b, c):\n        self.a = {expression}\n"
    (folder / "victim.py").write_text(f"{HEAD}\nclass Net:\n{body}")
    kept = one("Keeping", b"]", forge.text("a"))
    others = (forge.call(forge.name("victim", "Text"), forge.text("a")),
              forge.call(forge.name("victim", "Number")),
              forge.call(forge.name("victim", "Keeping"), forge.text("a")),
              forge.call(forge.name("victim", "Adding"), kept, forge.text("a")),
              forge.call(PATH, forge.text("a")))  # fmt: skip
    good = forge.call(NET, *map(forge.text, "abc"))
    (folder / "net.pt").write_bytes(archive(b"(" + good + b"".join(others) + b"t"))
    found = torchload_lint.inspect(folder / "net.pt").judgements
    return [one for one in found if not one.allowed]


def load(folder, program):
    (folder / "hostile.pt").write_bytes(archive(program))
    command = [sys.executable, "-c", LOAD, "hostile.pt"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


MOVING = ("str(a).strip()", "repr(a).strip()", "f'{a}'.strip()", "f'{a:>3}'.strip()",
          "(str(a) + 'x')", "[str(a).strip()][0]")  # fmt: skip
OF_TEXTS = ("str(a)", "f'{a}'", "f'x{a}'.strip()", "', '.join(a)", "' '.strip().lower()")


LOCAL = "a; t = {text}{more}; self.b = t.replace(b, c)"


def test_a_name_of_a_text_is_one(tmp_path):
    """Where it stands for nothing else."""
    assert not judged(tmp_path, LOCAL.format(text="str(a)", more=""))
    for text, more in (
        ("str(a).strip()", ""), ("a", ""), ("str(a)", "; t = a"), ("str(a)", "; t += b"),
        ("str(a)", "; t, u = a"), ("str(a)", "\n        for t in a: pass"),
        ("str(a)", "\n        if b: t = a"),
        ("str(a)", "\n        def go():\n            nonlocal t\n            t = a\n        go()"),
    ):  # fmt: skip
        assert judged(tmp_path, LOCAL.format(text=text, more=more)), (text, more)


def moved(folder, expression):
    """Whether a file moves another one, where the class is allowed for all that."""
    judged(folder, f"{expression}.replace(b, c)")
    (folder / "old").touch()
    given = one("Text", PATH, forge.text("a"))
    load(folder, forge.call(NET, given, forge.text("old"), forge.text("new")))
    return (folder / "new").exists()


def test_a_method_of_a_text_may_give_a_path(tmp_path):
    for text in MOVING:
        assert judged(tmp_path, f"{text}.replace(b, c)"), text
    assert moved(tmp_path, MOVING[0])


def test_a_text_has_its_own_replace(tmp_path):
    for text in OF_TEXTS:
        assert not judged(tmp_path, f"{text}.replace(b, c)"), text
    assert not moved(tmp_path, f"{OF_TEXTS[0]}.replace(b, c), {OF_TEXTS[2]}")


OPERATING = (
    "b.__getitem__(a)", "[b.__getitem__][0](a)", "getattr(b, '__getitem__')(a)",
    "a; get = b.__getitem__; self.b = get(a)",
    "b[a + 1]", "b[1 - a]", "b[-a]", "b[a == 1]", "b[math.floor(a)]", "b[str(a) + 'x']",
    "b[[i + 1 for i in range(a, b)]]", "[b[i + 1] for i in range(a, b)]",
    "[b[i] for i, x in enumerate(a, b)]", "b[math.gcd(a)]", "b[math.comb(a, b)]",
    "b[list(a) < list(b)]", "b + math.floor(a)", "b + math.trunc(a)", "b + (str(a) + 'x')",
    "b + -str(a)", "NAMES + str(a)", "NAMES == repr(a)", "NAMES != f'{a}'", "NAMES + round(a)",
)  # fmt: skip


def test_an_operator_may_give_a_tensor_or_a_tuple(tmp_path):
    for expression in OPERATING:
        assert judged(tmp_path, expression), expression


ENDING = {
    "[b.__getitem__][0](a.x)": ("Number", KEY, csr()),
    "b[a + 1]": ("Number", KEY, csr()),
    "b + math.floor(a)": ("Number", sparse(2), tensor("0", "FloatStorage", 2)),
    "b + (str(a) + 'x')": ("Text", sparse(2), tensor("0", "FloatStorage", 2)),
}


@pytest.mark.parametrize("expression", ENDING)
def test_it_then_ends_the_interpreter(expression, tmp_path):
    judged(tmp_path, expression)
    name, held, other = ENDING[expression]
    given = one(name, held, *([forge.text("a")] if name == "Text" else []))
    assert load(tmp_path, forge.call(NET, given, other, b"N")).returncode < 0


COUNTED = (
    "b[len(a) + 1]", "b[-len(a)]", "b[int(a) == 1]", "b[hash(a) - 1]", "b[not a]", "b[a is b]",
    "[b[i + 1] for i in range(a)]", "[b[i - 1] for i in range(1, a)]",
    "[b[i] for i, x in enumerate(a)]", "b[math.isqrt(a)]", "b * (len(a) + 1)", "b[f'{a}']",
    "a; n = len(a); self.b = b[n - 1]", "[b[n] for x in a if (n := len(x))]",
    "NAMES + [1]", "NAMES == f'x{a}'", "NAMES + list(a)",
)  # fmt: skip


def test_numbers_of_pythons_own_stay_plain(tmp_path):
    for expression in COUNTED:
        assert not judged(tmp_path, expression), expression


def test_what_the_program_shares_is_given_to_no_text_of_another_class(tmp_path):
    judged(tmp_path, "NAMES + str(a)")
    kept = forge.call(forge.name("victim", "Keeping"), forge.text("a")) + b"q\x07"
    added = forge.call(forge.name("victim", "Adding"), b"h\x07", forge.text("the file's"))
    done = load(tmp_path, b"(" + forge.call(NET, kept, b"N", b"N") + added + b"t")
    assert done.stdout == "['a', \"the file's\"]\n", done.stderr
