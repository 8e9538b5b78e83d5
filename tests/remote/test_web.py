"""Web servers, honest and hostile ones."""

from __future__ import annotations

from contextlib import suppress
from threading import Event

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import inspect_byte_source, inspect_bytes
from torchload_lint.remote import web as client
from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject
from torchload_lint.remote.windows import RemoteSource

DATA = files.archive(b"\x80\x02cargparse\nNamespace\n)\x81.", extra=[("data/0", bytes(400_000))])


def read(url):
    place = store_of(url)
    item = place.one(url)
    return inspect_byte_source(RemoteSource(item.size, lambda a, b: place.fetch(item, a, b)), url)


def test_a_file_is_read_in_pieces(web):
    web.files["/m.pt"] = DATA
    url = f"{web.url}/m.pt"
    assert read(url) == inspect_bytes(DATA, url)
    assert [asked[1] for asked in web.asked][:2] == ["bytes=0-0", "bytes=0-65535"]
    assert {asked[2] for asked in web.asked[1:]} == {'"one"'}


def whole(answer):
    """A server that does not know ranges, and sends gigabytes."""
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(DATA)))
    answer.end_headers()
    for at in range(0, len(DATA), 1000):
        answer.wfile.write(DATA[at : at + 1000])


def changed(answer):
    first, last = answer.wanted(len(DATA))
    answer.part(
        DATA[first : last + 1], f"bytes {first}-{last}/{len(DATA) + len(answer.server.asked)}"
    )


def short(answer):
    first, last = answer.wanted(len(DATA))
    answer.part(DATA[first:last], f"bytes {first}-{last}/{len(DATA)}")


def untold(answer):
    answer.part(b"x", "")


def elsewhere(target):
    def answer_with(answer):
        answer.send_response(302)
        answer.send_header("Location", target)
        answer.send_header("Content-Length", "0")
        answer.end_headers()

    return answer_with


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (changed, "it changed while it was read"),
        (short, "bytes came where"),
        (untold, "does not say which part"),
        (elsewhere("file:///etc/passwd"), "leads out of the web"),
        (elsewhere("ftp://example.org/x"), "leads out of the web"),
        (elsewhere("http://localhost:1/x"), "leads to an inner address (localhost)"),
        (elsewhere("http://169.254.169.254/latest"), "leads to an inner address (169.254.169.254)"),
        (elsewhere("http://[::1]:1/x"), "leads to an inner address (::1)"),
        (elsewhere("/m.pt"), "more than 5 redirects"),
        (elsewhere(""), "more than 5 redirects"),
        (lambda answer: answer.send_error(412), "it changed while it was read"),
        (lambda answer: answer.send_error(500), "status 500"),
        (lambda answer: answer.wfile.write(b"nonsense\r\n\r\n"), "/m.pt: "),
    ],
)
def test_what_a_hostile_server_answers_is_an_error(web, how, said):
    web.how["/m.pt"] = how
    try:
        report = read(f"{web.url}/m.pt")
    except RemoteError as error:
        told = str(error)
    else:
        told = report.problems[0].message
        assert report.verdict.value == "unreadable"
    assert said in told


def test_a_server_without_ranges_serves_small_files_only(web):
    web.how["/m.pt"] = whole
    url = f"{web.url}/m.pt"
    place = store_of(url)
    item = place.one(url)
    assert item.size == len(DATA)
    assert place.fetch(item, 0, 1000) == DATA[:1000]
    with pytest.raises(RemoteError, match="no parts of files"):
        place.fetch(item, 1000, 2000)


def test_a_redirect_within_the_web_is_followed(web):
    web.files["/there.pt"] = DATA
    web.how["/m.pt"] = elsewhere("/there.pt")
    assert read(f"{web.url}/m.pt").verdict.value == "needs-safe-globals"


def test_a_redirect_gives_up_no_encryption():
    with pytest.raises(RemoteError, match="without encryption"):
        client._check_redirect("https://a.org/m", "https://a.org/m", "http://a.org/m")


def dripping_body(answer):
    """A byte now and then, so that the socket's own timeout never comes; until nobody listens."""
    answer.send_response(206)
    answer.send_header("Content-Range", f"bytes 0-65535/{len(DATA)}")
    answer.send_header("Content-Length", "65536")
    answer.end_headers()
    drip(answer)


def dripping_headers(answer):
    answer.wfile.write(b"HTTP/1.1 206 ")
    drip(answer)


def drip(answer):
    answer.close_connection = True
    with suppress(OSError):
        while not answer.server.is_over.wait(0.02):
            answer.wfile.write(b"x")
            answer.wfile.flush()


@pytest.mark.parametrize("how", [dripping_body, dripping_headers])
def test_a_slow_answer_is_left(web, monkeypatch, how):
    monkeypatch.setattr(client, "MOST_SECONDS", 0.3)
    web.how["/m.pt"] = how
    web.is_over = Event()
    url = f"{web.url}/m.pt"
    with pytest.raises(RemoteError, match=r"took more than 0\.3 seconds"):
        store_of(url).fetch(RemoteObject(url, len(DATA)), 0, 65536)
    web.is_over.set()


def test_a_name_that_leads_into_this_machine_only_when_it_is_asked_is_refused(web, monkeypatch):
    """Another answer of the name server than a moment before."""
    web.files["/m.pt"] = DATA
    monkeypatch.setattr(client, "is_inner", lambda _: False)
    web.how["/m.pt"] = elsewhere(web.url.replace("127.0.0.1", "localhost") + "/there.pt")
    web.files["/there.pt"] = DATA
    with pytest.raises(RemoteError, match="leads to an inner address"):
        store_of(f"{web.url}/m.pt").one(f"{web.url}/m.pt")
    assert [path for path, _, _ in web.asked] == ["/m.pt"]


def test_gigabytes_are_not_read(web):
    """More than was asked for is sent, without end."""
    sent = []

    def endless(answer):
        answer.send_response(206)
        answer.send_header("Content-Range", f"bytes 0-65535/{len(DATA)}")
        answer.end_headers()
        answer.close_connection = True
        with suppress(OSError):
            for _ in range(10_000):
                answer.wfile.write(bytes(1_000_000))
                sent.append(1_000_000)

    web.how["/m.pt"] = endless
    url = f"{web.url}/m.pt"
    assert store_of(url).fetch(RemoteObject(url, len(DATA)), 0, 65536) == bytes(65536)
    assert sum(sent) < 1_000_000_000


def test_nobody_there():
    with pytest.raises(RemoteError, match=r"http://127.0.0.1:9/m.pt: "):
        store_of("http://127.0.0.1:9/m.pt").one("http://127.0.0.1:9/m.pt")


def test_missing(web):
    with pytest.raises(RemoteError, match="there is no such file"):
        read(f"{web.url}/gone.pt")
