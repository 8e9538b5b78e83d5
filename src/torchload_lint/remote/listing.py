"""Which objects an address stands for: one, all below a folder, or those that fit a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from torchload_lint.late_patterns import late_pattern
from torchload_lint.path_globs import PathGlob
from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.remote.remote_stores import RemoteObject, Store

_WILD = late_pattern(r"[*?\[]")
MOST_LISTED = 5_000_000
"""Objects of one address; a server may go on for ever."""


def objects_at(
    uri: str, is_wanted: Callable[[str], bool], most: int | None = None, *, outer: bool = False
) -> Iterator[tuple[Store, RemoteObject]]:
    """The objects that an address stands for, each with its place.

    ``is_wanted`` chooses by name among what lies below a folder; what is named outright, or fits a
    pattern (``s3://bucket/runs/**/*.ckpt``), is taken whatever it is called. ``most``: how many are
    looked at; ``outer``: that of ``store_of``. Raises RemoteError.
    """
    place = store_of(uri, outer=outer)
    if is_pattern(uri):
        found = _fitting(uri, place, most)
    elif uri.endswith("/") or not urlsplit(uri).path.strip("/"):
        found = (one for one in _listed(place, uri, most) if _is_chosen(one, is_wanted))
    else:
        found = _one_or_below(uri, place, is_wanted, most)
    for one in found:
        yield place, one


def _listed(place: Store, uri: str, most: int | None) -> Iterator[RemoteObject]:
    """What lies below an address: so many, or all. Raises RemoteError where there is no end."""
    for number, one in enumerate(place.below(uri)):
        if number == most:
            return
        if number == MOST_LISTED:
            raise RemoteError(
                f"{uri}: it lists more than {MOST_LISTED:,} objects; name parts of it"
            )
        yield one


def is_pattern(uri: str) -> bool:
    """Whether an address stands for those that fit it. On the web ``?`` begins a query, and there
    is nothing to list.
    """
    return not uri.startswith(("http://", "https://")) and _WILD.search(uri) is not None


def _fitting(uri: str, place: Store, most: int | None) -> Iterator[RemoteObject]:
    wild = _WILD.search(uri)
    folder = uri[: wild.start() if wild else len(uri)].rpartition("/")[0] + "/"
    rest = uri[len(folder) :]
    fits = PathGlob(f"/{rest}")
    for one in _listed(place, folder, most):
        if one.uri.startswith(folder) and fits.match(one.uri[len(folder) :]):
            yield one


def _one_or_below(
    uri: str, place: Store, is_wanted: Callable[[str], bool], most: int | None
) -> Iterator[RemoteObject]:
    try:
        yield place.one(uri)
    except RemoteError as error:
        is_empty = True
        for one in _listed(place, f"{uri}/", most):  # what is listed counts, whatever fails later
            if _is_chosen(one, is_wanted):
                is_empty = False
                yield one
        if is_empty:
            raise error from None


def _is_chosen(item: RemoteObject, is_wanted: Callable[[str], bool]) -> bool:
    """Whether it is called so, or is a folder of which nobody knows what it holds."""
    return bool(item.problem and item.uri.endswith("/")) or is_wanted(item.uri)
