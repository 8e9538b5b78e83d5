from __future__ import annotations

import http.server
import threading

import pytest


class Answers(http.server.BaseHTTPRequestHandler):
    """Serves ``server.files``; ``server.how`` says in which way it misbehaves."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(
            (self.path, self.headers.get("Range"), self.headers.get("If-Match"))
        )
        how = self.server.how
        if self.path in how:
            how[self.path](self)
            return
        data = self.server.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        first, last = self.wanted(len(data))
        self.part(data[first : last + 1], f"bytes {first}-{last}/{len(data)}")

    def wanted(self, size):
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        return int(first), min(int(last), size - 1)

    def part(self, data, described, status=206, etag='"one"'):
        self.send_response(status)
        if described:
            self.send_header("Content-Range", described)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    """A web server on loopback: ``files``, ``how``, ``asked``, ``url``."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.files, server.how, server.asked = {}, {}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
