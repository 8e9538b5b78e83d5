"""A program that writes a file which holds plain values today: what it writes next decides."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SETUP = """
import argparse
import pathlib
from dataclasses import asdict, dataclass
import torch
{numbers}
net = torch.nn.Linear(1, 1)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=pathlib.Path, default="x")
args = parser.parse_args([])

@dataclass
class Settings:
    out: object = pathlib.Path("x")

steps = torch.optim.SGD(net.parameters(), lr=0.1)
"""
NUMPY = "import numpy as np"
HOLDING_MORE = (
    "round(np.mean([1, 2]), 2)",
    "abs(np.mean([1]))",
    "sum([np.float64(1)])",
    "torch.ones(1).numpy()",
    "torch.max(torch.ones(1, 1), 0)",
    "range(3)",
    "iter([1])",
    "vars(args)",
    "args.out",
    "asdict(Settings())",
    "torch.optim.SGD(net.parameters(), lr=np.logspace(-3, -1, 3)[1]).state_dict()",
    "torch.optim.SGD([{'params': net.parameters(), 'tag': np.float64(1)}], lr=1).state_dict()",
    "torch.optim.lr_scheduler.StepLR(steps, 3, gamma=np.float64(1)).state_dict()",
    "net.state_dict(destination={'mean': np.float64(1)})",
)
HOLDING_NO_MORE = (
    "round(0.5, 1)",
    "max(1, 2)",
    "float(np.mean([1]))",
    "torch.ones(1).tolist()",
    "torch.zeros(2)",
    "sorted([2, 1])",
    "list(range(3))",
    "net.state_dict()",
    "Net().state_dict()",
    "steps.state_dict()",
    "torch.optim.lr_scheduler.StepLR(steps, 3, gamma=0.5).state_dict()",
)
BEFORE_SAVING = (
    "state['mean'] = np.float64(1)",
    "state.update(mean=np.float64(1))",
    "state.setdefault('mean', np.float64(1))",
    "state._metadata['mean'] = np.float64(1)",
    "for group in steps.param_groups: group['lr'] = np.float64(1)\nstate = steps.state_dict()",
    "Net.get_extra_state = lambda self: np.float64(1); state = Net().state_dict()",
)


def _saves(expression: str, numbers: str = NUMPY, before: str = "") -> str:
    setup = SETUP.format(numbers=numbers)
    return f"{setup}\nstate = {{}}\n{before}\ntorch.save({{'v': {expression}}}, FILE)\n"


def _loads_what_it_saves(code: str) -> bool:
    """Whether torch loads, weights-only, what the code saves."""
    file = io.BytesIO()
    program = compile(code, "program", "exec", dont_inherit=True)
    exec(program, {"FILE": file, "__name__": __name__})
    file.seek(0)
    try:
        torch.load(file, weights_only=True)
    except Exception:  # noqa: BLE001 - refused, in whichever way
        return False
    return True


def _fixed(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    program = code.replace("FILE", "'w.pt'") + "torch.load('w.pt', weights_only=False)\n"
    (folder / "main.py").write_text(program)
    (folder / "torchload-lint.toml").write_text("")
    torch.save({"v": 1}, folder / "w.pt")
    monkeypatch.chdir(folder)
    CliRunner().invoke(root, ["--fix", "main.py"])
    return (folder / "main.py").read_text()


@pytest.mark.parametrize("expression", HOLDING_MORE)
def test_a_load_of_what_may_hold_more_is_left_alone(
    expression: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = _saves(expression)
    assert not _loads_what_it_saves(code)
    assert "weights_only=False" in _fixed(code, tmp_path, monkeypatch)


@pytest.mark.parametrize("expression", HOLDING_NO_MORE)
def test_a_load_of_plain_values_is_fixed(
    expression: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = _saves(expression)
    assert _loads_what_it_saves(code)
    assert "weights_only=True" in _fixed(code, tmp_path, monkeypatch)


@pytest.mark.parametrize("before", BEFORE_SAVING)
def test_what_is_put_into_a_state_before_it_is_saved_counts(
    before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = _saves("state", before=f"state = net.state_dict()\n{before}")
    assert not _loads_what_it_saves(code)
    assert "weights_only=False" in _fixed(code, tmp_path, monkeypatch)


def test_any_optimizer_is_plain_where_no_file_has_numbers_of_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = _saves("steps.state_dict()", "", "for group in steps.param_groups: group['lr'] = 0.5")
    assert _loads_what_it_saves(code)
    assert "weights_only=True" in _fixed(code, tmp_path, monkeypatch)


WRITING_FOR_THE_NEXT_RUN = {
    "what was loaded, with one item more": """
state = torch.load("w.pt", weights_only=False)
state["best"] = np.float64(1)
torch.save(state, "w.pt")
""",
    "a list of it, with one item more": """
history = torch.load("w.pt", weights_only=False).get("history", [])
history.append(range(3))
torch.save({"history": history}, "w.pt")
""",
    "arguments that a tuple holds": """
given = ({"v": range(3)}, "w.pt")
torch.save(*given)
torch.load("w.pt", weights_only=False)
""",
    "arguments that a dict holds": """
given = dict(obj={"v": range(3)}, f="w.pt")
torch.save(**given)
torch.load("w.pt", weights_only=False)
""",
    "attributes that are set by their names": """
class Run:
    def __init__(self, **given):
        self.__dict__.update(given)

    def save(self):
        torch.save(vars(self), "w.pt")


Run(v=range(3)).save()
torch.load("w.pt", weights_only=False)
""",
}


@pytest.mark.parametrize("code", WRITING_FOR_THE_NEXT_RUN.values(), ids=[*WRITING_FOR_THE_NEXT_RUN])
def test_what_the_next_run_reads_counts(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"import numpy as np\nimport torch\n{code}"
    (tmp_path / "main.py").write_text(program)
    (tmp_path / "torchload-lint.toml").write_text("")
    torch.save({"v": 1}, tmp_path / "w.pt")
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(root, ["--fix", "main.py"])
    assert (tmp_path / "main.py").read_text() == program
    exec(compile(program, "program", "exec", dont_inherit=True), {"__name__": __name__})
    with pytest.raises(pickle.UnpicklingError):
        torch.load("w.pt", weights_only=True)
