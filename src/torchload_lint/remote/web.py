"""Files on web servers, read in pieces by Python's own client.

The server is not trusted: it may ignore the range and send gigabytes, lie about sizes, answer
slowly, or lead to another place. What is read is bounded, and what contradicts itself is an error.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from torchload_lint.late_patterns import late_pattern
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject
from torchload_lint.remote.timed_connections import Deadline, handlers, is_inner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.client import HTTPResponse

TIMEOUT = 30
"""Seconds that a server may stay silent."""
MOST_SECONDS = 120
"""Seconds that one answer may take in all, its redirects included."""
MOST_REDIRECTS = 5
_PIECE = 64 * 1024
_RANGE = late_pattern(r"bytes (\d+)-(\d+)/(\d+)")


class Web:
    """Web servers: single files, no listings."""

    def __init__(self, headers: Mapping[str, str] | None = None, *, outer: bool = False) -> None:
        """``headers`` go to the host of an address, and to no other that it leads to; ``outer``:
        whether all hosts must be of the outer world.
        """
        self._headers = dict(headers or {})
        self._outer = outer

    def one(self, uri: str) -> RemoteObject:
        """The file at an address. Raises RemoteError."""
        with self._opened(uri, 0, 1, "") as (answer, found):
            _body(answer, 1)
            headers = answer.headers
        _, _, size = found
        etag = headers.get("ETag") or ""
        return RemoteObject(uri, size, etag, "", headers.get("Last-Modified") or "")

    def below(self, uri: str) -> Iterator[RemoteObject]:
        """A web server has no listing: the address is one file."""
        yield self.one(uri)

    def fetch(self, item: RemoteObject, start: int, end: int) -> bytes:
        """Bytes of exactly this state of a file. Raises RemoteError."""
        with self._opened(item.uri, start, end, item.etag) as (answer, found):
            if found != (start, end - 1, item.size):
                raise RemoteError(f"{item.uri}: it changed while it was read")
            return _body(answer, end - start)

    @contextmanager
    def _opened(
        self, uri: str, start: int, end: int, etag: str
    ) -> Iterator[tuple[HTTPResponse, tuple[int, int, int]]]:
        """The answer to a request for a part, with the part that it says it is: first byte, last
        byte, size of the file. Raises RemoteError.
        """
        deadline = Deadline(MOST_SECONDS)
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        if etag.startswith('"'):
            headers["If-Match"] = etag
        try:
            with self._followed(uri, headers, deadline) as answer:
                yield answer, _part(uri, answer, start, end)
            if deadline.is_over:
                raise TimeoutError
        except (OSError, ValueError, HTTPException) as error:
            raise _failed(uri, error, deadline) from error
        finally:
            deadline.end()

    def _followed(self, uri: str, headers: dict[str, str], deadline: Deadline) -> HTTPResponse:
        here = uri
        for _ in range(MOST_REDIRECTS + 1):
            own = urlsplit(here)[:2] == urlsplit(uri)[:2]
            request = urllib.request.Request(here)  # noqa: S310 - the scheme is looked at
            for name, value in (headers | (self._headers if own else {})).items():
                request.add_unredirected_header(name, value)
            outer = self._outer or not own
            opener = urllib.request.build_opener(_NoRedirects, *handlers(deadline, outer=outer))
            try:
                return opener.open(request, timeout=TIMEOUT)  # type: ignore[no-any-return]
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _REDIRECTS:
                        raise RemoteError(f"{uri}: {_refusal(error.code)}") from error
                    target = urljoin(here, error.headers.get("Location") or "")
                _check_redirect(uri, here, target)
                here = target
        raise RemoteError(f"{uri}: more than {MOST_REDIRECTS} redirects")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects are followed here, where each target is looked at first."""

    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401 - as the base class has it
        return None


_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _failed(uri: str, error: Exception, deadline: Deadline) -> RemoteError:
    reason = getattr(error, "reason", None) or error
    found = reason if isinstance(reason, RemoteError) else error
    if deadline.is_over:
        return RemoteError(f"{uri}: it took more than {MOST_SECONDS} seconds")
    return found if isinstance(found, RemoteError) else RemoteError(f"{uri}: {reason}")


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


def _body(answer: HTTPResponse, count: int) -> bytes:
    """At most ``count`` bytes of an answer, however many are sent."""
    pieces: list[bytes] = []
    left = count
    while left > 0 and (piece := answer.read(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
