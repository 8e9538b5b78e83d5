"""Findings that a baseline names are not shown while one types."""

from __future__ import annotations

import subprocess
import sys

import pytest

from editors.plain_client import SOURCE, PlainClient

pytest.importorskip("pygls")

TWO = "import torch\n\nx = torch.load(p, weights_only=False)\n"
MORE = TWO + "y = torch.load(q, weights_only=False)\n"


@pytest.fixture
def folder(tmp_path):
    """A project whose baseline names the one finding of ``a.py``."""
    (tmp_path / "torchload-lint.toml").write_text('baseline = "known.json"\n')
    (tmp_path / "a.py").write_text(TWO)
    update_baseline(tmp_path)
    return tmp_path


def update_baseline(folder):
    done = subprocess.run(
        [sys.executable, "-m", "torchload_lint", "--update-baseline", "."],
        cwd=folder,
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def rows(client, name="a.py"):
    return [found["range"]["start"]["line"] for found in client.diagnostics(name)]


def test_what_is_known_is_not_shown_and_what_is_new_is(folder):
    with PlainClient(folder) as client:
        client.open("a.py", TWO)
        assert rows(client) == []
        client.change("a.py", "import os\n" + MORE)  # the known line has moved
        assert rows(client) == [4]
        client.change("a.py", TWO.replace("p,", "r,"))  # a line that is edited is looked at again
        assert rows(client) == [2]


def test_fixing_all_leaves_alone_what_is_known(folder):
    (folder / "torchload-lint.toml").write_text(
        'baseline = "known.json"\ntarget-torch = ">=2.6"\nselect = ["TLL102"]\n'
    )
    known, new = "x = torch.load(p)\n", "y = torch.load(q)\n"
    (folder / "a.py").write_text(f"import torch\n{known}")
    update_baseline(folder)
    text = f"import torch\n{new}{known}"
    with PlainClient(folder) as client:
        client.open("a.py", text)
        assert rows(client) == [1]
        (action,) = client.actions(client.uri("a.py"), "source.fixAll")
        (edits,) = action["edit"]["changes"].values()
        assert {edit["range"]["start"]["line"] for edit in edits} == {1}


def test_a_baseline_that_changes_is_followed(folder):
    with PlainClient(folder) as client:
        client.open("a.py", TWO)
        assert rows(client) == []
        (folder / "known.json").write_text('{"version": 1, "findings": {}}\n')
        assert rows(client) == [2]


def test_a_baseline_that_cannot_be_read_hides_nothing_and_is_told_once(folder):
    (folder / "known.json").write_text("[]\n")
    with PlainClient(folder) as client:
        client.open("a.py", TWO)
        assert rows(client) == rows(client) == [2]
        (message,) = client.messages
        assert "known.json: is not a baseline" in message


@pytest.mark.parametrize(("setting", "shown"), [("", [2]), ("none.json", [2]), ("known.json", [])])
def test_the_client_names_another_baseline_or_none(folder, setting, shown):
    with PlainClient(folder) as client:
        client.open("a.py", TWO)
        settings = {"torchload-lint": {"baseline": setting}}
        client.tell("workspace/didChangeConfiguration", {"settings": settings})
        assert rows(client) == shown
        assert client.messages == []
