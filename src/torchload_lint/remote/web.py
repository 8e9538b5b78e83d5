"""Files on web servers, read in pieces by Python's own client.

The server is not trusted: it may ignore the range and send gigabytes, lie about sizes, answer
slowly, or lead to another place. What is read is bounded, and what contradicts itself is an error.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.client import HTTPException
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

TIMEOUT = 30
"""Seconds that a server may stay silent."""
MOST_SECONDS = 120
"""Seconds that one answer may take in all."""
MOST_REDIRECTS = 5
_PIECE = 64 * 1024
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Web:
    """Web servers: single files, no listings."""

    def one(self, uri: str) -> RemoteObject:
        """The file at an address. Raises RemoteError."""
        with _opened(uri, 0, 1, "") as (answer, found):
            _body(uri, answer, 1)
            headers = answer.headers
        _, _, size = found
        etag = headers.get("ETag") or ""
        return RemoteObject(uri, size, etag, "", headers.get("Last-Modified") or "")

    def below(self, uri: str) -> Iterator[RemoteObject]:
        """A web server has no listing: the address is one file."""
        yield self.one(uri)

    def fetch(self, item: RemoteObject, start: int, end: int) -> bytes:
        """Bytes of exactly this state of a file. Raises RemoteError."""
        with _opened(item.uri, start, end, item.etag) as (answer, found):
            if found != (start, end - 1, item.size):
                raise RemoteError(f"{item.uri}: it changed while it was read")
            return _body(item.uri, answer, end - start)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects are followed here, where each target is looked at first."""

    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401 - as the base class has it
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


@contextmanager
def _opened(
    uri: str, start: int, end: int, etag: str
) -> Iterator[tuple[HTTPResponse, tuple[int, int, int]]]:
    """The answer to a request for a part, with the part that it says it is: first byte, last byte,
    size of the file. Raises RemoteError.
    """
    answer = _followed(uri, start, end, etag)
    with answer:
        yield answer, _part(uri, answer, start, end)


def _followed(uri: str, start: int, end: int, etag: str) -> HTTPResponse:
    here = uri
    for _ in range(MOST_REDIRECTS + 1):
        request = urllib.request.Request(here)  # noqa: S310 - the scheme is looked at
        request.add_header("Range", f"bytes={start}-{end - 1}")
        request.add_header("Accept-Encoding", "identity")
        if etag.startswith('"'):
            request.add_header("If-Match", etag)
        try:
            return _OPENER.open(request, timeout=TIMEOUT)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            with error:
                if error.code not in _REDIRECTS:
                    raise RemoteError(f"{uri}: {_refusal(error.code)}") from error
                target = urljoin(here, error.headers.get("Location") or "")
            _check_redirect(uri, here, target)
            here = target
        except (OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise RemoteError(f"{uri}: {reason}") from error
    raise RemoteError(f"{uri}: more than {MOST_REDIRECTS} redirects")


_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _refusal(status: int) -> str:
    words = {
        401: "there are no credentials that open it",
        403: "it may not be read",
        404: "there is no such file",
        412: "it changed while it was read",
        416: "it is shorter than it was said to be",
    }
    return words.get(status) or f"the server answers with status {status}"


def _check_redirect(uri: str, here: str, target: str) -> None:
    """Refuse what leads out of the web, to plain text, or into this machine's own network."""
    before, after = urlsplit(here), urlsplit(target)
    if after.scheme not in {"http", "https"} or not after.hostname:
        raise RemoteError(f"{uri}: the server leads out of the web")
    if before.scheme == "https" and after.scheme != "https":
        raise RemoteError(f"{uri}: the server leads to an address without encryption")
    if after.hostname != before.hostname and is_inner(after.hostname):
        raise RemoteError(f"{uri}: the server leads to an inner address ({after.hostname})")


def is_inner(host: str) -> bool:
    """Whether a name leads into this machine or its own network."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False  # then the request fails, too
    return not all(ipaddress.ip_address(str(one).partition("%")[0]).is_global for one in found)


def _part(uri: str, answer: HTTPResponse, start: int, end: int) -> tuple[int, int, int]:
    if answer.status == _PARTIAL:
        match = _RANGE.fullmatch(answer.headers.get("Content-Range") or "")
        if match is None:
            raise RemoteError(f"{uri}: the server does not say which part it gives")
        first, last, size = map(int, match.groups())
        return first, last, size
    length = answer.headers.get("Content-Length") or ""
    if start or not length.isdigit():
        raise RemoteError(f"{uri}: the server gives no parts of files; download it")
    return 0, end - 1, int(length)


_PARTIAL = 206


def _body(uri: str, answer: HTTPResponse, count: int) -> bytes:
    """At most ``count`` bytes of an answer, however many are sent."""
    pieces: list[bytes] = []
    started, left = monotonic(), count
    try:
        while left > 0 and (piece := answer.read(min(left, _PIECE))):
            pieces.append(piece)
            left -= len(piece)
            if monotonic() - started > MOST_SECONDS:
                raise RemoteError(f"{uri}: it took more than {MOST_SECONDS} seconds")
    except (OSError, HTTPException) as error:
        raise error if isinstance(error, RemoteError) else RemoteError(f"{uri}: {error}") from error
    return b"".join(pieces)
