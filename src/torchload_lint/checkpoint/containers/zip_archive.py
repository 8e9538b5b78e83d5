"""Zip archives by torch's rules (``caffe2/serialize/inline_container.cc`` over miniz).

They differ from Python's zipfile: names are looked up in a way of their own (:mod:`.zip_names`),
every member lies below one folder, and a ``version`` record is required. Only the central
directory and the members asked for are read.
"""

from __future__ import annotations

import zlib
from struct import Struct
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.bytesource import PartSource
from torchload_lint.checkpoint.containers.unpacking import inflate
from torchload_lint.checkpoint.containers.zip_names import RecordIndex
from torchload_lint.checkpoint.limits import LimitExceededError
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.limits import Limits

LOCAL_SIGNATURE = b"PK\x03\x04"
_CENTRAL = Struct("<4s6H3L5H2L")
_END = Struct("<4s4H2LH")
_LOCATOR = Struct("<4sLQL")
_END_64 = Struct("<4sQ2H2L4Q")
_LOCAL = Struct("<4s5H3L2H")
_LONG_NAME = 1024
"""Bytes that a member's name and its extra field seldom take."""
_MAX_32, _MAX_16 = 0xFFFFFFFF, 0xFFFF
_STORED, _DEFLATED = 0, 8
_UNREADABLE_FLAGS = 0x1 | 0x20 | 0x40
"""Encrypted, a patch, strongly encrypted."""
_DESCRIBED = 0x8
_DESCRIPTION = 24
"""The checksum and sizes of a member stand behind it; bytes of that."""
_FOLDER = 0x10
"""The attribute of a folder, as MS-DOS had it."""
_MASKED = 0x2000
"""The directory itself is encrypted."""
_BLOCK = 4096
_OLDEST_FORMAT, _NEWEST_FORMAT = 1, 10
"""Values that the ``version`` record may have (``versions.h``)."""


class ZipFaultError(Exception):
    """The archive cannot be read; ``code`` is ``truncated`` or ``damaged``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Member(NamedTuple):
    """One entry of the central directory."""

    name: str
    method: int
    flags: int
    packed: int
    """Bytes in the archive."""
    size: int
    """Bytes after decompression, as the directory says."""
    offset: int
    """Where the local header is."""
    crc: int = 0
    """The checksum of the content, as the directory says (torch does not check it)."""
    disk: int = 0
    """The part of a divided archive that it is on."""
    is_folder: bool = False
    """Whether it says that it is a folder; then there is nothing to read."""

    @property
    def is_stored(self) -> bool:
        """Whether its bytes stand in the archive as they are."""
        return self.method == _STORED

    @property
    def fault(self) -> str:
        """Why miniz does not read it; empty where it does."""
        if self.flags & _UNREADABLE_FLAGS:
            return f"the record {self.name:.80} is encrypted"
        if self.method not in {_STORED, _DEFLATED}:
            return f"the record {self.name:.80} has an unknown compression"
        return ""


class ZipArchive:
    """The members of an archive, found without reading their contents."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        """Read the central directory. Raises ZipFaultError or LimitExceededError."""
        self._source = source
        self._limits = limits
        self._directory = _find_directory(source)
        self.members = _read_directory(source, self._directory, limits)
        self.prefix = self.members[0].name.partition("/")[0] if self.members else ""
        """The folder that every record lies in (the first member decides)."""
        self._records = RecordIndex([member.name for member in self.members], limits)

    def layout_fault(self) -> str:
        """Why torch's reader refuses the archive as a whole; empty where it does not."""
        folder = f"{self.prefix}/"
        for member in self.members:
            if not member.name.isascii() and not _is_text(member.name):
                return f"the member {member.name!r:.80} has a name that is not UTF-8"
            if not member.name.startswith(folder):
                return f"the member {member.name!r:.80} is not in the folder {folder!r:.60}"
        record = ".data/version" if self.find(".data/version") else "version"
        if self.find(record) is None:
            return "there is no version record"
        text = self.read(record)[:20].strip().removeprefix(b"+")  # as C++ reads it: std::stoull
        if not text[:1].isdigit():
            return "the version record holds no number"
        digits = text[: len(text) - len(text.lstrip(b"0123456789"))]
        if not _OLDEST_FORMAT <= int(digits) <= _NEWEST_FORMAT:
            return f"the archive has the format version {int(digits)}, which torch does not know"
        return ""

    def find(self, record: str) -> Member | None:
        """The member that torch takes for a record, such as ``data.pkl``."""
        at = self._records.find(f"{self.prefix}/{record}")
        return self.members[at] if at is not None else None

    @property
    def rest(self) -> PartSource:
        """What is behind the archive's end: its comment, or what somebody appended."""
        return PartSource(self._source, self._directory.end)

    def bytes_between(self) -> int:
        """How many bytes of the archive are of no member. Raises ZipFaultError."""
        directory = self._directory
        found = position = described = 0
        for member in sorted(self.members, key=lambda one: one.offset):
            gap = member.offset - position
            found += gap if gap > described else 0
            position = max(position, self.content_offset(member) + member.packed)
            described = _DESCRIPTION if member.flags & _DESCRIBED else 0
        before = directory.offset - position
        found += before if before > described else 0
        behind = directory.end - _END.size - directory.offset - directory.size
        return found + max(behind - _LOCATOR.size - _END_64.size, 0)

    def record_size(self, record: str) -> int | str:
        """The bytes of a tensor's record, or why they cannot be read."""
        member = self.find(record)
        if member is None:
            return f"the record {record:.65} of a tensor is missing"
        if member.fault:
            return member.fault
        if member.is_folder and member.size:  # torch gives what lay in the memory before
            return f"the record {record:.65} of a tensor says that it is a folder"
        if member.packed and self._limits.whole:
            try:
                self.content_offset(member)
            except ZipFaultError as error:
                return str(error)
        return member.size

    def has(self, record: str) -> bool:
        """Whether there is a member with exactly this name (torch lists names as they are)."""
        return any(member.name == f"{self.prefix}/{record}" for member in self.members)

    def read(self, record: str) -> bytes:
        """The content of a record. Raises ZipFaultError or LimitExceededError."""
        member = self.find(record)
        if member is None:
            raise ZipFaultError("damaged", f"the record {record} is missing")
        return self._extract(member)

    def read_start(self, record: str, size: int) -> bytes:
        """The first bytes of a record, however long it is. Raises ZipFaultError."""
        member = self.find(record)
        if member is None:
            raise ZipFaultError("damaged", f"the record {record} cannot be read")
        return self.start_of(member, size)

    def start_of(self, member: Member, size: int) -> bytes:
        """The first bytes of a member, also where it does not unpack to its end. Raises
        ZipFaultError.
        """
        packed = self.packed_part(member)
        if member.is_stored:
            return packed.read_at(0, size)
        return inflate(packed, size).data

    def packed_part(self, member: Member) -> PartSource:
        """The bytes of a member as they stand in the archive. Raises ZipFaultError."""
        if member.fault or member.is_folder:
            fault = member.fault or f"{member.name:.80} is a folder"
            raise ZipFaultError("damaged", fault)
        return PartSource(self._source, self.content_offset(member), member.packed)

    def content_offset(self, member: Member) -> int:
        """Where the (packed) bytes of a member begin, all of them there. Raises ZipFaultError."""
        header = self._source.read_at(member.offset, _LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(LOCAL_SIGNATURE):
            raise ZipFaultError("damaged", f"the header of {member.name:.80} is missing")
        *_, name_length, extra_length = _LOCAL.unpack(header)
        begin: int = member.offset + _LOCAL.size + name_length + extra_length
        if begin + member.packed > self._source.size:
            raise ZipFaultError("truncated", f"the archive ends inside {member.name:.80}")
        return begin

    def _extract(self, member: Member) -> bytes:
        limit = self._limits.pickle_bytes
        if max(member.size, member.packed) > limit:
            raise LimitExceededError(
                "pickle_bytes", f"the record {member.name:.80} has more than {limit:,} bytes"
            )
        if member.fault or member.is_folder:
            fault = member.fault or f"the record {member.name:.80} says that it is a folder"
            raise ZipFaultError("damaged", fault)
        if not self._limits.whole:  # far away, the header and the content are one request
            self._source.read_at(member.offset, _LOCAL.size + _LONG_NAME + member.packed)
        begin = self.content_offset(member) if member.packed else 0
        return _unpack(member, self._source.read_at(begin, member.packed))


def _is_text(name: str) -> bool:
    """Whether a name came from valid UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _unpack(member: Member, packed: bytes) -> bytes:
    if member.method == _STORED:
        content = packed
    else:
        try:
            content = zlib.decompressobj(-15).decompress(packed, member.size + 1)
        except zlib.error as error:
            raise ZipFaultError("damaged", f"{member.name:.80} does not unpack: {error}") from None
    if len(content) != member.size:
        raise ZipFaultError(
            "damaged", f"{member.name:.80} does not have the size that is given for it"
        )
    return content


class _Directory(NamedTuple):
    """Where the central directory is."""

    members: int
    size: int
    offset: int
    end: int
    """Of the archive, without its comment."""


def _read_directory(source: ByteSource, found: _Directory, limits: Limits) -> list[Member]:
    count, size, offset, _ = found
    if size > limits.directory_bytes or count > limits.members:
        raise LimitExceededError("members", "the archive's directory is implausibly large")
    if offset + size > source.size:
        raise ZipFaultError("truncated", "the archive's directory lies beyond its end")
    directory = source.read_at(offset, size)
    members = []
    position = 0
    for _ in range(count):
        if position + _CENTRAL.size > len(directory):
            raise ZipFaultError("damaged", "the archive's directory ends early")
        member, position = _read_member(directory, position)
        if position > len(directory) or not _is_sound(member, source.size):
            raise ZipFaultError("damaged", "the archive's directory contradicts itself")
        members.append(member)
    return members


def _find_directory(source: ByteSource) -> _Directory:
    """The directory that torch finds. Raises ZipFaultError."""
    span = min(source.size, _MAX_16 + _END.size)
    tail = source.read_at(source.size - span, span)
    at = tail.rfind(b"PK\x05\x06", 0, max(0, len(tail) - _END.size + 4))
    if at < 0:
        raise ZipFaultError("truncated", "the archive's end is missing: the file is cut off")
    _, disk, directory_disk, count_here, count, size, offset, _ = _END.unpack_from(tail, at)
    end = source.size - span + at
    if _is_passed_over(end, source.size):
        message = "so much follows the archive's end that torch looks for it before the file begins"
        raise ZipFaultError("damaged", message)
    locator = source.read_at(end - _LOCATOR.size, _LOCATOR.size)
    if len(locator) == _LOCATOR.size and locator.startswith(b"PK\x06\x07"):
        record = source.read_at(_LOCATOR.unpack(locator)[2], _END_64.size)
        if len(record) < _END_64.size or _LOCATOR.unpack(locator)[3] != 1:
            raise ZipFaultError("damaged", "the archive's end points beyond it")
        if record.startswith(b"PK\x06\x06"):
            _, length, _, _, *numbers = _END_64.unpack(record)
            if length < _END_64.size - 12:
                raise ZipFaultError("damaged", "the archive's end is damaged")
            disk, directory_disk, count_here, count, size, offset = numbers
    if (disk, directory_disk) not in {(0, 0), (1, 1)} or count != count_here:
        raise ZipFaultError("damaged", "the archive says that it is one of several parts")
    return _Directory(count, size, offset, min(end + _END.size, source.size))


def _is_passed_over(end: int, size: int) -> bool:
    """Whether torch 2.13 looks for an archive's end in a block that would begin before the file
    (``mz_zip_reader_locate_header_sig`` of its miniz; seen, with bytes appended to files).
    """
    begin = max(size - _BLOCK, 0)
    while end < begin:
        begin -= _BLOCK - 3
    return begin < 0


def _read_member(directory: bytes, position: int) -> tuple[Member, int]:
    fields = _CENTRAL.unpack_from(directory, position)
    signature, flags, method, crc = fields[0], fields[3], fields[4], fields[7]
    packed, size, name_length, extra_length, comment_length = fields[8:13]
    offset = fields[16]
    if signature != b"PK\x01\x02":
        raise ZipFaultError("damaged", "the archive's directory is damaged")
    begin = position + _CENTRAL.size
    name = directory[begin : begin + name_length].decode("utf-8", "surrogateescape")
    extra = directory[begin + name_length : begin + name_length + extra_length]
    if _MAX_32 in {packed, size, offset}:
        size, packed, offset = _wide_numbers(extra, size, packed, offset)
    end = begin + name_length + extra_length + comment_length
    is_folder = bool(fields[15] & _FOLDER) or name.endswith("/")
    return Member(name, method, flags, packed, size, offset, crc, fields[13], is_folder), end


def _is_sound(member: Member, archive_size: int) -> bool:
    """What miniz checks of each entry before it opens an archive."""
    inside = member.offset + _LOCAL.size + member.packed <= archive_size
    whole = member.disk in {0, 1} and not member.flags & _MASKED
    if member.method == _STORED and member.size != member.packed:
        return False
    return inside and whole and not (member.size and not member.packed)


def _wide_numbers(extra: bytes, *numbers: int) -> list[int]:
    """The zip64 extra field holds, in this order, the numbers that did not fit."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = Struct("<2H").unpack_from(extra, position)
        if kind == 1:
            words = [
                int.from_bytes(extra[at : at + 8], "little")
                for at in range(position + 4, min(position + 4 + length, len(extra)) - 7, 8)
            ]
            wide = iter(words)
            return [next(wide, number) if number == _MAX_32 else number for number in numbers]
        position += 4 + length
    return list(numbers)
