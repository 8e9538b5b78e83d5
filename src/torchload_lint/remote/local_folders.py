"""Folders of this machine (``file://``): what one entry has that is odd costs that entry alone."""

from __future__ import annotations

import errno
import os
import stat
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes, urlsplit

from torchload_lint.regular_files import open_regular
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAFE = "/!$&'()*+,;=:@~ "
"""What stands in an address as it is."""
_PLACE = "file://"
_LEADS_OUT = "a link leads out of the folder here, and is not followed"


class LocalFolders:
    """The file system of this machine."""

    def one(self, uri: str) -> RemoteObject:
        """The file at an address; a link is followed, since it was named. Raises RemoteError."""
        found = _described(path_at(uri))
        if found.problem:
            raise RemoteError(f"{uri}: {found.problem}")
        return found

    def below(self, uri: str) -> Iterator[RemoteObject]:
        """All files below a folder, in order. What cannot be looked at is among them, with the
        reason; links that lead out of the folder are, too. Raises RemoteError.
        """
        top = path_at(uri)
        if not os.path.isdir(top):
            raise RemoteError(f"{uri.rstrip('/')}: there is no such file or folder")
        inside = os.path.join(os.path.realpath(top), "")
        unlisted: list[RemoteObject] = []

        def note(error: OSError) -> None:
            address = f"{_address(str(error.filename))}/"
            unlisted.append(RemoteObject(address, 0, problem=f"it cannot be listed: {_why(error)}"))

        for folder, folders, files in os.walk(top, onerror=note):
            folders.sort()
            for name in folders:
                if _leads_out(os.path.join(folder, name), inside):
                    address = f"{_address(os.path.join(folder, name))}/"
                    yield RemoteObject(address, 0, problem=_LEADS_OUT)
            for path in (os.path.join(folder, name) for name in sorted(files)):
                if _leads_out(path, inside):
                    yield RemoteObject(_address(path), 0, problem=_LEADS_OUT)
                else:
                    yield _described(path)
            yield from unlisted
            unlisted.clear()
        yield from unlisted

    def fetch(self, item: RemoteObject, start: int, end: int) -> bytes:
        """Bytes of exactly this state of a file. Raises RemoteError."""
        try:
            with open_regular(path_at(item.uri)) as file:
                if item.etag and _etag(os.fstat(file.fileno())) != item.etag:
                    raise RemoteError(f"{item.uri}: it changed while it was read")
                file.seek(start)
                return file.read(end - start)
        except OSError as error:
            if isinstance(error, RemoteError):
                raise
            raise RemoteError(f"{item.uri}: {_why(error)}") from error


def path_at(uri: str) -> str:
    """The path that an address of this machine names. Raises RemoteError."""
    host, rest = urlsplit(uri).netloc, uri[len(_PLACE) :]
    if host not in {"", "localhost"}:
        raise RemoteError(f"{uri}: this is a file of another machine")
    path = os.fsdecode(unquote_to_bytes(rest[len(host) :]))
    if "\0" in path:
        raise RemoteError(f"{uri}: no path has such a name")
    is_drive = os.name == "nt" and path[2:3] == ":"
    return path[1:] if is_drive else path


def _leads_out(path: str, inside: str) -> bool:
    return os.path.islink(path) and not os.path.realpath(path).startswith(inside)


def _address(path: str) -> str:
    spelled = quote(os.fsencode(path.replace(os.sep, "/")), safe=_SAFE)
    return f"{_PLACE}{spelled}" if spelled.startswith("/") else f"{_PLACE}/{spelled}"


def _described(path: str) -> RemoteObject:
    address = _address(path)
    try:
        found = os.stat(path)
    except OSError as error:
        return RemoteObject(address, 0, problem=_why(error))
    if not stat.S_ISREG(found.st_mode):
        return RemoteObject(address, 0, problem="it is no regular file")
    modified = datetime.fromtimestamp(found.st_mtime, timezone.utc).isoformat()
    return RemoteObject(address, found.st_size, _etag(found), "", modified)


def _etag(found: os.stat_result) -> str:
    return f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"


def _why(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "there is no such file"
    return str(error.strerror)
