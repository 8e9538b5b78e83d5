"""A file may not change what the program shares: lists of classes and modules, members of enums."""

from __future__ import annotations

import contextlib
import importlib
import pickle
import sys

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.cli.group import root
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

HEAD = """
import enum
import logging
import torch

ROWS = [["ls"]]
NESTED = {"list": ["ls"]}
SCALE = torch.tensor([1.0, 2.0])

class Kind(enum.Enum):
    X = ["ls"]

COMMANDS = ["ls"]
BY_NAME = {"list": "ls"}

class Job:
"""
HANDED_ON = "\ndef commands():\n    return COMMANDS\n"
CHANGING = {
    "item": "    shared = ['ls']\n    def __init__(self, a): self.shared[0] = a",
    "method": "    shared = ['ls']\n    def __init__(self, a): self.shared.insert(0, a)",
    "in place": "    shared = ['ls']\n    def __init__(self, a): self.shared += [a]",
    "of cls": (
        "    shared = {}\n    @classmethod\n    def put(cls, a): cls.shared.update(a=a)\n"
        "    def __init__(self, a): self.put(a)"
    ),
    "by getattr": "    shared = ['ls']\n    def __init__(self, a): getattr(self, 'shared')[0] = a",
    "alias": "    def __init__(self, a):\n        x = COMMANDS\n        x[0] = a",
    "in a tuple": "    def __init__(self, a):\n        x = (COMMANDS, 1)\n        x[0][0] = a",
    "returned": "    def __init__(self, a): commands()[0] = a",
    "default": "    def __init__(self, a, found=COMMANDS): found[0] = a",
    "own default": "    def __init__(self, a, found=['ls']): found.append(a)",
    "kept default": (
        "    def __init__(self, a, found=[]): self.found = found; self.found.append(a)"
    ),
    "loop": "    def __init__(self, a):\n        for x in [COMMANDS]: x[:] = [a]",
    "kept": "    def __init__(self, a):\n        self.c = BY_NAME\n        self.c['list'] = a",
    "nested": "    def __init__(self, a): ROWS[0].insert(0, a)",
    "nested, in a loop": "    def __init__(self, a):\n        for row in ROWS: row[0] = a",
    "nested, of a copy": "    def __init__(self, a): list(ROWS)[0].insert(0, a)",
    "nested, of a slice": "    def __init__(self, a): ROWS[:][0].insert(0, a)",
    "nested, of a kept slice": (
        "    def __init__(self, a): self.rows = ROWS[0:]; self.rows[0].insert(0, a)"
    ),
    "nested, by get": "    def __init__(self, a): NESTED.get('list').insert(0, a)",
    "nested, by values": "    def __init__(self, a):\n        for x in NESTED.values(): x[0] = a",
    "nested, starred": (
        "    def __init__(self, a):\n        def f(row): row[0] = a\n        f(*ROWS)"
    ),
    "nested, own": "    shared = [['ls']]\n    def __init__(self, a): self.shared[0][0] = a",
    "nested, own, in a loop": (
        "    shared = [['ls']]\n    def __init__(self, a):\n        for x in self.shared: x[0] = a"
    ),
    "nested default": "    def __init__(self, a, rows=[['ls']]): rows[0].insert(0, a)",
    "a view": "    def __init__(self, a): SCALE[0].fill_(3)",
    "views": "    def __init__(self, a):\n        for x in SCALE: x.fill_(3)",
    "member": "    def __init__(self, a): Kind('x').value.insert(0, a)",
    "members": "    def __init__(self, a):\n        for x in Kind: x.value[0] = a",
    "logger": "    def __init__(self, a): logging.getLogger('app').setLevel(a)",
    "root": "    def __init__(self, a): logging.getLogger().handlers.clear()",
}
READING = {
    "item": "    def __init__(self, a): self.a = BY_NAME['list']",
    "nested item": "    def __init__(self, a): self.a = ROWS[0][0], NESTED['list'][0]",
    "nested loop": (
        "    def __init__(self, a):\n        for x in ROWS[0]: self.a = x\n"
        "        self.a = [x for x in NESTED.get('list')], len(ROWS), 'list' in NESTED"
    ),
    "scaled": "    def __init__(self, a): self.a = 3 * SCALE[0], SCALE * 2",
    "slice": "    def __init__(self, a): self.a = COMMANDS[1:], ROWS[0][:]",
    "get": "    def __init__(self, a): self.a = BY_NAME.get(a, 'x')",
    "copy": "    shared = ['ls']\n    def __init__(self, a): self.a = list(self.shared)",
    "in": "    shared = ['ls']\n    def __init__(self, a): self.a = a in self.shared",
    "loop": "    def __init__(self, a): self.a = [x for x in COMMANDS if x]",
    "sum": "    shared = ['ls']\n    def __init__(self, a): self.a = self.shared + [a]",
    "size": "    def __init__(self, a, sizes=[1, 2]): self.a = len(sizes)",
    "own": "    def __init__(self, a): self.items = []; self.items.append(a)",
    "constant": "    shared = (1, 2)\n    def __init__(self, a): self.a = self.shared",
}


def trust(project, module, name, program):
    (project / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (project / "model.pt").write_bytes(forge.archive(forge.program(program)))
    inspection = torchload_lint.inspect(project / "model.pt")
    found = zip(inspection.report.safe_globals, inspection.judgements, strict=True)
    return {str(need.name): judgement.trust for need, judgement in found}[f"{module}.{name}"]


@pytest.mark.parametrize("body", CHANGING.values(), ids=CHANGING)
def test_a_class_that_changes_what_others_share_is_not_proven(body, tmp_path):
    (tmp_path / "jobs.py").write_text(HEAD + body + "\n" + HANDED_ON)
    assert trust(tmp_path, "jobs", "Job", forge.new(forge.name("jobs", "Job"))) is not (
        Trust.FIRST_PARTY
    )


@pytest.mark.parametrize("body", READING.values(), ids=READING)
def test_one_that_only_reads_it_is(body, tmp_path):
    (tmp_path / "jobs.py").write_text(HEAD + body + "\n")
    assert trust(tmp_path, "jobs", "Job", forge.new(forge.name("jobs", "Job"))) is Trust.FIRST_PARTY


def test_nor_one_that_reads_what_the_program_hands_on(tmp_path):
    """Whoever calls the function may put an object into the list, whose methods the class calls."""
    (tmp_path / "jobs.py").write_text(f"{HEAD}{READING['loop']}\n{HANDED_ON}")
    assert trust(tmp_path, "jobs", "Job", forge.new(forge.name("jobs", "Job"))) is not (
        Trust.FIRST_PARTY
    )


MEETING = {
    "sum": "ROWS[0] + x",
    "list": "COMMANDS == x",
    "item": "NESTED['list'] != x",
    "of the class": "self.shared + x",
}
MET = """
    shared = ['ls']
    def __init__(self, x): {use}
    def __radd__(self, other): other.insert(0, 'rm')
    def __eq__(self, other): other.insert(0, 'rm')
    __hash__ = None
"""


@pytest.mark.parametrize("use", MEETING.values(), ids=MEETING)
def test_an_operator_of_another_object_is_given_what_is_shared(use, tmp_path, monkeypatch):
    name = "jobs_" + "".join(filter(str.isalpha, use)).lower()
    (tmp_path / f"{name}.py").write_text(HEAD + MET.format(use=use))
    itself = forge.name(name, "Job")
    job = forge.call(itself, forge.new(itself))
    assert trust(tmp_path, name, "Job", forge.new(itself)) is not Trust.FIRST_PARTY
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(name)
    (tmp_path / "model.pt").write_bytes(forge.archive(forge.program(job)))
    with torch.serialization.safe_globals([module.Job]), contextlib.suppress(TypeError):
        torch.load(tmp_path / "model.pt", weights_only=True)
    assert "rm" in repr((module.COMMANDS, module.ROWS, module.NESTED, module.Job.shared))


@pytest.mark.parametrize("use", ["ROWS[0] + [x]", "COMMANDS == ['ls']", "COMMANDS * len(x)"])
def test_an_operator_beside_a_plain_value(use, tmp_path):
    reads = MET.replace("other.insert(0, 'rm')", "return True")
    (tmp_path / "jobs.py").write_text(HEAD + reads.format(use=use))
    assert trust(tmp_path, "jobs", "Job", forge.new(forge.name("jobs", "Job"))) is Trust.FIRST_PARTY


@pytest.mark.parametrize(
    "kind", ["alias", "item", "nested", "nested, of a slice", "nested, own", "nested default"]
)
def test_torch_would_let_the_file_change_it(kind, tmp_path, monkeypatch):
    body, name = CHANGING[kind], f"jobs_{abs(hash(kind))}"
    (tmp_path / f"{name}.py").write_text(HEAD + body + "\n" + HANDED_ON)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(name)
    path = tmp_path / "model.pt"
    job = forge.call(forge.name(name, "Job"), forge.text("rm"))
    path.write_bytes(forge.archive(forge.program(job)))
    with torch.serialization.safe_globals([module.Job]):
        torch.load(path, weights_only=True)
    shared = getattr(module.Job, "shared", ()), module.Job.__init__.__defaults__
    assert "rm" in repr((module.COMMANDS, module.ROWS, *shared))


KINDS = "import enum\nclass Kind(enum.Enum):\n    LIST = 'ls'\n    NONE = ''\n"
KIND = forge.name("kinds", "Kind")
MEMBER = forge.call(KIND, forge.text("ls"))
CHANGED = forge.mapping({"_value_": forge.text("rm")})
ON_MEMBERS = {
    "filled": MEMBER + CHANGED + b"b",
    "filled by torch": forge.call(
        forge.name("torch._tensor", "_rebuild_from_type_v2"),
        KIND, KIND, forge.pair(forge.text("ls")), CHANGED,
    ),
    "asked for another": forge.call(KIND, forge.text("")),
    "made": forge.new(KIND, forge.text("ls")),
}  # fmt: skip


@pytest.mark.parametrize("program", ON_MEMBERS.values(), ids=ON_MEMBERS)
def test_a_file_finds_the_members_it_had_and_changes_none(program, tmp_path, monkeypatch):
    """``only_with(Kind, ("ls",))`` stands for the enumeration, whose class no file gets hold of."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "kinds", raising=False)
    monkeypatch.delitem(sys.modules, "restore_only", raising=False)
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "kinds.py").write_text(KINDS)
    path, app = tmp_path / "model.pt", tmp_path / "app.py"
    path.write_bytes(forge.archive(forge.program(MEMBER)))
    app.write_text("import torch\n\nfound = torch.load('model.pt')\n")
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(root, ["check", "--fix", "--unsafe-fixes", "."])
    assert "only_with(Kind, ('ls',))" in app.read_text()
    names: dict[str, object] = {}
    exec(compile(app.read_text(), "app.py", "exec"), names)
    kinds = importlib.import_module("kinds")
    assert names["found"] is kinds.Kind.LIST
    path.write_bytes(forge.archive(forge.program(program)))
    with pytest.raises((pickle.UnpicklingError, TypeError, AttributeError)):
        exec(compile(app.read_text(), "app.py", "exec"), {})
    assert kinds.Kind.LIST.value == "ls"


def test_an_enumeration_that_the_file_only_names_is_not_allowed(tmp_path):
    (tmp_path / "kinds.py").write_text(KINDS)
    assert trust(tmp_path, "kinds", "Kind", KIND) is Trust.UNPROVEN


@pytest.mark.parametrize("program", [ON_MEMBERS["filled"], ON_MEMBERS["made"]], ids=["set", "made"])
def test_nor_one_that_it_changes_itself(program, tmp_path):
    (tmp_path / "kinds.py").write_text(KINDS)
    assert trust(tmp_path, "kinds", "Kind", program) is Trust.UNPROVEN


def test_a_vetted_enumeration_is_held_to_its_members_too(tmp_path):
    name = forge.name("signal", "Signals")
    program = forge.call(name, forge.number(15))
    assert trust(tmp_path, "signal", "Signals", program) is Trust.ONLY_WITH
