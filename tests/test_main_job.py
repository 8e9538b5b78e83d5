"""The main job, end to end: programs that fail on real torch run after ``--fix``."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from main_job_programs import HOSTILE, PROGRAMS, Program, source

pytestmark = pytest.mark.torch

SRC = Path(__file__).parent.parent / "src"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SRC), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "-m", "torchload_lint", *arguments)


def make(folder: Path, program: Program) -> None:
    (folder / "weights").mkdir()
    (folder / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    for name, text in program.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(source(text))
    saved = run(folder, "-c", source(program.save))
    assert saved.returncode == 0, saved.stderr


def sources(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.rglob("*.py")}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_runs_after_the_fix(program: Program, tmp_path: Path) -> None:
    make(tmp_path, program)
    before = run(tmp_path, "main.py")
    if program.fails_before:
        assert before.returncode != 0
        assert "Weights only load failed" in before.stderr
    else:
        assert before.returncode == 0

    fixed = lint(tmp_path, "--fix", ".")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr

    after = run(tmp_path, "main.py")
    assert after.returncode == 0, after.stderr + (tmp_path / "main.py").read_text()
    assert after.stdout.strip() == program.prints

    once = sources(tmp_path)
    assert all(ast.parse(text) for text in once.values() if text)
    assert any("weights_only=True" in text for text in once.values())
    again = lint(tmp_path, "--fix", ".")
    assert again.returncode == 0
    assert sources(tmp_path) == once


def test_a_hostile_file_stays_refused(tmp_path: Path) -> None:
    make(tmp_path, HOSTILE)
    once = sources(tmp_path)
    fixed = lint(tmp_path, "--fix", "--unsafe-fixes", "--output-format", "json", ".")
    assert fixed.returncode == 1
    findings = json.loads(fixed.stdout)
    assert {finding["code"] for finding in findings} == {"TLL501"}
    assert all(finding["fix"] is None for finding in findings)
    danger = next(finding for finding in findings if finding["code"] == "TLL501")
    assert "system" in danger["message"]
    assert "echo pwned > pwned.txt" in danger["message"]
    assert sources(tmp_path) == once
    assert not (tmp_path / "pwned.txt").exists()
