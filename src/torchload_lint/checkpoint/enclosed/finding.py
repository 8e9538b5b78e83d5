"""Where the parts of a file are, by the kind of file that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.bytesource import MemorySource, PartSource
from torchload_lint.checkpoint.containers.npy import member_header, read_array_header
from torchload_lint.checkpoint.containers.unpacking import inflate
from torchload_lint.checkpoint.containers.zip_archive import ZipArchive, ZipFaultError
from torchload_lint.checkpoint.enclosed.parts import EnclosedPart, unread
from torchload_lint.checkpoint.limits import LimitExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.containers.zip_archive import Member
    from torchload_lint.checkpoint.enclosed.parts import Allowance
    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.report import Problem

    FoundParts = Iterator[EnclosedPart | Problem]


def parts_of(source: ByteSource, kind: str, limits: Limits, left: Allowance) -> FoundParts:
    """The parts, and what is to be said of those that are not read to their end."""
    find = _FINDERS.get(kind)
    if find is not None:
        yield from find(source, limits, left)


def _array(source: ByteSource, _limits: Limits, _left: Allowance) -> FoundParts:
    """What is behind the header of an array of objects, or behind all its numbers."""
    header = read_array_header(source)
    if header is None:
        return
    if header.objects:
        yield EnclosedPart("the pickle behind its header", PartSource(source, header.begin))
    elif header.has_more(source.size):
        yield EnclosedPart(
            "what is behind its numbers", PartSource(source, header.begin + header.size)
        )


def _arrays(source: ByteSource, limits: Limits, left: Allowance) -> FoundParts:
    """The members of an archive whose arrays are not of numbers alone."""
    try:
        archive = ZipArchive(source, limits)
    except (ZipFaultError, LimitExceededError) as error:
        yield unread("the archive", str(error))
        return
    for at, member in enumerate(archive.members if limits.whole else ()):
        header = member_header(archive, at)
        if header is None or header.has_more(member.size):
            yield from _member(archive, member, left)


def _member(archive: ZipArchive, member: Member, left: Allowance) -> FoundParts:
    """The content of a member, as far as it unpacks."""
    where = f"the member {member.name!r:.80}"
    try:
        packed = archive.packed_part(member)
    except ZipFaultError as error:
        yield unread(where, str(error))
        return
    if member.is_stored:
        yield EnclosedPart(where, packed)
        return
    content = inflate(packed, left.unpacked())
    left.unpacked(len(content.data))
    yield EnclosedPart(where, MemorySource(content.data))
    if content.fault:
        yield unread(where, content.fault)


_FINDERS: dict[str, Callable[[ByteSource, Limits, Allowance], FoundParts]] = {
    "npy": _array,
    "npz": _arrays,
}
