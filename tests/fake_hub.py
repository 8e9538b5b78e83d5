"""A hub on loopback that speaks what huggingface_hub asks: repositories, trees, parts of files."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

SHA = "c0ffee" + "0" * 34


class Answers(http.server.BaseHTTPRequestHandler):
    """``server.repositories``: name → path → bytes; ``server.asked``: what was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        parts = urlsplit(self.path)
        path = [unquote(one) for one in parts.path.strip("/").split("/")]
        self.server.asked.append((self.command, parts.path, dict(self.headers)))
        if path[:2] == ["api", "models"]:
            self.as_json(*self.api(path[2:], parse_qs(parts.query)))
        elif "resolve" in path:
            self.file(path)
        else:
            self.as_json(404, {"error": "?"})

    def api(self, path, query):
        repositories = self.server.repositories
        if not path:
            author = query["author"][0]
            return 200, [{"id": one} for one in repositories if one.startswith(f"{author}/")]
        files = repositories.get("/".join(path[:2]))
        if files is None:
            return 404, {"error": "Repository not found"}
        if path[2:3] == ["tree"]:
            below = "/".join(path[4:])
            return 200, [
                described(name, data)
                for name, data in files.items()
                if not below or name.startswith(f"{below}/")
            ]
        if path[2:3] == ["paths-info"]:
            length = int(self.headers.get("Content-Length") or 0)
            wanted = parse_qs(self.rfile.read(length).decode())["paths"]
            return 200, [described(name, files[name]) for name in wanted if name in files]
        known = {"id": "/".join(path[:2]), "sha": SHA, "lastModified": "2026-01-02T03:04:05.000Z"}
        return 200, known

    def file(self, path):
        """``org/name/resolve/<commit>/<file>``; large files are led to another path."""
        data = self.server.repositories.get("/".join(path[:2]), {}).get("/".join(path[4:]))
        if data is None or path[3] != SHA:
            self.as_json(404, {"error": "Entry not found"})
            return
        if self.server.elsewhere:
            self.send_response(302)
            self.send_header("Location", f"{self.server.elsewhere}/{path[-1]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        part = data[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def as_json(self, status, answer):
        data = json.dumps(answer).encode()
        self.send_response(status)
        if status == 404:
            code = "RepoNotFound" if "Repository" in answer["error"] else "EntryNotFound"
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", answer["error"])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def described(name, data):
    digest = hashlib.sha256(data).hexdigest()
    return {
        "type": "file", "path": name, "size": len(data), "oid": digest[:40],
        "lfs": {"oid": digest, "size": len(data), "pointerSize": 100},
    }  # fmt: skip


@contextmanager
def fake_hub(monkeypatch):
    """The server; huggingface_hub is led there, with a token."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.repositories, server.asked, server.elsewhere = {}, [], ""
    server.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", "hf_token_of_the_test")
    # What huggingface_hub has read of the environment when it was imported.
    template = f"{server.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
