"""Messages to the language server, made at random: it goes on, and answers a good one afterwards.

An input is a list of messages as JSON, one a row; what is no JSON is sent as it is.
"""

from __future__ import annotations

import atexit
import json
from typing import TYPE_CHECKING, Any

from fuzz.harness import Harm, Harness, from_tests, must
from fuzz.harnesses.project import folder

if TYPE_CHECKING:
    from random import Random

_client_of_tests = from_tests("editors.plain_client")  # it sees every message

MESSAGES = 40
"""Messages of an input; the counter of a run counts inputs."""
LOAD = "import torch\nx = torch.load(p, weights_only=False)\n"
TEXTS = (
    LOAD, LOAD * 50, "", "(", "'''", "\0", "import torch\ntorch.load(" + "(" * 150, "x = '\ud800'\n" + LOAD,
    "# coding: zip\n" + LOAD, "def f(:\n" + LOAD, LOAD.replace("\n", "\r"), "é𝐱" * 100 + LOAD, "%pip\n" + LOAD,
    "import torch\n" + "torch.load('runs/net.pt')\n" * 30, "from torch import *\nload(x)\n",
)  # fmt: skip
NUMBERS: tuple[object, ...] = (0, 1, -1, 5, 2**31, 2**31 - 1, 2**63, 1.5, "1", None, True, [], {})
NAMES = ("a.py", "b.py", "n.ipynb", "../x.py", "%00.py", "a b.py", "é.py", "")
METHODS = (
    "textDocument/didOpen", "textDocument/didChange", "textDocument/didChange", "textDocument/didClose",
    "textDocument/didSave", "textDocument/diagnostic", "textDocument/codeAction", "textDocument/hover",
    "notebookDocument/didOpen", "notebookDocument/didChange", "notebookDocument/didClose",
    "workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles", "$/cancelRequest", "$/setTrace",
    "workspace/didChangeWorkspaceFolders", "no/such", "initialize", "initialized", "workspace/executeCommand",
)  # fmt: skip


def made(random: Random) -> bytes:
    """Some messages, most of them nearly right."""
    rows = [json.dumps(_message(random)) for _ in range(MESSAGES)]
    if random.random() < 0.3:
        place = random.randrange(len(rows))
        rows[place] = rows[place][: random.randrange(len(rows[place]))]
    return "\n".join(rows).encode()


def _message(random: Random) -> dict[str, Any]:
    method = random.choice(METHODS)
    message = {"jsonrpc": "2.0", "method": method, "params": _params(random, method)}
    if random.random() < 0.5 and "/did" not in method:
        message["id"] = random.choice((random.randrange(10**6), "a", None, -1, 1.5))
    if random.random() < 0.05:
        del message[random.choice(list(message))]
    return message


def _params(random: Random, method: str) -> Any:  # noqa: ANN401 - whatever a client may send
    if random.random() < 0.05:
        return random.choice((*NUMBERS, "text", [1, [2]], {"textDocument": None}))
    uri = random.choice(("file:///", "", "untitled:", folder().as_uri() + "/")) + random.choice(
        NAMES
    )
    document = {
        "uri": uri,
        "version": random.choice(NUMBERS),
        "languageId": "python",
        "text": random.choice(TEXTS),
    }
    params: dict[str, Any] = {
        "textDocument": document,
        "position": _place(random),
        "range": _range(random),
    }
    if method.endswith("didChange"):
        change: dict[str, Any] = {"text": random.choice(TEXTS)}
        if random.random() < 0.3:
            change |= {"range": _range(random)}
        params["contentChanges"] = [change] * random.choice((0, 1, 3))
    if method.startswith("notebook"):
        cells = [{"kind": random.choice((1, 2, 9)), "document": f"cell:{n}"} for n in range(3)]
        params["notebookDocument"] = {
            "uri": uri,
            "version": 1,
            "notebookType": "jupyter-notebook",
            "cells": cells,
        }
        params["cellTextDocuments"] = [{**document, "uri": f"cell:{n}"} for n in range(3)]
        params["change"] = random.choice(
            ({}, {"cells": {}}, {"cells": {"structure": {"array": {"start": 9, "deleteCount": 9}}}})
        )
    params["context"] = {
        "diagnostics": [],
        "only": random.choice((["quickfix"], ["source.fixAll"], [], None)),
    }
    params["settings"] = random.choice(
        (None, {"torchload-lint": {"select": ["TLL"]}}, {"torchload-lint": 1}, [1])
    )
    params["changes"] = [{"uri": uri, "type": random.choice((1, 2, 3, 9))}]
    params["id"] = random.choice(NUMBERS)
    return params


def _place(random: Random) -> dict[str, Any]:
    return {"line": random.choice(NUMBERS), "character": random.choice(NUMBERS)}


def _range(random: Random) -> dict[str, Any]:
    return {"start": _place(random), "end": _place(random)}


_clients: list[Any] = []


def attempt(data: bytes) -> None:
    """Send the messages, then open a document of our own, and ask for its findings."""
    client = _client()
    try:
        for row in data.split(b"\n"):
            client.send_raw(row)
        client.open("sound.py", LOAD)
        found = client.codes("sound.py")
        client.close("sound.py")
    except (_client_of_tests.Gone, OSError) as error:
        _clients.clear()
        client.__exit__()
        must(None, Harm.LOST, f"the server has ended: {error!r}")
        raise
    must("TLL101" in found, Harm.LOST, f"the sound document has {found}")


def _client() -> Any:  # noqa: ANN401 - the tests have no types
    """A server that is kept from one input to the next."""
    if not _clients:
        client = _client_of_tests.PlainClient(folder())
        atexit.register(client.__exit__)
        client.initialize()
        _clients.append(client)
    return _clients[0]


HARNESS = Harness("server", attempt, made=made)
