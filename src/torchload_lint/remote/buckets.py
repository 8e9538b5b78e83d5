"""Buckets (S3, Google, Azure) and memory, read through obstore.

Credentials are those of the environment, as obstore finds them, and stand in no message. Only the
synchronous calls are used, and no process is forked after they are imported.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject, missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from obstore import GetOptions
    from obstore.store import ClientConfig, RetryConfig

_AT_ONCE = 1000
"""Entries of one page of a listing."""
_PIECE = 64 * 1024
_TIMEOUT = "30s"
_RETRIES = 6
"""How often a request is made again, each time after a longer pause."""
_RETRYING = timedelta(seconds=60)
"""For how long."""
_memories: dict[str, Any] = {}
"""What ``memory://`` holds in this process, by name."""


class Bucket:
    """One bucket, or whatever the first part of an address names."""

    def __init__(self, root: str, store: Any) -> None:  # noqa: ANN401 - a class of obstore's
        self._root = root
        self._store = store

    def one(self, uri: str) -> RemoteObject:
        """The object at an address. Raises RemoteError."""
        import obstore  # noqa: PLC0415

        try:
            return self._described(obstore.head(self._store, self._key(uri)))
        except Exception as error:
            raise _said(uri, error) from error

    def below(self, uri: str) -> Iterator[RemoteObject]:
        """All objects below a prefix. Raises RemoteError."""
        import obstore  # noqa: PLC0415

        try:
            for page in obstore.list(self._store, self._key(uri) or None, chunk_size=_AT_ONCE):
                yield from map(self._described, page)
        except Exception as error:
            raise _said(uri, error) from error

    def fetch(self, item: RemoteObject, start: int, end: int) -> bytes:
        """Bytes of exactly this state of an object. Raises RemoteError."""
        import obstore  # noqa: PLC0415

        options: GetOptions = {"range": (start, end)}
        if item.etag:
            options["if_match"] = item.etag
        if item.version:
            options["version"] = item.version
        try:
            found = obstore.get(self._store, self._key(item.uri), options=options)
            _check_state(item, found.meta)
            return _first_bytes(found.stream(min_chunk_size=_PIECE), end - start)
        except Exception as error:
            raise _said(item.uri, error) from error

    def _key(self, uri: str) -> str:
        return unquote(uri[len(self._root) :]).strip("/")

    def _described(self, found: Mapping[str, Any]) -> RemoteObject:
        modified = found["last_modified"]
        return RemoteObject(
            f"{self._root}/{quote(found['path'], safe=_SAFE)}",
            found["size"],
            found.get("e_tag") or "",
            found.get("version") or "",
            modified.isoformat() if modified else "",
        )


def _check_state(item: RemoteObject, found: Mapping[str, Any]) -> None:
    """Not every store keeps to the condition that it is asked under. Raises RemoteError."""
    other = found.get("e_tag")
    if found["size"] != item.size or (item.etag and other and other != item.etag):
        raise RemoteError(f"{item.uri}: it changed while it was read")


def _first_bytes(pieces: Iterable[Any], count: int) -> bytes:
    """At most so many bytes, however many are sent: obstore's own ``bytes()`` keeps them all."""
    read = bytearray()
    for piece in pieces:
        read += memoryview(piece)[: count - len(read)]
        if len(read) == count:
            break
    return bytes(read)


_SAFE = "/!$&'()*+,;=:@~ "
"""What stands in an address as it is; a space too, since people paste keys."""


def bucket_of(uri: str) -> Bucket:
    """The bucket of an address. Raises RemoteError."""
    try:
        from obstore import store  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise missing("obstore", "remote") from error
    parts = urlsplit(uri)
    root = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "memory":
        return Bucket(root, _memories.setdefault(root, store.MemoryStore()))
    options: ClientConfig = {"timeout": _TIMEOUT}
    if os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true", "yes"}:
        options["allow_http"] = True
    retries: RetryConfig = {"max_retries": _RETRIES, "retry_timeout": _RETRYING}
    try:
        found = store.from_url(root, client_options=options, retry_config=retries)
    except Exception as error:
        raise _said(uri, error) from error
    return Bucket(root, found)


def _said(uri: str, error: Exception) -> RemoteError:
    """One sentence: obstore's own messages go on for pages, and may name request headers."""
    if isinstance(error, RemoteError):
        return error
    kind = type(error).__name__
    words = {
        "FileNotFoundError": "there is no such object",
        "NotFoundError": "there is no such object",
        "PreconditionError": "it changed while it was read",
        "PermissionDeniedError": "it may not be read with these credentials",
        "UnauthenticatedError": "there are no credentials that open it",
    }
    reason = words.get(kind) or " ".join(str(error).split())[:160]
    return RemoteError(f"{uri}: {reason}")
