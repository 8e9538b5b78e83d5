"""Connections that end in time, and that lead where they may."""

from __future__ import annotations

import ipaddress
import socket
import urllib.request
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPSConnection
from threading import Lock, Timer
from typing import Any

from torchload_lint.remote.errors import RemoteError


class Deadline:
    """Ends all connections of one answer when its time is over: a server that sends a byte now and
    then never lets a timeout of the socket come.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = Lock()
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def add(self, connection: socket.socket) -> None:
        """End one more connection then."""
        with self._lock:
            self._sockets.append(connection)
        if self.is_over:
            self._cut()

    def end(self) -> None:
        """All went well, or is over."""
        self._timer.cancel()

    def _cut(self) -> None:
        self.is_over = True
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


def is_inner(host: str) -> bool:
    """Whether a name leads into this machine or its own network."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False  # then the request fails, too
    return any(_is_inner_address(str(one)) for one in found)


def _is_inner_address(text: str) -> bool:
    return not ipaddress.ip_address(text.partition("%")[0]).is_global


class _Timed(HTTPConnection):
    """``outer``: whether the other end must be of the outer world: what a name led to when it was
    looked at need not be what it leads to now.
    """

    def __init__(self, *given: Any, deadline: Deadline, outer: bool, **more: Any) -> None:  # noqa: ANN401
        super().__init__(*given, **more)
        self._deadline = deadline
        self._outer = outer

    def connect(self) -> None:
        super().connect()
        self._deadline.add(self.sock)
        peer = str(self.sock.getpeername()[0])
        if self._outer and _is_inner_address(peer):
            self.close()
            raise RemoteError(f"{self.host} leads to an inner address ({peer})")


class _TimedTls(_Timed, HTTPSConnection):
    """The same with encryption."""


def handlers(deadline: Deadline, *, outer: bool) -> list[urllib.request.BaseHandler]:
    """For an opener whose connections end in time. Behind a proxy the other end is the proxy."""
    plain, tls = (
        partial(kind, deadline=deadline, outer=outer and not urllib.request.getproxies())
        for kind in (_Timed, _TimedTls)
    )

    class Http(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> Any:  # noqa: ANN401
            return self.do_open(plain, req)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> Any:  # noqa: ANN401
            return self.do_open(tls, req)

    return [Http(), Https()]
