"""Addresses, and the store that each belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from torchload_lint.late_patterns import late_pattern
from torchload_lint.remote.errors import RemoteError

if TYPE_CHECKING:
    from torchload_lint.remote.remote_stores import Store

_ADDRESS = late_pattern(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_BUCKETS = frozenset({"s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "memory"})
"""Schemes that obstore knows."""
_WEB = frozenset({"http", "https"})
_OUTER = _WEB | _BUCKETS - {"memory"} | {"hf"}
"""Schemes that mean the same on every machine."""


def is_address(text: str) -> bool:
    """Whether a text is an address rather than a path."""
    return _ADDRESS.match(text) is not None


def check_outer(uri: str) -> None:
    """Refuse an address that code names, and that leads into this machine or its own network: such
    a one may only be named by the user. Raises RemoteError.
    """
    parts = urlsplit(uri)
    if parts.scheme.lower() not in _OUTER:
        raise RemoteError(f"{uri}: {parts.scheme}:// is only read where a user names it")
    if parts.scheme.lower() in _WEB:
        from torchload_lint.remote.timed_connections import is_inner  # noqa: PLC0415

        if not parts.hostname or is_inner(parts.hostname):
            raise RemoteError(f"{uri}: an inner address is only read where a user names it")


def store_of(uri: str, *, outer: bool = False) -> Store:
    """The store that an address belongs to. Raises RemoteError.

    Buckets are read through obstore, other schemes through fsspec (the extra ``remote``), folders
    of this machine, the hub and the web by Python itself. ``outer``: ``check_outer`` holds for the
    address, and for what it leads to.
    """
    if outer:
        check_outer(uri)
    scheme = urlsplit(uri).scheme.lower()
    if scheme in _WEB:
        from torchload_lint.remote.web import Web  # noqa: PLC0415 - each only where it is met

        return Web(outer=outer)
    if scheme == "hf":
        from torchload_lint.remote.hub import Hub  # noqa: PLC0415

        return Hub()
    if scheme in _BUCKETS:
        from torchload_lint.remote.buckets import bucket_of  # noqa: PLC0415

        return bucket_of(uri)
    if scheme == "file":
        from torchload_lint.remote.local_folders import LocalFolders  # noqa: PLC0415

        return LocalFolders()
    from torchload_lint.remote.file_systems import FileSystem  # noqa: PLC0415

    return FileSystem(uri)
