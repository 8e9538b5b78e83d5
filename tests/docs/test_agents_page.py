"""The page for coding agents: its commands run as they stand, and answer in the words it names."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^torchload-lint (.+)$", PAGE, re.MULTILINE)


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shutil.copytree(ROOT / "fixtures" / "demo", tmp_path / "demo")
    monkeypatch.chdir(folder)
    return folder


def answer(command: str) -> str:
    """What a command of the page prints; it must not end with 2."""
    result = CliRunner().invoke(root, command.split())
    assert result.exit_code in {0, 1}, result.output
    return result.stdout


def words_after(heading: str) -> set[str]:
    """The words in backticks of one row of the list."""
    row = PAGE.partition(f"- {heading}:")[2].partition("\n- ")[0]
    return set(re.findall(r"`([a-z_]+)`", row))


def keys(value: object) -> set[str]:
    """The keys of all objects inside a value."""
    if isinstance(value, dict):
        return set(value) | {key for each in value.values() for key in keys(each)}
    return {key for each in value for key in keys(each)} if isinstance(value, list) else set()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs(command: str) -> None:
    assert answer(command)


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("heading", "number", "values"),
    [
        ("Findings", 0, {"safe", "unsafe"}),
        ("Loads", 1, {"restricted", "unsafe"}),
        ("A checkpoint", 2, set()),
    ],
)
def test_the_answers_have_the_keys_that_are_named(
    heading: str, number: int, values: set[str]
) -> None:
    named = words_after(heading) - values
    assert len(named) > 3
    assert named <= keys(json.loads(answer(COMMANDS[number])))


def test_the_fix_of_the_page_changes_the_demo(demo: Path) -> None:
    answer(COMMANDS[4])
    assert "safe_globals" in (demo / "predict.py").read_text()
