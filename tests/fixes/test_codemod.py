from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import libcst
from libcst.codemod import CodemodContext

from torchload_lint.fixes.codemod import AllowSafeGlobals

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = "import torch\n\nx = torch.load(p)\ny = torch.load(q, weights_only=False)\n"
AFTER = """\
from argparse import Namespace

import torch
from torch.serialization import safe_globals

with safe_globals([Namespace]):
    x = torch.load(p, weights_only=True)
    y = torch.load(q, weights_only=True)
"""
LAMBDA = "import torch\nf = lambda p: torch.load(p)\n"


def transformed(text: str, **options: object) -> tuple[str, list[str]]:
    context = CodemodContext(filename="a.py")
    command = AllowSafeGlobals(context, **options)
    return command.transform_module(libcst.parse_module(text)).code, context.warnings


def test_every_load_is_fixed() -> None:
    assert transformed(BEFORE, allow=["argparse.Namespace"]) == (AFTER, [])


def test_twice_is_once() -> None:
    assert transformed(AFTER, allow=["argparse.Namespace"]) == (AFTER, [])


def test_helpers_are_unsafe() -> None:
    assert transformed(LAMBDA, allow=["set"])[0] == LAMBDA
    assert "def load_with_safe_globals" in transformed(LAMBDA, allow=["set"], unsafe=True)[0]


def test_what_is_left_is_said() -> None:
    text = "import torch\ndef f(p, **kw):\n    return torch.load(p, **kw)\n"
    after, warnings = transformed(text)
    assert after == text
    assert "row 3" in warnings[0]


def test_it_runs_as_a_command(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(BEFORE, encoding="utf-8")
    (tmp_path / ".libcst.codemod.yaml").write_text("modules: []\nrepo_root: '.'\n")
    command = "torchload_lint.fixes.codemod.AllowSafeGlobals"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "libcst.tool", "codemod", "-x", "--no-format", "-j1"),
            *(command, "--allow", "argparse.Namespace", str(file)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert file.read_text(encoding="utf-8") == AFTER
