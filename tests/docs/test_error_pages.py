"""The pages for error messages: torch says what each quotes, the commands print what it shows."""

from __future__ import annotations

import argparse
import collections
import os
import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from test_docs import commands

from torchload_lint.cli.group import root

PAGES = Path(__file__).parents[2] / "docs" / "errors"
PROGRAM = 'import torch\n\nstate = torch.load("args.pt")\n'


def save_namespace() -> str:
    torch.save({"epoch": 3, "args": argparse.Namespace(lr=0.1)}, "args.pt")
    return "args.pt"


def save_with_protocol_4() -> str:
    torch.save({"epoch": 3}, "proto4.pt", pickle_protocol=4)
    return "proto4.pt"


def save_defaultdict() -> str:
    torch.save({"counts": collections.defaultdict(list, {"a": [1]})}, "counts.pt")
    return "counts.pt"


def save_function_of_os() -> str:
    torch.save({"where": os.getcwd}, "blocked.pt")
    return "blocked.pt"


def save_scripted() -> str:
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), "scripted.pt")
    return "scripted.pt"


MADE = {
    "weights-only-load-failed": save_namespace,
    "unsupported-global": save_namespace,
    "unsupported-operand": save_with_protocol_4,
    "filled-containers": save_defaultdict,
    "blocked-module": save_function_of_os,
    "torchscript-archive": save_scripted,
}
ALLOWED = {"filled-containers": [collections.defaultdict, list]}
"""What the reader has allowed already when the message comes."""


@pytest.fixture(params=MADE)
def page(request, tmp_path, monkeypatch):
    """A page's name, in a folder with the program and the file that it speaks of."""
    monkeypatch.chdir(tmp_path)
    Path("resume.py").write_text(PROGRAM)
    return request.param


def words(text: str) -> str:
    """A message without bold type and marks of code, in one line."""
    return " ".join(re.sub(r"\x1b\[\d+m|`", "", text).split())


@pytest.mark.filterwarnings("ignore")
def test_torch_says_what_the_page_quotes(page):
    file = MADE[page]()
    with (
        torch.serialization.safe_globals(ALLOWED.get(page, [])),
        pytest.raises(Exception, match="weights_only") as raised,
    ):
        torch.load(file, weights_only=True)
    said = words(f"_pickle.{raised.type.__name__}: {raised.value}")
    (quoted,) = re.findall(r"^```text\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)
    assert words(quoted) in said
    assert words(text_of(page).partition("\n")[0].lstrip("# ").split("…")[0]) in said


@pytest.mark.filterwarnings("ignore")
def test_the_commands_print_what_the_page_shows(page):
    MADE[page]()
    shown = commands(text_of(page))
    assert shown
    for command, output in shown:
        assert CliRunner().invoke(root, command[1:]).stdout == output


def test_every_page_is_tested():
    assert {path.stem for path in PAGES.glob("*.md")} == {*MADE, "index"}


def text_of(page: str) -> str:
    return (PAGES / f"{page}.md").read_text("utf-8")
