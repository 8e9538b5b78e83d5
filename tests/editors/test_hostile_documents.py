"""Documents, settings and messages that no good editor sends: the server answers on."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from editors.plain_client import COMMAND, SOURCE, PlainClient

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


WRONG = {
    "no JSON": ("{not json", None, -32700),
    "not UTF-8": (b"\xff", None, -32700),
    "brackets": ("[" * 100_000, None, -32700),
    "a long number": ('{"jsonrpc": "2.0", "id": ' + "9" * 10_000 + "}", None, -32700),
    "a version": ('{"jsonrpc": "1.0", "id": 7, "method": "shutdown"}', 7, -32600),
    "an id": ('{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', None, -32600),
    "a method": ('{"jsonrpc": "2.0", "id": 7, "method": 5}', 7, -32600),
    "a method of half a character": (
        '{"jsonrpc": "2.0", "id": "\\ud800", "method": "\\ud800"}',
        "\ud800",
        -32603,
    ),
    "parameters": ('{"jsonrpc": "2.0", "id": 7, "method": "textDocument/hover"}', 7, -32602),
    "a position": (
        (
            '{"jsonrpc": "2.0", "id": 7, "method": "textDocument/hover", "params": '
            '{"textDocument": '
            '{"uri": "file:///a.py"}, "position": {"line": -1, "character": 0}}}'
        ),
        7,
        -32602,
    ),
    "a command": (
        (
            '{"jsonrpc": "2.0", "id": 7, "method": "workspace/executeCommand", '
            '"params": {"command": "\\u001b]0;x\\u0007\\n::error::x"}}'
        ),
        7,
        -32602,
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_message_is_answered_and_said_in_a_row(tmp_path, kind):
    given, number, code = WRONG[kind]
    answers, said, status = served(tmp_path, given)
    assert [(one["id"], one["error"]["code"]) for one in answers if "error" in one] == [
        (number, code)
    ]
    assert not [one for one in answers if "method" in one]  # nobody at the keyboard did it
    assert (said.count("\n"), status) == (1, 0)
    assert not set(said) & {"\x1b", "\x07"}
    assert "\n::" not in said


@pytest.mark.parametrize(
    "given",
    [
        "[]", "5", "null", "{}", '{"jsonrpc": "2.0"}', '{"jsonrpc": "2.0", "id": 9, "result": 5}',
        '{"jsonrpc": "2.0", "id": 9, "error": 5}',
        '{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {}}',
        '{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": 5}}',
        '{"jsonrpc": "2.0", "method": "no/such", "params": 5}',
    ],
)  # fmt: skip
def test_what_asks_for_nothing_gets_no_answer(tmp_path, given):
    answers, said, status = served(tmp_path, given)
    assert [one["id"] for one in answers] == [1, 2]
    assert (said.count("\n"), status) == (1, 0)


def test_a_message_that_would_fill_the_memory_ends_the_server(tmp_path):
    started = subprocess.run(
        COMMAND, input=b"Content-Length: 99999999999999\r\n\r\n{}", cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, check=False,
    )  # fmt: skip
    assert (started.returncode, started.stdout) == (1, b"")
    assert started.stderr.decode() == (
        "ERROR: a message of 99999999999999 bytes is too large, so the server ends\n"
    )


def served(folder, given):
    """What a server answers to a message between the first and the last, and writes beside."""
    params = {"processId": None, "rootUri": None, "capabilities": {}}
    first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    last = [
        {"jsonrpc": "2.0", "id": 2, "method": "shutdown"},
        {"jsonrpc": "2.0", "method": "exit"},
    ]
    bodies = [json.dumps(first).encode(), given if isinstance(given, bytes) else given.encode()]
    bodies += [json.dumps(one).encode() for one in last]
    sent = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    done = subprocess.run(
        COMMAND, input=sent, cwd=folder, env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True, check=False,
    )  # fmt: skip
    parts = re.split(rb"Content-Length: \d+\r\n(?:.+\r\n)*\r\n", done.stdout)
    return [json.loads(part) for part in parts if part], done.stderr.decode(), done.returncode
