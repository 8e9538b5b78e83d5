"""What torch.load leaves unread in a file of torch: bytes behind the object, records of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.bytesource import PartSource
from torchload_lint.checkpoint.enclosed.finding import may_be_loaded, member_part
from torchload_lint.checkpoint.enclosed.parts import EnclosedPart, unread
from torchload_lint.checkpoint.pickles.legacy import read_pickles
from torchload_lint.checkpoint.pickles.storages import StorageReader
from torchload_lint.checkpoint.report import Problem
from torchload_lint.checkpoint.restricted.weights_only import WeightsOnlyGuard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.containers.zip_archive import Member, ZipArchive
    from torchload_lint.checkpoint.enclosed.finding import FoundParts
    from torchload_lint.checkpoint.enclosed.parts import Allowance
    from torchload_lint.checkpoint.limits import Limits

_MOST_BEHIND = 100
"""Objects behind the first one."""
_MOST_NAMED = 3
_RECORDS = (
    "data.pkl version .data/version byteorder .format_version .storage_alignment "
    ".data/serialization_id"
).split()
"""What torch reads of an archive besides the tensors."""


def behind(source: ByteSource, end: int | None, limits: Limits) -> FoundParts:
    """The objects behind the one that ends at ``end``, which a second load would read."""
    if end is None or end >= source.size:
        return
    yield Problem(
        "behind",
        f"{source.size - end:,} bytes are behind the object, perhaps another one: a second load "
        "from the same open file reads on there",
        "find out what wrote them; a file that torch.save wrote alone ends with its object",
    )
    for _ in range(_MOST_BEHIND):
        rest = PartSource(source, end)
        yield EnclosedPart("what is behind the first object", rest)
        following = read_pickles(rest, lambda: WeightsOnlyGuard(StorageReader("legacy")), limits)
        if not following.end or end + following.end >= source.size:
            return
        end += following.end
    yield unread("what is behind the first object", f"more than {_MOST_BEHIND} objects are there")


def members_unread(archive: ZipArchive, storages: Iterable[str]) -> list[Member]:
    """The records that torch looks up under no name, or of which it finds another one."""
    names = [*_RECORDS, *(f"data/{key}" for key in storages)]
    read = {id(archive.find(name)) for name in names}
    return [one for one in archive.members if id(one) not in read and not one.is_folder]


def shown_names(names: list[str]) -> str:
    """The first ones, and how many more there are."""
    shown = ", ".join(f"{name!r:.60}" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown}{f' and {more} more' if more > 0 else ''}"


def unread_records(
    archive: ZipArchive, storages: Iterable[str], limits: Limits, left: Allowance
) -> FoundParts:
    """Problems that name what torch does not read of an archive, and what is in it."""
    if archive.rest.size:
        yield Problem(
            "behind",
            f"{archive.rest.size:,} bytes are behind the archive, which torch.load does not read",
            "find out what wrote them; a file that torch.save wrote ends with its archive",
        )
        yield EnclosedPart("what is behind the archive", archive.rest)
    unread_ones = members_unread(archive, storages)
    if not unread_ones:
        return
    yield Problem(
        "unread-records",
        f"torch.load does not read {shown_names([one.name for one in unread_ones])}",
        "find out what wrote these records; torch.save writes none that it does not read",
    )
    for member in unread_ones if limits.whole else ():
        if may_be_loaded(archive, member):
            yield from member_part(archive, member, left)
