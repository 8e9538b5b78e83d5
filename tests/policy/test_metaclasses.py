"""Classes whose metaclass answers for attributes: what restoring asks of a class says nothing."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, loaded, project

pytestmark = pytest.mark.torch

META = "class Meta({base}):\n    {body}\n"
ANSWERS = "def __getattr__(cls, name): return name"
CALLS = "def __call__(cls, *given): return eval(given[0])"


def judged(folder, body, base="type"):
    head = META.format(base=base, body=body) + "\nclass Below(Meta): pass\n"
    project(folder, head, "def __init__(self, x): self.x = open(x)")
    text = (folder / "victim.py").read_text()
    (folder / "victim.py").write_text(text.replace("class Net:", "class Net(metaclass=Below):"))
    (judgement,) = torchload_lint.inspect(folder / "net.pt").judgements
    return judgement


@pytest.mark.parametrize("base", ["type", "abc.ABCMeta"])
@pytest.mark.parametrize("name", ["__getattr__", "__getattribute__"])
def test_a_metaclass_that_answers_for_attributes_is_not_restored(base, name, tmp_path):
    assert not judged(tmp_path, ANSWERS.replace("__getattr__", name), base).allowed


def test_torch_shows_that_no_such_class_is_restored(tmp_path):
    judged(tmp_path, ANSWERS)
    entry = "__import__('restore_only').restore_only(victim.Net)"
    assert "runs code when an object goes" in loaded(tmp_path, forge.new(NET), entry).stderr


def test_what_a_metaclass_does_when_the_class_is_called_is_not_asked(tmp_path):
    judgement = judged(tmp_path, CALLS)
    assert judgement.allowed
    assert judgement.restores
    entry = "__import__('restore_only').restore_only(victim.Net)"
    assert loaded(tmp_path, forge.new(NET), entry).returncode == 0
    called = forge.call(NET, forge.text("__import__('os').mkdir('ran')"))
    assert loaded(tmp_path, called, entry).returncode
    assert not (tmp_path / "ran").exists()
