"""Loads of which no file is known, beside a save that is seen to write more than tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from running import answer_of
from torchload_lint.api import Options, check
from torchload_lint.config import Settings
from torchload_lint.diagnostic import Applicability, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.diagnostic import Diagnostic

HEAD = """
import argparse
import os
import sys
from dataclasses import dataclass
import torch
from torch import nn

@dataclass
class Example:
    label: int

parser = argparse.ArgumentParser()
parser.add_argument("--resume")
parser.add_argument("--to", default="here.pt")
args = parser.parse_args(sys.argv[1:])
net = nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), 0.1)
"""
RESUMING = """
if args.resume:
    held = torch.load(args.resume)
    net.load_state_dict(held["net"])
    optimizer.load_state_dict(held["optimizer"])
"""
SAVING = """
torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "args": args}, args.to)
"""
FAIL = {
    # a program that loads, on its second run, what its first run saved; and what that needs
    "the keys that it asks for": (RESUMING + SAVING, "argparse.Namespace"),
    "a dictionary with a name": (
        RESUMING
        + SAVING.replace("torch.save(", "state = ").replace(", args.to)", "")
        + "torch.save(state, args.to)\n",
        "argparse.Namespace",
    ),
    "a save through a function": (
        RESUMING
        + "def save_on_master(*given, **named):\n    torch.save(*given, **named)\n"
        + SAVING.replace("torch.save", "save_on_master"),
        "argparse.Namespace",
    ),
    "a save and a load method": (
        """
class Trainer:
    def load_state(self, path):
        held = torch.load(path, map_location="cpu")
        net.load_state_dict(held["net"])

    def save_state(self, path):
        torch.save({"net": net.state_dict(), "args": args}, path)

if args.resume:
    Trainer().load_state(args.resume)
Trainer().save_state(args.to)
""",
        "argparse.Namespace",
    ),
    "a cache": (
        """
def examples(cached):
    if os.path.exists(cached):
        return torch.load(cached)
    found = [Example(1), Example(2)]
    torch.save(found, cached)
    return found

examples(args.to)
""",
        "program.Example",
    ),
}
RUN = {
    # a program whose second run loads what its first run saved
    "settings as a dictionary": RESUMING + SAVING.replace("args}", "vars(args)}"),
    "allowed around the load": RESUMING.replace(
        "    held = torch.load(args.resume)",
        "    with torch.serialization.safe_globals([argparse.Namespace]):\n"
        "        held = torch.load(args.resume)",
    )
    + SAVING,
    "allowed for the process": "torch.serialization.add_safe_globals([argparse.Namespace])\n"
    + RESUMING
    + SAVING,
    "loaded from elsewhere, with other keys": """
if args.resume:
    held = torch.load("weights.pt")
    net.load_state_dict(held["model"])
    print(held["accuracy"])
torch.save({"model": net.state_dict(), "accuracy": 1.0}, "weights.pt")
"""
    + SAVING,
    "settings in a file of their own": """
if args.resume:
    held = torch.load(args.resume)
    net.load_state_dict(held["net"])
    optimizer.load_state_dict(held["optimizer"])
torch.save(args, "settings.pt")
torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, args.to)
""",
}
RUN_ALL = """
import importlib
import json
import os
import sys
import torch

outcomes = {}
for name, folder in json.load(sys.stdin).items():
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.modules.pop("program", None)
    importlib.invalidate_caches()
    try:
        sys.argv = ["program.py"]
        program = importlib.import_module("program")
        sys.argv += ["--resume", "here.pt"]
        importlib.reload(program)
    except Exception as error:
        outcomes[name] = f"{type(error).__name__}: {error}"
    torch.serialization.clear_safe_globals()
    sys.path.remove(folder)
print("\\n", json.dumps(outcomes))
"""
TORCH = Settings(overrides={"target_torch": "2.13"})


def run_twice(folders: dict[str, Path]) -> dict[str, str]:
    """What the second run of each program, which loads what the first one saved, ends with, where
    it fails.
    """
    given = {case: str(folder) for case, folder in folders.items()}
    found: dict[str, str] = answer_of(RUN_ALL, given, next(iter(folders.values())))
    return found


def written(folder: Path, code: str) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "program.py").write_text(HEAD + code)
    return folder


def told(folder: Path) -> list[Diagnostic]:
    run = check(folder, settings=TORCH)
    return [one for file in run.results for one in file.diagnostics if one.code == "TLL103"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each program, in a folder of its own."""
    root = tmp_path_factory.mktemp("programs")
    codes = {**{case: code for case, (code, _) in FAIL.items()}, **RUN}
    return {
        case: written(root / f"p{number}", code)
        for number, (case, code) in enumerate(codes.items())
    }


@pytest.mark.parametrize("case", FAIL)
def test_what_is_saved_beside_the_load_is_told(case: str, programs: dict[str, Path]) -> None:
    (found,) = told(programs[case])
    assert f" may need {FAIL[case][1]} (saved " in found.message
    assert found.fix is not None
    assert found.fix.applicability is Applicability.UNSAFE


@pytest.mark.parametrize("case", RUN)
def test_where_nothing_is_lacking_nothing_is_told(case: str, programs: dict[str, Path]) -> None:
    assert told(programs[case]) == []


def test_a_save_that_is_known_by_its_keys_alone_is_a_warning(programs: dict[str, Path]) -> None:
    (by_keys,) = told(programs["the keys that it asks for"])
    (by_name,) = told(programs["a save and a load method"])
    assert by_keys.severity is Severity.WARNING
    assert "(saved with what this load asks for at program.py:" in by_keys.message
    assert by_name.severity is Severity.ERROR


def test_a_save_through_a_function_of_another_file_is_told(tmp_path: Path) -> None:
    saving = SAVING.replace("torch.save", "utils.save_on_master")
    folder = written(tmp_path / "project", "import utils\n" + RESUMING + saving)
    (folder / "utils.py").write_text(
        "import torch\n\ndef save_on_master(*args, **kwargs):\n    torch.save(*args, **kwargs)\n"
    )
    (found,) = told(folder)
    assert "may need argparse.Namespace (saved with what this load asks for at" in found.message


def test_torch_refuses_what_is_told_of_and_loads_it_once_fixed(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    outcomes = run_twice(programs)
    assert outcomes.keys() == FAIL.keys()
    for case, outcome in outcomes.items():
        assert outcome.startswith("UnpicklingError: Weights only load failed"), (case, outcome)
    fixed = {
        case: written(tmp_path / f"p{number}", code)
        for number, (case, (code, _)) in enumerate(FAIL.items())
    }
    for folder in fixed.values():
        check(folder, settings=TORCH, options=Options(fix=True, write=True, unsafe=True))
        assert "safe_globals([" in (folder / "program.py").read_text()
        assert told(folder) == []
    assert run_twice(fixed) == {}


def test_what_no_allowlist_helps_is_one_finding(tmp_path: Path) -> None:
    resuming = FAIL["a save and a load method"][0]
    folder = written(tmp_path / "p", resuming.replace("}, path)", "}, path, pickle_protocol=4)"))
    found = [one for file in check(folder, settings=TORCH).results for one in file.diagnostics]
    assert [one.code for one in found if one.severity is not Severity.INFO] == ["TLL104", "TLL402"]


ELSEWHERE = {
    # another file of the project, and whether what it allows may hold at the load
    "the word in a comment": ("# see safe_globals\n", False),
    "a block around another load": (
        (
            "import argparse, torch\nfrom torch.serialization import safe_globals\n"
            "with safe_globals([argparse.Namespace]):\n"
            "    held = torch.load('a.pt', weights_only=True)['net'].to('cpu')\n"
        ),
        False,
    ),
    "a block that names what functions begin with, or are called": (
        (
            "import argparse, torch\nfrom torch.serialization import safe_globals\n"
            "def held():\n    pass\ndef path_of(name):\n    return name\n"
            "def resume(path):\n    with safe_globals([argparse.Namespace]):\n"
            "        held = torch.load(path, weights_only=True)\n    return held\n"
        ),
        False,
    ),
    "a registration": (
        "import argparse, torch\ntorch.serialization.add_safe_globals([argparse.Namespace])\n",
        True,
    ),
    "a block around a call of the program": (
        (
            "import argparse, torch\nimport program\n"
            "with torch.serialization.safe_globals([argparse.Namespace]):\n"
            "    program.main()\n"
        ),
        True,
    ),
    "a block around a call of a function by its name": (
        (
            "import argparse, torch\nfrom program import main\n"
            "with torch.serialization.safe_globals([argparse.Namespace]):\n    main()\n"
        ),
        True,
    ),
    "a block that hands a function on": (
        (
            "import argparse, torch\nfrom program import main\n"
            "with torch.serialization.safe_globals([argparse.Namespace]):\n    any(map(main, []))\n"
        ),
        True,
    ),
    "a block that hands a method on": (
        (
            "import argparse, torch, program\n"
            "with torch.serialization.safe_globals([argparse.Namespace]):\n"
            "    any(map(program.main, []))\n"
        ),
        True,
    ),
    "a block that calls an item of a table": (
        (
            "import argparse, torch\nfrom elsewhere import TABLE\n"
            "with torch.serialization.safe_globals([argparse.Namespace]):\n    TABLE[0]()\n"
        ),
        True,
    ),
    "a registration by a name in a text": (
        "import torch\ngetattr(torch.serialization, 'add_safe_globals')([dict])\n",
        True,
    ),
    "a decorator": (
        (
            "import argparse, torch\nimport program\n"
            "@torch.serialization.safe_globals([argparse.Namespace])\n"
            "def run():\n    program.main()\n"
        ),
        True,
    ),
}
USED = "\ndef main():\n    held = torch.load(args.resume)\n    print(held['args'].to)\n"


@pytest.mark.parametrize("code", [USED, RESUMING + SAVING + "def main():\n    pass\n"])
@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_is_allowed_elsewhere_counts_where_it_may_hold(
    case: str, code: str, tmp_path: Path
) -> None:
    other, may_hold = ELSEWHERE[case]
    folder = written(tmp_path / "project", code)
    (folder / "other.py").write_text(other)
    found = check(folder / "program.py", settings=TORCH)
    codes = [one.code for file in found.results for one in file.diagnostics]
    assert codes.count("TLL103") == (0 if may_hold else 1)
