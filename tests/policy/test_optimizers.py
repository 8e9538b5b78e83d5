"""Whole optimizers in a file: torch stores in their class what their own methods give.

``Optimizer.__setstate__`` does ``cls.step = self.profile_hook_step(cls.step)``, and a file sets the
attributes of ``self`` first.
"""

from __future__ import annotations

import collections
import io
from pickle import UnpicklingError

import pytest

pytest.importorskip("torch")

import torch
from click.testing import CliRunner

from checkpoint.cases import forge
from torchload_lint.cli.group import root

pytestmark = pytest.mark.torch


class Settings:
    def __init__(self, *given):
        self.given = given


SETTINGS = forge.name(__name__, "Settings")
ADAM = forge.name("torch.optim.adam", "Adam")


def hostile(cls):
    state = {"profile_hook_step": SETTINGS, "defaults": b"}", "state": b"}", "param_groups": b"]"}
    return io.BytesIO(forge.archive(forge.program(forge.new(cls) + forge.mapping(state) + b"b")))


@pytest.fixture
def adam(monkeypatch):
    """Adam as it is before the program has made one."""

    def step(self): ...

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    return torch.optim.Adam


def test_a_file_puts_its_object_in_the_place_of_the_step_where_the_class_itself_is_allowed(adam):
    with torch.serialization.safe_globals([adam, Settings]):
        torch.load(hostile(ADAM), weights_only=True)
    assert type(adam.step) is Settings


def test_an_optimizer_that_is_restored_stores_nothing_of_a_file_in_its_class(adam, helper):
    step = adam.step
    with (
        pytest.raises(UnpicklingError, match="may not hide its methods"),
        helper.safe_globals([helper.restore_only(adam), Settings]),
    ):
        torch.load(hostile(ADAM), weights_only=True)
    assert adam.step is step


class Lion(torch.optim.Optimizer):
    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 0.1})

    def step(self):
        for parameter in self.param_groups[0]["params"]:
            parameter.data -= self.param_groups[0]["lr"]


@pytest.mark.parametrize("cls", [torch.optim.Adam, torch.optim.SGD, torch.optim.RMSprop, Lion])
def test_an_optimizer_comes_back_and_works(cls, helper):
    parameter = torch.nn.Parameter(torch.ones(2))
    buffer = io.BytesIO()
    torch.save(cls([parameter]), buffer)
    buffer.seek(0)
    entries = [
        helper.restore_only(cls),
        helper.only_with(collections.defaultdict, (dict,)),
        dict,
    ]
    with helper.safe_globals(entries):
        loaded = torch.load(buffer, weights_only=True)
    assert type(loaded) is cls
    [restored] = loaded.param_groups[0]["params"]
    restored.grad = torch.ones(2)
    loaded.step()
    assert (restored < 1).all()


def test_the_fix_restores_optimizers_of_torch_and_of_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = ">=2.6"\n')
    (tmp_path / "lion.py").write_text(
        "import torch\n\n\nclass Lion(torch.optim.Optimizer):\n    def step(self):\n        pass\n"
    )
    made = [forge.new(ADAM) + b"}b", forge.new(forge.name("lion", "Lion")) + b"}b"]
    (tmp_path / "o.pt").write_bytes(forge.archive(forge.program(forge.array(*made))))
    (tmp_path / "resume.py").write_text('import torch\n\nfirst, second = torch.load("o.pt")\n')
    CliRunner().invoke(root, ["check", "--fix", "--unsafe-fixes", "."])
    text = (tmp_path / "resume.py").read_text()
    assert "restore_only(torch.optim.Adam)" in text
    assert "restore_only(Lion)" in text
