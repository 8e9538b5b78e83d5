"""What there is to scan: listed, chosen, and what reading it would take."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from torchload_lint.remote.addresses import is_address
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.listing import objects_at
from torchload_lint.remote.local_folders import path_at
from torchload_lint.remote.windows import HEAD, TAIL
from torchload_lint.workspace.on_disk.beginnings import begins_like_one
from torchload_lint.workspace.on_disk.checkpoint_names import is_checkpoint_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.remote.remote_stores import RemoteObject

_MILLION = 1_000_000
_LISTED = 1000
"""Objects of one page of a listing."""
_PRICE = 0.40
"""USD for a million GET requests to S3 Standard in us-east-1, by the price list of 2025."""
_SEED = 0
"""The same sample each time."""


def list_all(
    sources: Sequence[str],
    since: datetime | None = None,
    sample: int | None = None,
    others: Counter[str] | None = None,
) -> tuple[list[RemoteObject], list[str]]:
    """All objects, each once, and what could not be listed.

    Sources are addresses, or paths of this machine. ``since``: in UTC; ``sample``: only so many;
    ``others`` counts what lies there and is no checkpoint by its name, by how the name ends.
    """
    errors: list[str] = []
    passed_over: Counter[str] = Counter() if others is None else others
    found = chain.from_iterable(_below(source, errors, passed_over) for source in sources)
    wanted = [one for one in found if since is None or _is_since(one, since)]
    unique = list({one.uri: one for one in wanted}.values())
    if sample is not None and sample < len(unique):
        unique = sorted(random.Random(_SEED).sample(unique, sample))  # noqa: S311 - no secret
    return unique, errors


def _below(source: str, errors: list[str], others: Counter[str]) -> Iterator[RemoteObject]:
    uri = source if is_address(source) else Path(source).absolute().as_uri()

    def is_wanted(address: str) -> bool:
        if is_checkpoint_name(address) or _begins_like_one(address):
            return True
        others[PurePosixPath(address).suffix.lower()] += 1
        return False

    try:
        for _, one in objects_at(uri, is_wanted):
            yield one
    except RemoteError as error:
        errors.append(str(error))


def _begins_like_one(address: str) -> bool:
    """Whether a file of this machine begins like a checkpoint; elsewhere that takes a request."""
    return address.startswith("file:") and begins_like_one(path_at(address))


def _is_since(item: RemoteObject, since: datetime) -> bool:
    """A store that does not say when something was written cannot keep it out."""
    try:
        modified = datetime.fromisoformat(item.modified)
    except ValueError:
        return True
    known = modified if modified.tzinfo else modified.replace(tzinfo=timezone.utc)
    return known >= since.replace(tzinfo=timezone.utc)


def estimate(listed: Sequence[RemoteObject]) -> str:
    """How many requests and bytes it would take, in words; ends in a newline."""
    count, size = len(listed), sum(one.size for one in listed)
    small = sum(one.size <= HEAD + TAIL for one in listed)
    requests = small + 2 * (count - small)
    few = sum(min(one.size, HEAD + TAIL) for one in listed)
    told = (
        f"{count:,} objects, {size:,} bytes.\n"
        f"About {requests:,} requests and {few:,} bytes would be read (more where a pickle is "
        f"large), and {-(-count // _LISTED):,} requests to list them.\n"
    )
    if not count:
        return told
    each = requests / count
    gigabytes = few / count * _MILLION / 1e9
    return told + (
        f"A million such objects: {each * _MILLION:,.0f} requests ({each * _PRICE:.2f} USD at "
        f"{_PRICE:.2f} USD a million), {gigabytes:,.0f} GB.\n"
    )
