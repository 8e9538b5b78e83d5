"""The page on hooks and CI: one commit a rule, as it is written there, with real git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SHELL, GIT = shutil.which("bash"), shutil.which("git")
NAMES = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")


@pytest.mark.skipif(not (SHELL and GIT), reason="needs bash and git")
def test_each_rule_is_one_commit(tmp_path):
    tools, project = tmp_path / "tools", tmp_path / "project"
    tools.mkdir()
    project.mkdir()
    command = tools / "torchload-lint"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m torchload_lint "$@"\n')
    command.chmod(0o755)
    (project / "pyproject.toml").write_text(
        '[project]\nname = "p"\nversion = "1"\ndependencies = ["torch>=2.6"]\n'
        '[tool.torchload-lint.checkpoints]\n"a.pt" = ["argparse.Namespace"]\n'
    )
    (project / "a.py").write_text("import torch\n\na = torch.load('a.pt')\nb = torch.load(path)\n")
    environment = {
        **os.environ,
        **dict.fromkeys(NAMES, "a@example.org"),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
    }
    loop = PAGE.partition("## One commit a rule")[2].partition("```bash\n")[2].partition("```")[0]
    assert re.search(r"^for rule in ", loop)
    script = f"git init -q .; git add -A; git commit -qm first\n{loop}git log --format=%s"
    done = subprocess.run(
        [str(SHELL), "-c", script],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "torchload-lint: fix TLL102",
        "torchload-lint: fix TLL103",
        "first",
    ]
    text = (project / "a.py").read_text()
    assert "with safe_globals([Namespace]):" in text
    assert "b = torch.load(path, weights_only=True)" in text
