"""A file may not change what the program shares: lists of classes and modules, members of enums."""

from __future__ import annotations

import importlib

import pytest

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

HEAD = """
COMMANDS = ["ls"]
BY_NAME = {"list": "ls"}

def commands():
    return COMMANDS

class Job:
"""
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
}
READING = {
    "item": "    def __init__(self, a): self.a = BY_NAME['list']",
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
    (tmp_path / "jobs.py").write_text(HEAD + body + "\n")
    assert trust(tmp_path, "jobs", "Job", forge.new(forge.name("jobs", "Job"))) is not (
        Trust.FIRST_PARTY
    )


@pytest.mark.parametrize("body", READING.values(), ids=READING)
def test_one_that_only_reads_it_is(body, tmp_path):
    (tmp_path / "jobs.py").write_text(HEAD + body + "\n")
    assert trust(tmp_path, "jobs", "Job", forge.new(forge.name("jobs", "Job"))) is Trust.FIRST_PARTY


@pytest.mark.parametrize("body", [CHANGING["alias"], CHANGING["item"]], ids=["module", "class"])
def test_torch_would_let_the_file_change_it(body, tmp_path, monkeypatch):
    name = f"jobs_{abs(hash(body))}"
    (tmp_path / f"{name}.py").write_text(HEAD + body + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(name)
    path = tmp_path / "model.pt"
    job = forge.call(forge.name(name, "Job"), forge.text("rm"))
    path.write_bytes(forge.archive(forge.program(job)))
    with torch.serialization.safe_globals([module.Job]):
        torch.load(path, weights_only=True)
    assert "rm" in (*module.COMMANDS, *getattr(module.Job, "shared", ()))
