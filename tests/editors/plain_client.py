"""A client of the language server that does one thing after the other, and sees every message."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"
COMMAND = [sys.executable, "-m", "torchload_lint", "server"]
PULLS = {
    "general": {"positionEncodings": ["utf-32"]},
    "textDocument": {"diagnostic": {}, "codeAction": {}},
    "notebookDocument": {"synchronization": {}},
}
SECONDS = 60


class Gone(Exception):  # noqa: N818 - it may be what a test waits for
    """The server has ended."""


class PlainClient:
    """Starts a server in a folder."""

    def __init__(self, folder: Path, capabilities: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            COMMAND,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"},
        )
        self._capabilities = PULLS if capabilities is None else capabilities
        self._inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._number = 0
        self._versions: dict[str, int] = {}
        self.sent: dict[str, list[dict[str, Any]]] = {}
        self.messages: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def initialize(self, **options: Any) -> dict[str, Any]:
        uri = self.folder.as_uri()
        params = {"processId": None, "rootUri": uri, "capabilities": self._capabilities, **options}
        answer = self.ask("initialize", params)
        self.tell("initialized", {})
        return answer["result"]

    def __enter__(self) -> PlainClient:  # noqa: PYI034 - Self needs Python 3.11
        self.initialize()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # what could not be sent any more
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout
        while header := self.process.stdout.readline():
            if header.lower().startswith(b"content-length"):
                length = int(header.split(b":")[1])
                while self.process.stdout.readline().strip():
                    pass
                self._inbox.put(json.loads(self.process.stdout.read(length)))
        self._inbox.put(None)

    def send(self, message: dict[str, Any]) -> None:
        self.send_raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_raw(self, body: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """The whole answer, with its ``result`` or ``error``."""
        self._number += 1
        number = self._number
        self.send({"id": number, "method": method, "params": params})
        while True:
            message = self.take()
            if message.get("id") == number and "method" not in message:
                return message

    def take(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The next message; what the server asks for is answered with null."""
        message = self._inbox.get(timeout=seconds)
        if message is None:
            raise Gone
        method, params = message.get("method"), message.get("params")
        if method == "textDocument/publishDiagnostics":
            self.sent[params["uri"]] = params["diagnostics"]
        elif method == "window/showMessage":
            self.messages.append(params["message"])
        elif method and "id" in message:
            self.send({"id": message["id"], "result": None})
        return message

    def wait_for_sent(self, uri: str) -> list[dict[str, Any]]:
        """The next findings that are sent for a document."""
        while True:
            message = self.take()
            told = message.get("params") or {}
            if (
                message.get("method") == "textDocument/publishDiagnostics"
                and told.get("uri") == uri
            ):
                return told["diagnostics"]

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> None:
        self._versions[name] = 1
        item = {"uri": self.uri(name), "languageId": "python", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def change(self, name: str, text: str) -> None:
        self._versions[name] += 1
        document = {"uri": self.uri(name), "version": self._versions[name]}
        change = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.tell("textDocument/didChange", change)

    def save(self, name: str) -> None:
        self.tell("textDocument/didSave", {"textDocument": {"uri": self.uri(name)}})

    def close(self, name: str) -> None:
        self.tell("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    def diagnostics(self, name: str) -> list[dict[str, Any]]:
        """The findings, asked for."""
        asked = {"textDocument": {"uri": self.uri(name)}}
        return self.ask("textDocument/diagnostic", asked)["result"]["items"]

    def codes(self, name: str) -> list[str]:
        return [found["code"] for found in self.diagnostics(name)]

    def actions(self, uri: str, kind: str) -> list[dict[str, Any]]:
        """The actions of one kind for a whole document."""
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 10**6, "character": 0}}
        asked = {"textDocument": {"uri": uri}, "range": whole}
        asked["context"] = {"diagnostics": [], "only": [kind]}
        return self.ask("textDocument/codeAction", asked)["result"] or []
