"""The page on hooks and CI: its loop with real git, and its workflows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
LOOP = PAGE.partition("## One commit a rule")[2].partition("```bash\n")[2].partition("```")[0]
CODE = """\
import torch

a = torch.load('a.pt')
b = torch.load(path)
torch.nn.Linear(1, 1).load_state_dict(torch.load(path, weights_only=False))
"""
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
    (project / "a.py").write_text(CODE)
    environment = {
        **os.environ,
        **dict.fromkeys(NAMES, "a@example.org"),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
    }
    assert re.search(r"^for rule in ", LOOP)
    script = f"git init -q .; git add -A; git commit -qm first\n{LOOP}git log --format=%s"
    done = subprocess.run(
        [str(SHELL), "-c", script],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "torchload-lint: fix TLL101",
        "torchload-lint: fix TLL103",
        "first",
    ]
    text = (project / "a.py").read_text()
    assert "with safe_globals([Namespace]):" in text
    assert "b = torch.load(path)\n" in text  # a note, which --fix leaves alone
    assert "load_state_dict(torch.load(path, weights_only=True))" in text


@pytest.mark.skipif(not (SHELL and GIT), reason="needs bash and git")
def test_what_could_not_be_done_ends_the_loop(tmp_path):
    command = tmp_path / "torchload-lint"
    command.write_text("#!/bin/sh\necho x >> a.py\nexit 2\n")
    command.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    script = f"git init -q .; {LOOP}"
    subprocess.run([str(SHELL), "-c", script], cwd=tmp_path, env={"PATH": path}, check=False)
    assert (tmp_path / "a.py").read_text() == "x\n"
    logged = subprocess.run([str(GIT), "log"], cwd=tmp_path, capture_output=True, check=False)
    assert logged.stdout == b""


WORKFLOWS = [yaml.safe_load(one) for one in re.findall(r"```yaml\n(name: .*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_an_example_for_github_is_a_whole_workflow(workflow):
    assert {"name", True, "permissions", "jobs"} == set(workflow)  # YAML 1.1 reads `on` as true
    assert "pull_request" in workflow[True]
    (job,) = workflow["jobs"].values()
    (step,) = [one for one in job["steps"] if "torchload-lint" in one.get("uses", "")]
    fails = [one for one in job["steps"] if one.get("run") == "exit 1"]
    assert bool(fails) == step.get("continue-on-error", False)
    assert all(one["if"] == f"steps.{step['id']}.outcome == 'failure'" for one in fails)


def test_both_kinds_of_reports_have_an_example():
    assert [one["permissions"].get("security-events") for one in WORKFLOWS] == [None, "write"]
