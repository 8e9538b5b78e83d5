"""The note that an old requirement keeps fixes back."""

from __future__ import annotations

import importlib

import pytest

OLD = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['torch>=1.8']\n[tool.torchload-lint]\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import torch\nx = torch.load(p)\n", True),
        ("from ultralytics.utils.patches import torch_load\nx = torch_load(p)\n", False),
    ],
)
def test_it_is_told_where_there_is_a_load_to_fix(cli, write, code, told):
    write({"pyproject.toml": OLD, "a.py": code})
    done = cli(".")
    assert done.exit_code == 1
    hint = "; where 2.6 is the oldest that you need, --target-torch 2.6 may fix more\n"
    assert (hint in done.stderr) == told
    assert ("--target-torch asks for others" in done.stderr) != told


def test_many_requirements_are_told_in_one_line(cli, write):
    for number in range(2, 7):
        write({
            f"part{number}/setup.py": f"setup(install_requires=['torch>=1.{number}'])\n",
            f"part{number}/a.py": "import torch\nx = torch.load(p)\n",
        })  # fmt: skip
    told = cli(".").stderr.splitlines()
    assert [line for line in told if "the answers are for" in line] == [
        (
            "note: the answers are for what each part states: 5 ranges of torch, the oldest 1.2 "
            "(`torchload-lint show-settings PATH` says which holds there, and why); "
            "where 2.6 is the oldest that you need, --target-torch 2.6 may fix more"
        )
    ]


@pytest.mark.torch
def test_a_file_that_only_the_oldest_torch_refuses_is_not_what_is_named(cli, write, monkeypatch):
    import torch

    files = {
        "pyproject.toml": OLD,
        "own_net.py": "class Net:\n    def __init__(self, text):\n        self.lr = eval(text)\n",
        "a.py": "import torch, own_net\nx = torch.load('net.pt')\n",
    }
    write(files)
    monkeypatch.syspath_prepend(".")
    own = importlib.import_module("own_net")
    torch.save(own.Net("0.1"), "net.pt")
    (found,) = [line for line in cli(".").stdout.splitlines() if "TLL103" in line]
    assert found.endswith(
        "the code must also run on torch 1.8, which has no weights_only (1.13 or newer has; see "
        "--target-torch)"
    )
