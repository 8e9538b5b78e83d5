"""What every kind of store offers: objects, listed and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.remote.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterator


class RemoteObject(NamedTuple):
    """One object, as a listing (or the answer to a question for it alone) describes it."""

    uri: str
    size: int
    etag: str = ""
    """What changes when the object does; empty where the store does not say."""
    version: str = ""
    modified: str = ""
    """When it was written, in ISO 8601; empty where the store does not say."""
    problem: str = ""
    """Why it cannot be looked at, where listing it has shown that (a link in a circle)."""


class Store(Protocol):
    """Where objects can be listed and read."""

    def one(self, uri: str) -> RemoteObject:
        """The object at an address. Raises RemoteError."""

    def below(self, uri: str) -> Iterator[RemoteObject]:
        """All objects whose address begins like this. Raises RemoteError."""

    def fetch(self, item: RemoteObject, start: int, end: int) -> bytes:
        """Bytes of exactly this state of an object. Raises RemoteError."""


def missing(package: str, extra: str) -> RemoteError:
    """What is said where an optional package is not there."""
    return RemoteError(f"this needs {package}: pip install 'torchload-lint[{extra}]'")
