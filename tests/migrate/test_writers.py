"""What writes a migrated file is named beside what loads it: the next run undoes the migration."""

from __future__ import annotations

import argparse
import json
import pickle
from typing import TYPE_CHECKING

import pytest
import torch
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

TRAIN = """\
import argparse
import torch


def save(args, epoch):
    torch.save({"args": args, "epoch": epoch}, "w/train.pt")


def resume():
    return torch.load("w/train.pt", weights_only=False)


save(argparse.Namespace(lr=%s), %s)
found = resume()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path)
    program(tmp_path, TRAIN % (0.1, 1))
    return tmp_path


def program(project: Path, text: str) -> dict[str, object]:
    """Write the program, and run it once."""
    (project / "train.py").write_text(text)
    shown: dict[str, object] = {}
    exec(compile(text, "train.py", "exec"), shown)
    return shown


def run(*words: str) -> tuple[str, str]:
    """What is said of the code that loads, and of the code that writes."""
    result = CliRunner().invoke(root, ["migrate", *words])
    assert result.exit_code == 0, result.output
    loading, _, writing = result.stdout.partition("The code that writes them:\n")
    return loading, writing


def with_offered_line(loading: str, text: str) -> str:
    old, new = (
        loading.partition(f"    {sign} ")[2].partition("\n")[0].strip() for sign in ("-", "+")
    )
    assert old in text
    return text.replace(old, new)


def test_a_save_that_goes_on_writing_the_old_file(project: Path) -> None:
    """With the offered line alone the program resumes from the old state for ever."""
    loading, writing = run("w/train.pt", "--out-dir", "new")
    assert writing == (
        "  train.py:6: writes w/train.pt as before, and new/train.pt stays as it is now: "
        "give this save the new path; what it saves needs argparse.Namespace allowed again: "
        "it has to save plain data\n"
    )
    changed = with_offered_line(loading, TRAIN % (0.5, 7))
    assert program(project, changed)["found"] == {"args": {"lr": 0.1}, "epoch": 1}
    followed = changed.replace('"w/train.pt"', '"new/train.pt"')
    with pytest.raises(pickle.UnpicklingError, match=r"argparse\.Namespace"):
        program(project, followed)
    followed = followed.replace('"args": args', '"args": vars(args)')
    assert program(project, followed)["found"] == {"args": {"lr": 0.5}, "epoch": 7}


def test_a_save_that_puts_objects_in_the_place_of_what_was_migrated(project: Path) -> None:
    loading, writing = run("w/train.pt", "--in-place")
    assert writing == (
        "  train.py:6: writes w/train.pt anew with the next run, "
        "in the place of the migrated file; what it saves needs argparse.Namespace allowed again: "
        "it has to save plain data\n"
    )
    with pytest.raises(pickle.UnpicklingError, match=r"argparse\.Namespace"):
        program(project, with_offered_line(loading, TRAIN % (0.5, 7)))


def test_a_part_as_safetensors(project: Path) -> None:
    text = TRAIN.replace('"epoch": epoch', '"net": {"w": torch.ones(2)}')
    program(project, text % (0.1, 1))
    _, writing = run("w/train.pt", "--to", "safetensors", "--only", "net", "--out-dir", "new")
    assert "the new file holds only what was at ['net']; load_file does not read what" in writing
    assert "new/train.safetensors stays as it is now" in writing


def test_what_is_saved_is_plain_already_or_not_known(project: Path) -> None:
    loads = 'import torch\nfound = torch.load("w/train.pt", weights_only=False)\n'
    (project / "train.py").write_text(f'{loads}torch.save({{"epoch": 1}}, "w/train.pt")\n')
    assert run("w/train.pt")[1].endswith("; what it is seen to save needs no allowlist\n")
    (project / "train.py").write_text(f'{loads}torch.save(found["a"](), "w/train.pt")\n')
    told = run("w/train.pt", "--force")[1]
    assert told.endswith("; what it saves is not known in full: it has to be plain data\n")
    protocol = 'torch.save({"epoch": 1}, "w/train.pt", pickle_protocol=4)\n'
    (project / "train.py").write_text(f"{loads}{protocol}")
    assert "; no weights-only load takes what it saves: " in run("w/train.pt", "--force")[1]


def test_a_path_that_is_known_in_part_may_be_the_one(project: Path) -> None:
    (project / "train.py").write_text(
        "import sys\nimport torch\n"
        'found = torch.load("w/train.pt", weights_only=False)\n'
        'torch.save(found, sys.argv[1] + "/train.pt")\n'
    )
    assert run("w/train.pt")[1].startswith("  train.py:4: may write w/train.pt as before")


def test_what_a_program_saves_elsewhere_is_not_named(project: Path) -> None:
    """The same keys at another path, which is spelled out, are another file."""
    (project / "train.py").write_text(
        "import glob\n"
        "import torch\n"
        'for path in glob.glob("w/*.pt"):\n'
        "    found = torch.load(path, weights_only=False)\n"
        '    print(found["args"], found["epoch"])\n'
    )
    (project / "other.py").write_text(
        "import torch\n"
        "def save(args, name):\n"
        '    torch.save({"args": args, "epoch": 2}, "elsewhere/q.pt")\n'
        '    torch.save({"args": args, "epoch": 2}, f"w/{name}.pt")\n'
        '    torch.save({"args": args, "epoch": 2}, "w/train.pt")\n'
    )
    told = [line.split(" as before")[0] for line in run("w/train.pt")[1].splitlines()]
    assert told == [
        "  other.py:5: writes w/train.pt",
        "  other.py:4: may write w/train.pt",
    ]


def test_a_call_that_may_save_there(project: Path) -> None:
    (project / "train.py").write_text(
        "import torch\n"
        "from threading import Thread\n"
        'found = torch.load("w/train.pt", weights_only=False)\n'
        'Thread(target=torch.save, args=(found, "w/train.pt")).start()\n'
    )
    told = run("w/train.pt")[1]
    assert told.startswith("  train.py:4: may write w/train.pt as before, and ")
    assert told.endswith("; what it saves is not known in full: it has to be plain data\n")


def test_one_save_for_each_of_several_files_and_loads(project: Path) -> None:
    torch.save(argparse.Namespace(x=1), project / "w" / "net.pt")
    (project / "read.py").write_text(
        "import torch\n"
        'a = torch.load("w/train.pt", weights_only=False)\n'
        'b = torch.load("w/net.pt", weights_only=False)\n'
    )
    (project / "write.ipynb").write_text(
        json.dumps(
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "metadata": {},
                        "outputs": [],
                        "execution_count": None,
                        "source": 'import torch\ntorch.save(1, "w/net.pt")\n'
                        'torch.load("w/net.pt", weights_only=False)',
                    }
                ],
                "metadata": {"language_info": {"name": "python"}},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
    )
    writing = run("w", "--in-place")[1]
    assert writing.count("  train.py:6: writes w/train.pt anew") == 1
    assert writing.count("  write.ipynb:cell 1:2: writes w/net.pt anew") == 1
    assert writing.count("\n") == 2
