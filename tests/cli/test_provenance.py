"""A report says by what, when, for which torch and with which command line it was made."""

from __future__ import annotations

import json
import sys

import pytest

from checkpoint import bare_files as files
from torchload_lint import __version__
from torchload_lint.reports.provenance import provenance_of

TIME = "2027-01-15T08:00:00Z"
LOAD = "import torch\n\ntorch.load(p, weights_only=False)\n"


@pytest.fixture
def made(cli, folder, monkeypatch):
    """Run a command line as ``main`` would, at a time that is given; its standard output."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    (folder / "a.py").write_text(LOAD)
    (folder / "good.pt").write_bytes(files.archive(b"\x80\x02]."))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["torchload-lint", *words])
        return cli(*words).stdout

    return run


@pytest.mark.parametrize("command", ["check", "inspect"])
def test_the_page_says_so(made, command):
    page = made(command, "--target-torch", "2.6", "--output-format", "html", ".")
    assert f"made by torchload-lint {__version__} at {TIME}" in page
    assert f"command line: torchload-lint {command} --target-torch 2.6" in page
    assert "the answers are for torch 2.6" in page


@pytest.mark.parametrize("command", ["check", "inspect"])
def test_sarif_has_an_invocation(made, command):
    text = made(command, "--target-torch", "2.6", "--output-format", "sarif", ".")
    (invocation,) = json.loads(text)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["endTimeUtc"] == TIME
    assert invocation["commandLine"].startswith(f"torchload-lint {command} --target-torch 2.6")
    (torch,) = invocation["properties"]["torch"]
    assert torch.startswith("the answers are for torch 2.6")


def test_a_bill_has_it_in_its_metadata(made):
    metadata = json.loads(made("inspect", "--output-format", "cyclonedx", "good.pt"))["metadata"]
    assert metadata["timestamp"] == TIME
    (tool,) = metadata["tools"]["components"]
    assert tool["version"] == __version__
    told = {one["name"]: one["value"] for one in metadata["properties"]}
    assert told["torchload-lint:command-line"].endswith("cyclonedx good.pt")
    assert told["torchload-lint:torch"].startswith("the answers are for torch")


@pytest.mark.parametrize(
    ("words", "title"), [(("a.py",), "found"), (("--fix", "--unsafe-fixes", "b.py"), "changed")]
)
def test_an_account_says_changed_only_where_something_was(made, folder, words, title):
    (folder / "b.py").write_text(LOAD.replace("(p,", '("good.pt",'))
    made("--account", "account.md", *words)
    account = (folder / "account.md").read_text()
    assert account.startswith(f"# What torchload-lint {title}\n")
    assert f"made by torchload-lint {__version__} at {TIME}" in account
    assert "command line: torchload-lint" in account
    assert "the answers are for torch" in account


def test_the_same_run_makes_the_same_report(made):
    assert len({made("--output-format", form, ".") for form in ("html", "html")}) == 1


@pytest.mark.parametrize("epoch", ["", "soon", "-1e9", "9" * 30])
def test_a_time_that_is_none_is_not_taken(monkeypatch, epoch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert provenance_of([], ()).time.startswith("20")


def test_no_report_repeats_what_opens_a_store():
    command = provenance_of(["scan", "https://user:secret@host/a b"], ()).command
    assert command == "torchload-lint scan 'https://host/a b'"
