"""A file that no allowlist loads: the report says how to go on, and going on like that works."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

NETS = """
    import torch


    class Net(torch.nn.Module):
        def __init__(self, width):
            super().__init__()
            self.fc = torch.nn.Linear(width, 1)
    """
SAVE = """
    import torch
    from nets import Net

    net = Net(3)
    torch.save(net, "net.pt", _use_new_zipfile_serialization=False)
    torch.save(net.state_dict(), "state.pt")
    """
LOAD = """
    import torch
    from nets import Net

    model = Net(3)
    model.load_state_dict(torch.load("net.migrated.pt", weights_only=True))
    for name, wanted in torch.load("state.pt", weights_only=True).items():
        assert torch.equal(model.state_dict()[name], wanted)
    """


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("weights_only", ["True", "False"])
def test_a_whole_model_of_before_torch_1_6(
    weights_only: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(textwrap.dedent(NETS).lstrip())
    run(SAVE, tmp_path)
    (tmp_path / "use.py").write_text(
        f'import torch\n\nnet = torch.load("net.pt", weights_only={weights_only})\n'
    )
    found = CliRunner().invoke(root, ["--isolated", "-v", "use.py"]).output
    assert "`torchload-lint migrate net.pt` rewrites it as plain data, running nothing" in found
    assert "write model = Net(...), then model.load_state_dict(torch.load(path" in found
    assert CliRunner().invoke(root, ["migrate", "--isolated", "net.pt"]).exit_code == 0
    run(LOAD, tmp_path)


def run(program: str, folder: Path) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)], cwd=folder,
                   check=True)  # fmt: skip


ENV = """
    class AttrDict(dict):
        def __init__(self, *args):
            super().__init__(*args)
            self.__dict__ = self
    """


def test_what_is_wrong_with_a_class_is_told_by_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "env.py").write_text(textwrap.dedent(ENV).lstrip())
    (tmp_path / "requirements.txt").write_text("torch>=2.6\n")
    run(
        'import torch\nfrom env import AttrDict\ntorch.save({"h": AttrDict({"a": 1})}, "g.pt")',
        tmp_path,
    )
    told = " ".join(CliRunner().invoke(root, ["inspect", "g.pt"]).output.split())
    assert "the file fills an env.AttrDict entry by entry" in told
    assert "env.py:4 may replace any attribute (`self.__dict__ = self`)" in told


@pytest.mark.parametrize(
    ("load", "told"),
    [
        ("import torch.hub\nnet = torch.hub.load_state_dict_from_url('https://x.org/a.pth')", True),
        ("from net import LitNet\nnet = LitNet.load_from_checkpoint(sys.argv[1])", False),
    ],
)
def test_a_model_that_a_library_makes_tells_nothing_of_its_file(cli, write, load, told):
    write({
        "net.py": "import lightning as L\nclass LitNet(L.LightningModule):\n    pass\n",
        "a.py": f"import sys\n{load}\nnet.eval()\n",
        "requirements.txt": "lightning>=2.0,<2.5\n",
    })  # fmt: skip
    said = cli("-v", "a.py").stdout
    assert "TLL108" in said
    assert "to settle it, add to [tool.torchload-lint.loads]" in said
    assert ("the value is used as an object" in said) is told
