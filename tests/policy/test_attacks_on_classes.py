"""Checkpoints that make a project's own classes do harm: torch shows that they can, we refuse."""

from __future__ import annotations

import contextlib
import importlib
import pathlib
from textwrap import dedent

import pytest

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

CLASSES = """
    import os

    class Called:
        def __init__(self, path): self.path = path
        def __call__(self): os.rename(self.path, self.path + ".gone")

    class GoneThrough:
        def __init__(self, path): self.path = path
        def __iter__(self): os.rename(self.path, self.path + ".gone"); return iter(())

    class Indexed:
        def __init__(self, path): self.path = path
        def __getitem__(self, index): os.rename(self.path, self.path + ".gone"); raise IndexError

    class Truth:
        def __init__(self, path): self.path = path
        def __bool__(self): os.rename(self.path, self.path + ".gone"); return False

    class Setter:
        @property
        def where(self): return ""
        @where.setter
        def where(self, path): os.rename(path, path + ".gone")

    class Plain:
        def tidy(self, path): os.rename(path, path + ".gone")
"""


def made(module, name, *arguments):
    return forge.call(forge.name(module, name), *arguments)


def attack(module, name, path):
    """A pickle that makes torch's weights-only loader run the class's own code."""
    where = forge.text(path)
    if name == "Called":
        rebuild = forge.name("torch._tensor", "_rebuild_from_type_v2")
        tensor = forge.name("torch", "Tensor")
        return forge.call(rebuild, made(module, name, where), tensor, forge.pair(), b"}")
    if name == "Setter":
        state = forge.pair(b"N", forge.mapping({"where": where}))
        return forge.new(forge.name(module, name)) + state + b"b"
    if name == "Truth":
        return forge.new(forge.name(module, "Plain")) + made(module, name, where) + b"b"
    return forge.call(forge.name("builtins", "set"), made(module, name, where))


@pytest.mark.parametrize("name", ["Called", "GoneThrough", "Indexed", "Truth", "Setter"])
def test_a_class_that_torch_would_run_is_refused(name, tmp_path, monkeypatch):
    module = f"attacked_{name.lower()}"
    (tmp_path / f"{module}.py").write_text(dedent(CLASSES))
    victim = tmp_path / "victim"
    victim.touch()
    checkpoint = tmp_path / "model.pt"
    checkpoint.write_bytes(forge.archive(forge.program(attack(module, name, str(victim)))))

    found = torchload_lint.inspect(checkpoint)
    judged = dict(
        zip((str(n.name) for n in found.report.safe_globals), found.judgements, strict=True)
    )
    if name == "Called":  # a call of what another call gave: the file as a whole is refused
        assert found.report.verdict is Verdict.DANGEROUS
        assert judged == {}
    else:
        own = judged.pop(f"{module}.{name}").trust
        assert own in {Trust.RUNS_CODE, Trust.UNPROVEN, Trust.RESTORE_ONLY}
        assert all(judgement.allowed for judgement in judged.values())

    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module(module)
    allowed = torch.serialization.safe_globals([getattr(own, name), own.Plain])
    with allowed, contextlib.suppress(Exception):  # the harm is done by then
        torch.load(checkpoint, weights_only=True)
    assert not victim.exists()


READING = """
    class Lazy:
        made = []
        @property
        def value(self): self.made.append(1); return 1

    LAZY = Lazy()

    class Shown:
        def __init__(self, text="{}"): self.text = text.format(self)

    class Matched:
        def __init__(self, given=None):
            match given:
                case object(__init__=object(__globals__=names)): self.text = names["LAZY"].value

    class Base:
        command = "ls"
        def put(self, value): self.command = value

    class Given(Base):
        def __init__(self, one=None, value=""):
            if one: Base.put(one, value)
"""


@pytest.mark.parametrize("name", ["Shown", "Matched", "Given"])
def test_a_class_that_leads_to_what_it_does_not_name_is_not_allowed(name, tmp_path, monkeypatch):
    module = f"reading_{name.lower()}"
    (tmp_path / f"{module}.py").write_text(dedent(READING))
    itself = forge.name(module, name)
    asked = forge.text("{0.__init__.__globals__[LAZY].value}")
    given = {"Shown": [asked], "Matched": [forge.new(itself)], "Given": [itself, forge.text("rm")]}
    checkpoint = tmp_path / "model.pt"
    checkpoint.write_bytes(forge.archive(forge.program(made(module, name, *given[name]))))

    judged = torchload_lint.inspect(checkpoint).judgements
    assert [one.trust for one in judged] == [Trust.UNPROVEN]

    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module(module)
    with torch.serialization.safe_globals([getattr(own, name)]):  # torch shows that it could
        torch.load(checkpoint, weights_only=True)
    assert own.Lazy.made or own.Given.command == "rm"


MOVING = """
class Moved:
    def __call__(self, path, target):
        move = path.replace
        move(target)
"""


def test_a_method_that_moves_a_file_is_not_handed_on(tmp_path, monkeypatch):
    (tmp_path / "moving.py").write_text(MOVING)
    itself = forge.name("moving", "Moved")
    checkpoint = tmp_path / "model.pt"
    checkpoint.write_bytes(forge.archive(forge.program(forge.new(itself))))
    assert [one.trust for one in torchload_lint.inspect(checkpoint).judgements] == [
        Trust.RESTORE_ONLY
    ]

    victim = tmp_path / "victim"
    victim.touch()
    paths = (forge.call(forge.name("pathlib", "PosixPath"), forge.text(str(one)))
             for one in (victim, tmp_path / "gone"))  # fmt: skip
    rebuild, tensor = (
        forge.name("torch._tensor", "_rebuild_from_type_v2"),
        forge.name("torch", "Tensor"),
    )
    attack = forge.call(rebuild, forge.new(itself), tensor, forge.pair(*paths), b"}")
    checkpoint.write_bytes(forge.archive(forge.program(attack)))
    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module("moving")
    allowed = torch.serialization.safe_globals(
        [own.Moved, (pathlib.PosixPath, "pathlib.PosixPath")]
    )
    with allowed, contextlib.suppress(Exception):
        torch.load(checkpoint, weights_only=True)
    assert not victim.exists()


IMPORTING = {
    "model = torch.load('model.pt', weights_only=True)\n": False,
    "from tool import C\nmodel = torch.load('model.pt', weights_only=True)\n": True,
}


@pytest.mark.parametrize(("code", "is_fixed"), IMPORTING.items())
def test_a_file_that_does_something_when_imported_is_not_imported(code, is_fixed, tmp_path):
    (tmp_path / "tool.py").write_text("import shutil\nclass C: ...\nshutil.rmtree('build')\n")
    (tmp_path / "model.pt").write_bytes(forge.archive(forge.program(made("tool", "C"))))
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    source = f"import torch\n{code}"
    fixed = torchload_lint.fix(source, tmp_path / "app.py")
    assert (fixed != source) is is_fixed


def test_the_file_itself_is_imported_already(tmp_path):
    source = (
        "import shutil\nimport torch\nclass C: ...\nshutil.rmtree('build')\n"
        "model = torch.load('model.pt', weights_only=True)\n"
    )
    (tmp_path / "tool.py").write_text(source)
    (tmp_path / "model.pt").write_bytes(forge.archive(forge.program(made("tool", "C"))))
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    assert 'safe_globals([(C, "tool.C")])' in torchload_lint.fix(source, tmp_path / "tool.py")
