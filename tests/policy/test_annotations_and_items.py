"""Classes that call what they are annotated with, or take items of a file's tensors by its keys."""

from __future__ import annotations

import struct

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import CALLED, NET, SETS, loaded, project, stands_as_itself
from policy.test_unchecked_tensors import tensor

pytestmark = pytest.mark.torch

COMMAND = """import dataclasses, os
from dataclasses import fields

class Command:
    def __init__(self, text): os.mkdir(text)

@dataclasses.dataclass
class Base:
    run: Command = None
"""
CALLING = {
    "items": "self.x = [kind(s[n]) for n, kind in self.__annotations__.items()]",
    "an item": "self.x = self.__annotations__['run'](s['run'])",
    "values": "kinds = self.__annotations__; self.x = [k(s['run']) for k in kinds.values()]",
    "types of fields": "self.x = [one.type(s['run']) for one in fields(self)]",
    "a loop": "for one in dataclasses.fields(self): self.x = one.type(s[one.name])",
    "fields that are kept": "self.f = fields(self); self.x = self.f[0].type(s['run'])",
    "a table": "self.x = self.__dataclass_fields__['run'].type(s['run'])",
}


def annotated(folder, statement, good=None):
    base = "" if "__annotations__" in statement else "(Base)"
    fields = "" if base else "    run: Command = None\n"
    head = f"{COMMAND}\n\nclass Net{base}:\n{fields}    {SETS}\n        {statement}\n"
    project(folder, "", "pass", good)
    (folder / "victim.py").write_text(head)


@pytest.mark.parametrize("statement", CALLING.values(), ids=CALLING)
def test_a_class_of_an_annotation_is_called(statement, tmp_path):
    annotated(tmp_path, statement)
    assert not stands_as_itself(tmp_path)
    state = forge.mapping({"run": forge.text("ran")})
    loaded(tmp_path, forge.new(NET) + state + b"b")
    assert (tmp_path / "ran").is_dir()


NAMES = (
    "self.x = [one.name for one in fields(self) if one.init]", "self.x = len(fields(self))",
    "for one in fields(self): setattr(self, one.name, s.get(one.name))",
    "self.x = s in self.__annotations__", "self.x = list(self.__annotations__)",
    "for name in self.__annotations__.keys(): setattr(self, name, s)",
)  # fmt: skip


@pytest.mark.parametrize("statement", NAMES)
def test_names_of_annotations_may_be_read(statement, tmp_path):
    annotated(tmp_path, statement)
    assert stands_as_itself(tmp_path)


FAR = 1 << 40


def csr():
    """Numbers whose rows and columns lie where nothing is."""
    layout = forge.call(
        forge.name("torch.serialization", "_get_layout"), forge.text("torch.sparse_csr")
    )
    rows = tensor("2", "LongStorage", 3)
    values = (rows, tensor("1", "LongStorage", 2), tensor("0", "FloatStorage", 2))
    size = forge.pair(forge.number(2), forge.number(2))
    data = forge.pair(*values, size)
    return forge.call(forge.name("torch._utils", "_rebuild_sparse_tensor"), layout, data)


def sparse_archive(program):
    far = struct.pack("<2q", FAR, FAR)
    members = (("data/0", bytes(8)), ("data/1", far), ("data/2", bytes(8) + far))
    return forge.archive(forge.program(program), members=members)


KEY = forge.pair(forge.array(forge.number(0)), forge.number(0))
ITEMS = (
    "self.x = s and s[0][s[1]]", "self.x = s and s[0][:, 0]", "self.x = s and s[0][..., 0]",
    "self.x = s and s[0][tuple(s[1])]", "t, k = s or ({}, 0); self.x = k and t[k]",
    "t, k = s or ({}, 0); self.x = k and t.__getitem__(k)",
)  # fmt: skip


@pytest.mark.parametrize("statement", ITEMS)
def test_an_item_by_a_key_of_the_file(statement, tmp_path, monkeypatch):
    project(tmp_path, "", f"{CALLED}\n        {statement}", forge.call(NET))
    assert not stands_as_itself(tmp_path)
    monkeypatch.setattr("policy.test_proofs_attacked.archive", sparse_archive)
    sparse = csr().replace(
        forge.storage("2", "LongStorage", 2), forge.storage("2", "LongStorage", 3)
    )
    assert loaded(tmp_path, forge.call(NET, forge.pair(sparse, KEY))).returncode < 0


PLAIN_ITEMS = (
    "self.x = s and s[0]", "self.x = s and s['a'][1:2]", "self.x = s and [s[i] for i in range(3)]",
    "self.x = s and s[int(s)]", "t = {}; self.x = s in t and t[s]", "self.x = s and TABLE[s]",
    "self.x = s and [s[i - 1] for i, one in enumerate(s)]", "x: dict[str, tuple[int, ...]] = s",
    "def f(**more): return more[s]", "self.x = 0\n    def __getitem__(self, i): return self.x[i]",
)  # fmt: skip


@pytest.mark.parametrize("statement", PLAIN_ITEMS)
def test_what_cannot_be_such_an_item_may_be_taken(statement, tmp_path):
    project(tmp_path, "TABLE = {'a': 1}", f"{CALLED}\n        {statement}", forge.call(NET))
    assert stands_as_itself(tmp_path)


def test_keys_are_asked_for_items(tmp_path):
    body = "def __getitem__(self, i): return self.x[i]\n    def keys(self): return self.k"
    project(tmp_path, "", body)
    assert not stands_as_itself(tmp_path)
    project(tmp_path, "", body.partition("\n")[0])
    assert stands_as_itself(tmp_path)


def test_counts_are_added(tmp_path):
    project(tmp_path, "", f"{CALLED}self.x = s and s.total()", forge.call(NET))
    assert not stands_as_itself(tmp_path)


SHORTER = (
    "self.items.clear(); return 1", "del self.items[1:]; return 1", "return self.items.pop() or 1",
    "return self.other()", "return len(self.items)",
)  # fmt: skip
READ = "return self.n", '"""The number."""; return self.n', "return 1"
SHOWING = "return int(self.n)", "return int(self.n) + 1"
"""What fails for a text shows it, by its own ``__repr__``."""


def test_a_number_makes_the_list_shorter_that_torch_reads(tmp_path):
    body = f"def __index__(self): {SHORTER[0]}"
    project(tmp_path, "", body)
    assert not stands_as_itself(tmp_path)
    itself = forge.new(NET) + b"}" + forge.text("items") + b"h\x00sb"
    sizes = b"]q\x00(" + itself + forge.number(1) * 300 + b"e"
    hooks = forge.call(forge.name("collections", "OrderedDict"))
    made = (forge.storage("0", "FloatStorage", 2), forge.number(0), sizes)
    rebuild = forge.name("torch._utils", "_rebuild_tensor_v2")
    program = forge.call(rebuild, *made, forge.pair(forge.number(1)), b"\x89", hooks)
    repeated = b"0".join([program] * 20)
    assert loaded(tmp_path, repeated).returncode < 0


@pytest.mark.parametrize("body", [*SHORTER, *READ, *SHOWING])
def test_only_a_number_that_is_read_may_be_given(body, tmp_path):
    project(tmp_path, "", f"def __int__(self): {body}")
    assert stands_as_itself(tmp_path) is (body in READ)


def test_a_coroutine_may_be_kept(tmp_path):
    later = "\n    async def later(self, x): return x"
    project(tmp_path, "", f"{CALLED}self.x = self.later(s.x){later}")
    assert not stands_as_itself(tmp_path)
    project(tmp_path, "", f"{CALLED}self.x = s{later}")
    assert stands_as_itself(tmp_path)


COMPILED = (
    "victim.so", "victim.cpython-311-x86_64-linux-gnu.so", "victim.cp312-win_amd64.pyd",
    "victim/__init__.abi3.so", "victim/__init__.pyc",
)  # fmt: skip


@pytest.mark.parametrize("compiled", COMPILED)
def test_what_python_imports_sooner_than_the_text(compiled, tmp_path):
    project(tmp_path, "", f"{CALLED}self.x = s")
    assert torchload_lint.inspect(tmp_path / "net.pt").judgements[0].allowed
    (tmp_path / compiled).parent.mkdir(exist_ok=True)
    (tmp_path / compiled).touch()
    assert not torchload_lint.inspect(tmp_path / "net.pt").judgements[0].allowed


ALL_OF_IT = {
    "the bases of a class": "self.x = s and s.mro()[1](s)",
    "a copy of a path": "self.x = s and s.copy(s)",
    "a copy that is handed on": "self.x = s and list(map(s.copy, s))",
    "handlers of a logger": "[one.setStream(s) for one in logging.getLogger().handlers]",
    "an item of handlers": "logging.getLogger().handlers[0].setFormatter(s)",
    "the class of loggers": "logging.getLogger().manager.setLoggerClass(s)",
}


@pytest.mark.parametrize("statement", ALL_OF_IT.values(), ids=ALL_OF_IT)
def test_what_belongs_to_more_than_the_object(statement, tmp_path):
    project(tmp_path, "import logging", f"{CALLED}{statement}", forge.call(NET))
    assert not stands_as_itself(tmp_path)


@pytest.mark.parametrize(
    "statement", ["self.x = s and s.copy()", "self.x = not logging.getLogger().handlers"]
)
def test_a_copy_may_be_made(statement, tmp_path):
    project(tmp_path, "import logging", f"{CALLED}{statement}", forge.call(NET))
    assert stands_as_itself(tmp_path)


def test_a_function_that_a_file_calls_is_said_to_be_one(tmp_path):
    project(
        tmp_path, "def make(x): return x", "pass", forge.call(forge.name("victim", "make"), b"N")
    )
    (judgement,) = torchload_lint.inspect(tmp_path / "net.pt").judgements
    assert not judgement.allowed
    assert (
        "calls a function of this project (victim.py:1) with arguments of its" in judgement.reason
    )
