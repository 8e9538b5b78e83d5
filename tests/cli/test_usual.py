"""Usual command lines mean the same with click and without."""

from __future__ import annotations

import pytest

from torchload_lint.cli.arguments.check_options import OPTIONS
from torchload_lint.cli.check import command
from torchload_lint.cli.usual import usual_flags

USUAL = (
    "",
    "src",
    "check src tests",
    "a.py b.py -",
    "--fix src",
    "--no-fix src --fix",
    "--fix --no-fix",
    "--unsafe-fixes --diff .",
    "--no-unsafe-fixes -q .",
    "-q -v src",
    "--select TLL1 --select=TLL2,TLL3 --ignore TLL102",
    "--output-format json -o report.json src",
    "--output-file=report.json --output-format=sarif",
    "--config pyproject.toml --isolated",
    "--target-torch >=2.1 -j 4",
    "--jobs=0 --color never --exit-zero",
    "--force-exclude --respect-gitignore --stdin-display-name x.py -",
    "--no-cache --cache-dir .cache src",
    "--per-file-ignores tests/*:TLL102 --exclude a --extend-exclude b --exclude c",
    "--error-on error --min-severity=warning --statistics --show-fixes",
    "--explain-load a.py:3 --noqa-reason= --baseline known.json",
    "--fix -- --fix -x",
    "missing.py",
)
CLICKS = (
    "--help",
    "-h",
    "--version",
    "check",
    "inspect a.pt",
    "loads",
    "--nope",
    "--fix=yes",
    "-qv",
    "-j4",
    "-j four",
    "--jobs -1",
    "--color sometimes",
    "--output-format",
    "--output-format nope",
    "--select --fix",
    "-o .",
    "--timeout 5",
    "--python python3",
    "--config -",
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder to start in, without a word about formats in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TORCHLOAD_LINT_OUTPUT_FORMAT", raising=False)


def of_click(words):
    return command.make_context("check", list(words)).params


@pytest.mark.parametrize("line", USUAL)
def test_a_usual_line_means_what_click_says(line):
    words = line.split()
    given = words[1:] if words[:1] == ["check"] else words
    assert usual_flags(words) == of_click(given)


@pytest.mark.parametrize("line", CLICKS)
def test_all_other_lines_are_clicks(line):
    assert usual_flags(line.split()) is None


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.names[0])
def test_each_option_that_is_read_means_what_click_says(option):
    for name in (name for group in option.names for name in group.split("/")):
        for words in ([name], [name, "1"], [name, "auto"], [f"{name}=x,y"]):
            found = usual_flags([*words, "src"]) if name.startswith("-") else None
            if found is not None:
                assert found == of_click([*words, "src"])


def test_an_empty_path_and_an_unreadable_place_are_clicks(monkeypatch):
    assert usual_flags([""]) is None
    assert usual_flags(["a\0b"]) is None
    monkeypatch.setenv("TORCHLOAD_LINT_OUTPUT_FORMAT", "json")
    assert usual_flags(["src"]) is None
    monkeypatch.delenv("TORCHLOAD_LINT_OUTPUT_FORMAT")
    monkeypatch.setenv("_TORCHLOAD_LINT_COMPLETE", "bash_source")
    assert usual_flags(["src"]) is None
