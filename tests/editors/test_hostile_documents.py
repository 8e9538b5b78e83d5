"""Documents, settings and messages that no good editor sends: the server answers on."""

from __future__ import annotations

import pytest

from editors.plain_client import PlainClient

pytest.importorskip("pygls")

LOAD = "import torch\nx = torch.load(p)\n"
HOSTILE = {
    "half a surrogate pair": '"\ud800"\n',
    "NUL": "\0",
    "escape sequences": "'\x1b[31m'\n",
    "form feeds and separators": "\x0c\x1c\u2028\x85 = 1\n",
    "carriage returns": "y = (\r1\n)\r\n",
    "many brackets": "(" * 5000,
    "many signs": "z = " + "-" * 20_000 + "1\n",
    "a chain of attributes": "z = a" + ".a" * 20_000 + "\n",
    "many levels": "".join(f"{' ' * n}if a:\n" for n in range(150)),
    "one long row": "z = '" + "a" * 500_000 + "'\n",
    "an encoding that is none": "# coding: zip\n",
    "no end of a string": "'''",
}


@pytest.fixture
def client(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text('min-severity = "info"\n')
    with PlainClient(tmp_path) as made:
        yield made


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("before", [True, False])
def test_a_hostile_document_leaves_the_others_alone(client, text, before):
    client.open("bad.py", text + LOAD if before else LOAD + text)
    client.diagnostics("bad.py")
    client.actions(client.uri("bad.py"), "quickfix")
    client.actions(client.uri("bad.py"), "source.fixAll")
    place = {"line": 1, "character": 5}
    client.ask(
        "textDocument/hover",
        {"textDocument": {"uri": client.uri("bad.py")}, "position": place},
    )
    client.open("good.py", LOAD)
    assert client.codes("good.py") == ["TLL102"]
    assert client.process.poll() is None


def test_messages_out_of_order_and_of_no_sense(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text('min-severity = "info"\n')
    client = PlainClient(tmp_path)
    try:
        early = {"textDocument": {"uri": client.uri("a.py")}}
        assert "error" in client.ask("textDocument/diagnostic", early)
        client.initialize()
        gone = {"uri": client.uri("gone.py"), "version": 7}
        change = {"textDocument": gone, "contentChanges": [{"text": LOAD}]}
        client.tell("textDocument/didChange", change)
        client.tell("textDocument/didSave", {"textDocument": gone})
        client.tell("textDocument/didClose", {"textDocument": gone})
        cells = {"notebookDocument": {"uri": client.uri("n.ipynb"), "version": 2}, "change": {}}
        client.tell("notebookDocument/didChange", cells)
        client.tell("workspace/didChangeConfiguration", {"settings": [1, "a", None]})
        client.tell("$/cancelRequest", {"id": 99})
        client.tell("no/such/method", {"a": 1})
        client.send_raw(b"{")
        client.send_raw(b'{"jsonrpc": "2.0", "id": 1}')
        client.send_raw(b"[" * 100_000)
        client.open("a.py", LOAD)
        far = {"line": 10**8, "character": 10**8}
        asked = {"textDocument": {"uri": client.uri("a.py")}, "position": far}
        assert client.ask("textDocument/hover", asked)["result"] is None
        assert client.codes("a.py") == ["TLL102"]
    finally:
        client.__exit__()


def test_a_flood_of_edits_is_answered_as_of_the_last(client):
    client.open("a.py", LOAD)
    for number in range(500):
        client.change("a.py", LOAD + f"y{number} = torch.load(q)\n" * (number % 3))
    assert client.codes("a.py") == ["TLL102"] * (1 + 499 % 3)
