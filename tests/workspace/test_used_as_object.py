"""Loads of which no file is known, that must fail for what the program does with their value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from running import answer_of
from torchload_lint.api import check
from torchload_lint.config import Settings

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
import argparse
import sys
import torch
from torch import nn

args = argparse.Namespace(lr=1, seed=2, depth=3)
net = nn.Linear(2, 2)
path = sys.argv[1]
"""
FAIL = {
    # what is saved, and the program that loads it: the line that it fails at is the load
    "a method of a module": ("net", "model = torch.load(path)\nmodel.eval()"),
    "written out": ("net", "model = torch.load(path, weights_only=True)\nmodel.eval()"),
    "a model that is called": ("net", "model = torch.load(path)\nmodel(torch.ones(1, 2))"),
    "moved, and then used": ("net", "torch.load(path).cpu().eval()"),
    "a model under a key": ("{'m': net}", "model = torch.load(path)['m']\nmodel.state_dict()"),
    "asked for by get": ("{'m': net}", "torch.load(path).get('m').parameters()"),
    "settings": ("{'args': args}", "held = torch.load(path)\nprint(held['args'].seed)"),
    "the attributes of settings": ("{'opt': args}", "held = torch.load(path)\nvars(held['opt'])"),
    "many attributes of an item": (
        "{'given': args}",
        "given = torch.load(path)['given']\nprint(given.lr)\nprint(given.seed, given.depth)",
    ),
    "an attribute of the whole": ("args", "print(torch.load(path).seed)"),
    "wrapped": ("net", "model = nn.Sequential(torch.load(path), nn.ReLU())"),
    "in a function that says so": (
        "net",
        "def loaded(path) -> nn.Module:\n    return torch.load(path)\nloaded(path)",
    ),
    "asked what another part is": (
        "{'args': args, 'vocab': 1}",
        (
            "held = torch.load(path)\nvocab = held['vocab']\n"
            "if hasattr(vocab, 'words'):\n    print(vocab.words)\n"
            "if vocab:\n    print(held['args'].seed)"
        ),
    ),
    "in another function of the file": (
        "net",
        "def tried(model):\n    model.eval()\ntried(torch.load(path))",
    ),
}
RUN = {
    # what is saved, and the program, in which a weights-only load is enough
    "a state dict": ("net.state_dict()", "net.load_state_dict(torch.load(path))"),
    "an item that is a tensor": ("{'w': net.weight}", "print(torch.load(path)['w'].shape)"),
    "an attribute that a tensor was given": (
        "{'w': given}",
        "held = torch.load(path)\nprint(held['w'].purpose)",
    ),
    "asked what it is": (
        "net.state_dict()",
        "held = torch.load(path)\nif isinstance(held, nn.Module):\n    held = 1\nprint(held)",
    ),
    "asked what it is, another way round": (
        "net.state_dict()",
        "held = torch.load(path)\nif hasattr(held, 'eval'):\n    held.eval()\nprint(len(held))",
    ),
    "ended before": (
        "net.state_dict()",
        "held = torch.load(path)\nif not callable(held):\n    sys.exit()\nheld.eval()",
    ),
    "asked for a key": (
        "net.state_dict()",
        "held = torch.load(path)\nif 'args' in held:\n    print(held['args'].seed)",
    ),
    "asked what the whole is, where a part is used": (
        "{'given': 1}",
        (
            "held = torch.load(path)\nif hasattr(held, 'given'):\n    held = held.given\n"
            "args = held['given']\nif not isinstance(args, int):\n    print(args.lr, args.k)"
        ),
    ),
    "asked for a key by another name": (
        "net.state_dict()",
        (
            "held = torch.load(path)\nkeys = held.keys()\nargs = held.get('args')\n"
            "if args is not None:\n    print(args.seed)"
        ),
    ),
    "with a value instead": (
        "net.state_dict()",
        "held = torch.load(path)\nnet.load_state_dict(getattr(held, 'module', held))",
    ),
    "where it may fail": (
        "net.state_dict()",
        "held = torch.load(path)\ntry:\n    held.eval()\nexcept AttributeError:\n    pass",
    ),
    "of two values": (
        "net.state_dict()",
        "held = torch.load(path)\nif len(held) == 2:\n    held = net\nheld.eval()",
    ),
    "allowed elsewhere": (
        "args",
        "torch.serialization.add_safe_globals([argparse.Namespace])\nprint(torch.load(path).lr)",
    ),
    "an attribute that it is given": (
        "net.weight",
        "held = torch.load(path)\nheld.purpose = 1",
    ),
    "a torch.load that was replaced": (
        "net",
        "old = torch.load\ntorch.load = lambda p: old(p, weights_only=0)\ntorch.load(path).eval()",
    ),
}


RUN_ALL = """
import json
import sys
import torch

load, outcomes = torch.load, {}
for name, (saving, program) in json.load(sys.stdin).items():
    sys.argv = ["program.py", "file.pt"]
    try:
        exec(saving, {})
        exec(program, {})
    except (Exception, SystemExit) as error:
        outcomes[name] = f"{type(error).__name__}: {error}"
    torch.load = load
    torch.serialization.clear_safe_globals()
print("\\n", json.dumps(outcomes))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What torch says of each program, with the file that it loads; nothing of those that run."""
    pytest.importorskip("torch")
    given = "given = nn.Parameter(torch.ones(2))\ngiven.purpose = 'all'\n"
    programs = {
        case: (f"{HEAD}{given}torch.save({saved}, path)\n", f"{HEAD}\n{body}\n")
        for case, (saved, body) in {**FAIL, **RUN}.items()
    }
    found: dict[str, str] = answer_of(RUN_ALL, programs, tmp_path_factory.mktemp("programs"))
    return found


def told(body: str, folder: Path) -> list[str]:
    (folder / "pyproject.toml").touch()
    program = folder / "program.py"
    program.write_text(f"{HEAD}\n{body}\n")
    found = check(program, settings=Settings(overrides={"target_torch": "2.13"}))
    return [
        one.message for file in found.results for one in file.diagnostics if one.code == "TLL103"
    ]


@pytest.mark.parametrize("case", FAIL)
def test_what_must_fail_is_told(case: str, outcomes: dict[str, str], tmp_path: Path) -> None:
    (message,) = told(FAIL[case][1], tmp_path)
    assert "is used as an object" in message
    assert outcomes[case].startswith("UnpicklingError: Weights only load failed")


@pytest.mark.parametrize("case", RUN)
def test_what_may_run_is_not_told(case: str, outcomes: dict[str, str], tmp_path: Path) -> None:
    assert told(RUN[case][1], tmp_path) == []
    assert outcomes.get(case, "SystemExit: ") == "SystemExit: "
