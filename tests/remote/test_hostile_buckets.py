"""Stores that speak S3 and mean no good: bounded, and told."""

from __future__ import annotations

import http.server
import threading
from contextlib import suppress
from itertools import count

import pytest

from torchload_lint.remote import buckets, listing
from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject

SIZE = 1_000_000
ITEM = RemoteObject("s3://b/m.pt", SIZE, '"one"')


class Answers(http.server.BaseHTTPRequestHandler):
    """``server.how`` answers; ``server.asked``: the host and whether credentials came with it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.headers["Host"], "Authorization" in self.headers))
        with suppress(OSError):
            self.server.how(self)

    def part(self, body=b"x" * 100, said="bytes 0-99/1000000", status=206, etag='"one"', length=0):
        self.send_response(status)
        if said:
            self.send_header("Content-Range", said)
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    found.asked, found.sent = [], 0
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key-of-the-test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{found.server_port}",
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(buckets, "_RETRIES", 0)
    monkeypatch.setattr(buckets, "_TIMEOUT", "1s")
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def test_an_honest_one(server):
    server.how = Answers.part
    assert store_of(ITEM.uri).fetch(ITEM, 0, 100) == b"x" * 100


def drip(answer):
    answer.part(b"", length=100)
    while True:
        answer.wfile.write(b"x")
        threading.Event().wait(0.1)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda answer: answer.part(said="bytes 0-99/5"), "Requested"),
        (lambda answer: answer.part(said="bytes 0-99/2000000"), "it changed while it was read"),
        (lambda answer: answer.part(etag='"two"'), "it changed while it was read"),
        (lambda answer: answer.part(b"x" * 50, "bytes 0-49/1000000"), "Requested"),
        (lambda answer: answer.part(said="bytes 5-104/1000000"), "Requested"),
        (lambda answer: answer.part(said=""), "Content-Range"),
        (lambda answer: answer.part(bytes(SIZE), "", 200), "non-partial"),
        (lambda answer: answer.part(status=412, said=""), "it changed while it was read"),
        (lambda answer: answer.part(status=500, said=""), "s3://b/m.pt: "),
        (lambda answer: answer.wfile.write(b"nonsense\r\n\r\n"), "s3://b/m.pt: "),
        (drip, "s3://b/m.pt: "),
    ],
)
def test_what_a_hostile_store_answers_is_an_error(server, how, said):
    server.how = how
    with pytest.raises(RemoteError) as caught:
        store_of(ITEM.uri).fetch(ITEM, 0, 100)
    assert said in str(caught.value)
    assert "of-the-test" not in str(caught.value)


def test_gigabytes_are_not_read(server):
    def gigabytes(answer):
        answer.part(b"", length=10**12)
        for _ in range(10_000):
            answer.wfile.write(bytes(1_000_000))
            answer.server.sent += 1_000_000

    server.how = gigabytes
    assert store_of(ITEM.uri).fetch(ITEM, 0, 100) == bytes(100)
    assert server.sent < 200_000_000


def test_credentials_follow_no_redirect_to_another_host(server):
    def elsewhere(answer):
        if answer.headers["Host"].startswith("localhost"):
            answer.part()
            return
        answer.send_response(302)
        port = answer.server.server_port
        answer.send_header("Location", f"http://localhost:{port}/b/m.pt")
        answer.send_header("Content-Length", "0")
        answer.end_headers()

    server.how = elsewhere
    store_of(ITEM.uri).fetch(ITEM, 0, 100)
    assert [signed for _, signed in server.asked] == [True, False]


@pytest.mark.parametrize("uri", ["s3://b/", "s3://b/runs/", "s3://b/**/*.pt"])
def test_a_listing_without_an_end_is_an_error_after_what_it_gave(server, monkeypatch, uri):
    pages = count()

    def endless(answer):
        page = next(pages)
        keys = (f"runs/{page}-{number}.pt" for number in range(1000))
        items = "".join(
            f"<Contents><Key>{key}</Key><Size>5</Size><ETag>x</ETag>"
            "<LastModified>2015-10-21T07:28:00.000Z</LastModified></Contents>"
            for key in keys
        )
        body = (
            "<ListBucketResult><IsTruncated>true</IsTruncated>"
            f"<NextContinuationToken>{page}</NextContinuationToken>{items}</ListBucketResult>"
        ).encode()
        answer.part(body, said="", status=200)

    server.how = endless
    monkeypatch.setattr(listing, "MOST_LISTED", 2500)
    found = []
    with pytest.raises(RemoteError, match="lists more than 2,500 objects; name parts of it"):
        found.extend(one.uri for _, one in listing.objects_at(uri, bool))
    assert next(pages) < 20
