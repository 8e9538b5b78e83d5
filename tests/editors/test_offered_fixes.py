"""Which actions an editor offers at a finding, and what they say."""

from __future__ import annotations

import os

import pytest
import torch

from editors.plain_client import PlainClient

pytest.importorskip("pygls")

UNSAFE = "x, y = 1, torch.load(\n    path,\n    weights_only=False,\n)  # the end\n"
TEXT = f"import torch\n\n{UNSAFE}\nz = 1\n"


@pytest.fixture
def client(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text('target-torch = "2.6"\n')
    with PlainClient(tmp_path) as made:
        yield made


def at(client, name, row, column=0, to=None):
    """The quick fixes for the cursor at a place (from 0), or a selection to another one."""
    start = {"line": row, "character": column}
    asked = {"textDocument": {"uri": client.uri(name)}}
    asked["range"] = {"start": start, "end": start if to is None else to}
    asked["context"] = {"diagnostics": [], "only": ["quickfix"]}
    return client.ask("textDocument/codeAction", asked)["result"] or []


@pytest.mark.parametrize(
    ("row", "column", "offered"),
    [(2, 0, True), (2, 12, True), (3, 0, True), (5, 9, True), (0, 3, False), (6, 0, False)],
)
def test_the_cursor_may_stand_anywhere_on_the_rows_of_a_finding(client, row, column, offered):
    client.open("a.py", TEXT)
    titles = [one["title"] for one in at(client, "a.py", row, column)]
    assert any("suppress TLL101" in title for title in titles) == offered


def test_what_is_selected_may_end_or_begin_on_a_row_of_the_finding(client):
    client.open("a.py", TEXT)
    assert at(client, "a.py", 0, 0, to={"line": 2, "character": 1})
    assert at(client, "a.py", 5, 3, to={"line": 7, "character": 1})


class Payload:
    def __reduce__(self):
        return os.system, ("true",)


def test_an_unsafe_fix_says_in_its_title_why_it_is_unsafe(client):
    torch.save({"a": torch.zeros(1)}, client.folder / "m.pt")
    code = 'def f(path="m.pt"):\n    return torch.load(path, weights_only=False)\n'
    client.open("a.py", f"import torch\n{code}")
    (title,) = [one["title"] for one in at(client, "a.py", 2) if "suppress" not in one["title"]]
    before, _, risk = title.partition(" (unsafe: ")
    assert before == "torchload-lint: Write weights_only=True"
    assert risk.endswith(")")
    assert len(risk) > 10


def run(client, name, argument):
    asked = {"command": name, "arguments": [argument]}
    return client.ask("workspace/executeCommand", asked)


def test_a_finding_without_a_fix_leads_to_its_checkpoint(client):
    torch.save(Payload(), client.folder / "bad é.pt")
    client.open("a.py", 'import torch\n\nx = torch.load("bad é.pt", weights_only=True)\n')
    assert client.codes("a.py") == ["TLL501"]
    look, suppress = at(client, "a.py", 2)
    assert look["title"] == "torchload-lint: inspect bad é.pt"
    assert look["diagnostics"][0]["code"] == "TLL501"
    assert "suppress" in suppress["title"]
    command = look["command"]
    run(client, command["command"], *command["arguments"])
    (message,) = client.messages
    assert "bad é.pt: DANGEROUS: it would run code" in message
    assert "system" in message


def test_a_checkpoint_may_be_named_by_its_address(client):
    path = client.folder / "m é.pt"
    torch.save({"a": torch.zeros(1)}, path)
    by_path = run(client, "torchload-lint.inspect", str(path))["result"]
    assert by_path["verdict"] == "loads"
    assert run(client, "torchload-lint.inspect", path.as_uri())["result"] == by_path
