"""Every other scheme (``gdrive://``, ``sftp://`` …), read through fsspec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ETAGS = ("ETag", "etag", "checksum", "md5Hash")
"""Where file systems put what changes with a file (fsspec 2026.9)."""


class FileSystem:
    """A file system of fsspec, found by the scheme of an address."""

    def __init__(self, uri: str) -> None:
        """Raises RemoteError."""
        try:
            import fsspec  # noqa: PLC0415 - an optional package
        except ImportError as error:
            raise missing("fsspec", "remote") from error
        self._scheme = urlsplit(uri).scheme
        try:
            self._system, _ = fsspec.core.url_to_fs(uri)
        except ImportError as error:
            raise missing(f"a package for {self._scheme}://", "remote") from error
        except Exception as error:
            raise _failed(uri, error) from error
        plain = type(self._system).cat_file is fsspec.AbstractFileSystem.cat_file
        self._exactly = {"cache_type": "none"} if plain else {}
        """The plain way to a part reads ahead by megabytes."""

    def one(self, uri: str) -> RemoteObject:
        """The object at an address. Raises RemoteError."""
        try:
            found = self._system.info(self._system._strip_protocol(uri))  # noqa: SLF001
        except Exception as error:
            raise _failed(uri, error) from error
        if found.get("type") != "file" or not isinstance(found.get("size"), int):
            raise RemoteError(f"{uri}: this is no file")
        return self._described(found)

    def below(self, uri: str) -> Iterator[RemoteObject]:
        """All files below an address. Raises RemoteError."""
        try:
            found = self._system.find(self._system._strip_protocol(uri), detail=True)  # noqa: SLF001
        except Exception as error:
            raise _failed(uri, error) from error
        for one in found.values():
            if isinstance(one.get("size"), int):
                yield self._described(one)

    def fetch(self, item: RemoteObject, start: int, end: int) -> bytes:
        """Bytes of an object; behind its beginning, it is asked whether it is still the same, since
        no part can be asked for on that condition. Raises RemoteError.
        """
        try:
            path = self._system._strip_protocol(item.uri)  # noqa: SLF001 - the documented way
            data = bytes(self._system.cat_file(path, start=start, end=end, **self._exactly))
            self._system.invalidate_cache()
        except Exception as error:
            raise _failed(item.uri, error) from error
        if start and self.one(item.uri)[1:] != item[1:]:
            raise RemoteError(f"{item.uri}: it changed while it was read")
        return data

    def _described(self, found: Mapping[str, Any]) -> RemoteObject:
        etag = next((str(found[key]) for key in _ETAGS if found.get(key)), "")
        modified = found.get("LastModified") or found.get("mtime") or found.get("created")
        shown = str(getattr(modified, "isoformat", lambda: modified or "")())
        return RemoteObject(f"{self._scheme}://{found['name']}", found["size"], etag, "", shown)


def _failed(uri: str, error: Exception) -> RemoteError:
    if isinstance(error, FileNotFoundError):
        return RemoteError(f"{uri}: there is no such file")
    return RemoteError(f"{uri}: {type(error).__name__}: {' '.join(str(error).split())[:160]}")
