"""Where the parts of a file are, by the kind of file that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.bytesource import MemorySource, PartSource
from torchload_lint.checkpoint.containers.compressed import COMPRESSED, unpack_file
from torchload_lint.checkpoint.containers.npy import member_header, read_array_header
from torchload_lint.checkpoint.containers.unpacking import inflate
from torchload_lint.checkpoint.containers.zip_archive import ZipArchive, ZipFaultError
from torchload_lint.checkpoint.enclosed.member_starts import BEGINNING, begins_like_a_file
from torchload_lint.checkpoint.enclosed.parts import EnclosedPart, unread
from torchload_lint.checkpoint.enclosed.tar_pickles import TAR_ERRORS, tar_members
from torchload_lint.checkpoint.limits import LimitExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.containers.zip_archive import Member
    from torchload_lint.checkpoint.enclosed.parts import Allowance
    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.report import Problem

    FoundParts = Iterator[EnclosedPart | Problem]

_MOST_LOOKED_AT = 20_000
"""Members whose first bytes are looked at."""


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
            yield from member_part(archive, member, left)


def member_part(archive: ZipArchive, member: Member, left: Allowance) -> FoundParts:
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


def _unpacked(kind: str) -> Callable[[ByteSource, Limits, Allowance], FoundParts]:
    def find(source: ByteSource, limits: Limits, left: Allowance) -> FoundParts:
        """What a compressed file unpacks to; from far away, no more than begins there."""
        most = left.unpacked() if limits.whole else min(left.unpacked(), limits.first_window)
        content = unpack_file(kind, source, most)
        left.unpacked(len(content.data))
        yield EnclosedPart("what is packed in it", MemorySource(content.data))
        fault = content.fault or ("" if content.data else "nothing comes out of it")
        if fault:
            yield unread("what is packed in it", fault)

    return find


def _zip_members(source: ByteSource, limits: Limits, left: Allowance) -> FoundParts:
    """The members of any zip archive, but for those that begin like nothing that is loaded."""
    try:
        archive = ZipArchive(source, limits)
    except (ZipFaultError, LimitExceededError) as error:
        yield unread("the archive", str(error))
        return
    members = archive.members if limits.whole else []
    for member in members[:_MOST_LOOKED_AT]:
        if may_be_loaded(archive, member):
            yield from member_part(archive, member, left)
    if len(members) > _MOST_LOOKED_AT or not limits.whole:
        yield unread("the archive", f"{len(members[:_MOST_LOOKED_AT])} members were looked at")


def may_be_loaded(archive: ZipArchive, member: Member) -> bool:
    """Whether a member begins like something that a loader runs or unpacks."""
    try:
        return begins_like_a_file(archive.start_of(member, BEGINNING))
    except ZipFaultError:
        return not member.is_folder


def _tar_members(source: ByteSource, limits: Limits, _left: Allowance) -> FoundParts:
    """The members of any tar file, each name as often as it is there."""
    try:
        for number, member in enumerate(tar_members(source)):
            if number >= _MOST_LOOKED_AT or not limits.whole:
                yield unread("the tar file", f"{number} members were looked at")
                return
            content = PartSource(source, member.offset_data, member.size)
            if member.isreg() and begins_like_a_file(content.read_at(0, BEGINNING)):
                yield EnclosedPart(f"the member {member.name!r:.80}", content)
    except TAR_ERRORS as error:
        yield unread("the tar file", str(error))


_FINDERS: dict[str, Callable[[ByteSource, Limits, Allowance], FoundParts]] = {
    "npy": _array,
    "npz": _arrays,
    "foreign-zip": _zip_members,
    "damaged-zip": _zip_members,
    "tar": _tar_members,
    **{kind: _unpacked(kind) for kind in COMPRESSED},
}
