"""Fixes of one file after the other, where files share the module that the first has brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from running import run_script, run_text
from torchload_lint.api import check
from torchload_lint.config import Settings
from torchload_lint.workspace import Options

if TYPE_CHECKING:
    from pathlib import Path

NETS = """
import os

class Net:
    def __init__(self):
        self.heads = [Head(), Head()]
        os.makedirs("logs", exist_ok=True)

class Head:
    def __init__(self):
        self.rows = open("rows.txt", "a").write("row")
"""
SAVE = "import torch, nets; torch.save({'model': nets.Net()}, 'm.pt')"
GENERAL = """
import torch

def stripped(f="m.pt"):
    return torch.load(f, map_location="cpu")["model"]
"""
TRAIN = """
import torch
from general import *

def train(weights="m.pt"):
    return torch.load(weights)["model"]

print(type(train()).__name__, type(stripped()).__name__)
"""


def fix(path: Path) -> list[str]:
    """Fix one file; what is left in it."""
    options = Options(fix=True, write=True, unsafe=True)
    found = check(path, settings=Settings(overrides={"target_torch": "2.13"}), options=options)
    assert not found.errors
    return [one.message for file in found.results for one in file.diagnostics]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    texts = {"pyproject.toml": "", "nets.py": NETS, "general.py": GENERAL, "train.py": TRAIN}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert run_text(tmp_path, SAVE).error == ""
    return tmp_path


@pytest.mark.parametrize("order", [("general.py", "train.py"), ("train.py", "general.py")])
def test_the_module_that_a_fix_brings_does_not_stand_in_the_way_of_the_next(
    order: tuple[str, str], project: Path
) -> None:
    """Its own block was taken for one that comes to the load."""
    for name in order:
        assert fix(project / name) == []
    assert (project / "restore_only.py").is_file()
    assert run_script(project, "train.py").printed == "Net Net\n"


def test_a_module_beside_another_script_changes_nothing(project: Path) -> None:
    """A second run fixed what the first had left: the module was found in another folder."""
    texts = {
        "one/first.py": f"{GENERAL}\nprint(stripped())\n",
        "one/nets.py": NETS,
        "two/second.py": f"{GENERAL}\nprint(stripped())\n",
        "two/nets.py": NETS,
        "two/all.py": "import importlib, os\n"
        "for name in os.listdir('two'):\n    importlib.import_module(name[:-3])\n",
    }
    for name, text in texts.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    left = [fix(project / "two"), fix(project / "one"), fix(project / "two")]
    assert (project / "one/restore_only.py").is_file()
    assert left[0] == left[2] != []
    assert "imports what it finds in a folder" in left[0][0]


def test_a_name_is_imported_once_where_others_may_come_from_anywhere(project: Path) -> None:
    (project / "helpers.py").write_text("import os\n")
    (project / "general.py").write_text(f"from helpers import *\n{GENERAL}")
    fix(project / "general.py")
    text = (project / "general.py").read_text()
    assert text.count("restore_only as _restore_only") == 1
    assert text.count("_restore_only(") == 2
    program = "from general import *\nprint(type(stripped()).__name__)"
    assert run_text(project, program).printed == "Net\n"
