"""Which file a load reads, shown beside it; and a checkpoint as a tree, for any editor."""

from __future__ import annotations

import argparse
import json

import pytest

from editors.plain_client import PlainClient

pytest.importorskip("pygls")
torch = pytest.importorskip("torch")

LOADS = """import sys
import torch

RUNS = "runs/é.pt"


def load(path):
    return torch.load(path, map_location="cpu")


load("runs/m.pt")
torch.load("runs/m.pt")
torch.load(RUNS)
torch.load(sys.argv[1])
"""
EVERYTHING = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text('min-severity = "info"\n')
    (tmp_path / "runs").mkdir()
    held = {"net": {"w": torch.zeros(2, 3)}, "args": argparse.Namespace(rate=0.1)}
    torch.save(held, tmp_path / "runs" / "m.pt")
    (tmp_path / "a.py").write_text(LOADS)
    return tmp_path


@pytest.fixture
def client(folder):
    with PlainClient(folder) as made:
        yield made


def hints(client, uri, within=EVERYTHING):
    asked = {"textDocument": {"uri": uri}, "range": within}
    found = client.ask("textDocument/inlayHint", asked)["result"]
    return [(one["position"]["line"], one["position"]["character"], one["label"]) for one in found]


def inspect(client, *arguments):
    asked = {"command": "torchload-lint.inspect", "arguments": list(arguments)}
    return client.ask("workspace/executeCommand", asked)


def test_a_hint_stands_behind_what_is_loaded_where_the_code_does_not_say_it(client):
    client.open("a.py", LOADS)
    assert hints(client, client.uri("a.py")) == [
        (7, len("    return torch.load(path"), "← runs/m.pt"),
        (12, len("torch.load(RUNS"), "← runs/é.pt (not there)"),
    ]


def test_only_what_is_in_the_range_is_looked_at(client):
    client.open("a.py", LOADS)
    rows = {"start": {"line": 10, "character": 0}, "end": {"line": 14, "character": 0}}
    assert [row for row, *_ in hints(client, client.uri("a.py"), rows)] == [12]


def test_what_is_known_of_the_load_is_told_with_the_hint(client):
    client.open("a.py", LOADS)
    asked = {"textDocument": {"uri": client.uri("a.py")}, "range": EVERYTHING}
    first, _ = client.ask("textDocument/inlayHint", asked)["result"]
    assert first["tooltip"]["kind"] == "markdown"
    assert "`argparse.Namespace` at `['args']`" in first["tooltip"]["value"]


@pytest.mark.parametrize("text", ["import torch\ntorch.load(\n", "x = 1\n", ""])
def test_what_holds_no_load_or_is_not_python_has_none(client, text):
    client.open("a.py", text)
    assert hints(client, client.uri("a.py")) == []
    assert hints(client, client.uri("closed.py")) == []


def test_a_cells_hints_are_counted_in_the_cell(client):
    cells = ["import torch", "import os\nwhere = 'runs/m.pt'\ntorch.load(where)"]
    uris = [f"vscode-notebook-cell:/n.ipynb#{number}" for number in range(2)]
    book = {"uri": client.uri("n.ipynb"), "notebookType": "jupyter-notebook", "version": 1}
    book["cells"] = [{"kind": 2, "document": uri} for uri in uris]
    texts = [
        {"uri": uri, "languageId": "python", "version": 1, "text": text}
        for uri, text in zip(uris, cells, strict=True)
    ]
    told = {"notebookDocument": book, "cellTextDocuments": texts}
    client.tell("notebookDocument/didOpen", told)
    assert hints(client, uris[0]) == []
    assert hints(client, uris[1]) == [(2, len("torch.load(where"), "← runs/m.pt")]


def test_a_checkpoint_is_told_with_its_tree_and_needs(client, folder):
    found = inspect(client, str(folder / "runs" / "m.pt"))["result"]
    assert (found["verdict"], found["fine"]) == ("needs-safe-globals", True)
    assert [(one["name"], one["allowed"]) for one in found["needs"]] == [
        ("argparse.Namespace", True)
    ]
    net, args = found["tree"]["children"]
    assert net["children"][0] == {
        "step": "['w']",
        "headline": "tensor float32 [2, 3], 24 B",
        "children": [],
        "goesOn": False,
    }
    assert args["headline"] == "argparse.Namespace"


@pytest.mark.parametrize("data", [None, b"", b"<html>", b"PK\x03\x04", b"\x80\x02."])
def test_what_is_no_checkpoint_is_told_and_nothing_fails(client, folder, data):
    path = folder / "odd.pt"
    if data is not None:
        path.write_bytes(data)
    found = inspect(client, str(path))["result"]
    assert found["tree"] is None
    assert found["problems"]
    json.dumps(found)


def test_a_wrong_configuration_is_told_in_the_place_of_a_checkpoint(client, folder):
    (folder / "torchload-lint.toml").write_text("nonsense = 1\n")
    found = inspect(client, str(folder / "runs" / "m.pt"))["result"]
    assert "unknown key 'nonsense'" in found["error"]


def test_wrong_arguments_are_an_error_of_the_protocol(client):
    assert "error" in inspect(client)
    assert "error" in inspect(client, "")
