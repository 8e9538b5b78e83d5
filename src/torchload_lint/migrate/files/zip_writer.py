"""A zip archive as torch.save writes it: stored members, each content on a 64-byte boundary.

Sources: ``caffe2/serialize/inline_container.cc`` (the padding in an extra field called ``FB``) and
PKWARE's APPNOTE.TXT (the records, and zip64 for what does not fit 32 bits).
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from torchload_lint.migrate.files.storage_bytes import LARGE, PAGE, copy_summed

if TYPE_CHECKING:
    from typing import BinaryIO

    from torchload_lint.migrate.files.storage_bytes import Content

ALIGNMENT = 64
"""What torch 2.13 aligns to, so that tensors can be used where they are mapped."""

_LOCAL = Struct("<4s5H3L2H")
_CENTRAL = Struct("<4s6H3L5H2L")
_END = Struct("<4s4H2LH")
_END_64 = Struct("<4sQ2H2L4Q")
_LOCATOR = Struct("<4sLQL")
_EXTRA = Struct("<2H")
_ZIP64, _PADDING = 1, 0x4246
"""Kinds of extra fields: zip64 sizes, and ``FB``."""
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_NEEDS_ZIP64, _PLAIN = 45, 20
"""Versions of the format that a reader must know."""
_DATE = (1 << 5) | 1
"""1 January 1980: the same content makes the same file."""


@dataclass(frozen=True, slots=True)
class _Member:
    name: bytes
    crc: int
    size: int
    offset: int


class ZipWriter:
    """Writes members one after the other; ``finish`` writes the directory."""

    def __init__(self, out: BinaryIO, folder: str = "archive") -> None:
        """``out`` is at its beginning, and can be written and moved in."""
        self._out = out
        self._folder = folder
        self._members: list[_Member] = []

    def add(self, record: str, content: Content) -> None:
        """Write one record, such as ``data/0``."""
        name = f"{self._folder}/{record}".encode()
        offset, size = self._out.tell(), content.size
        extra = _extra(offset + _LOCAL.size + len(name), content)
        header = _local_header(name, content.crc or 0, size, extra)
        self._out.write(header)
        crc = content.crc
        if crc is None:
            crc = copy_summed(content, self._out)
            end = self._out.tell()
            self._out.seek(offset)
            self._out.write(_local_header(name, crc, size, extra))
            self._out.seek(end)
        else:
            content.copy_to(self._out)
        if self._out.tell() != offset + len(header) + size:
            raise OSError(f"the record {record} changed its size while it was copied")
        self._members.append(_Member(name, crc, size, offset))

    def finish(self) -> None:
        """Write the directory."""
        start = self._out.tell()
        for member in self._members:
            self._out.write(_central_header(member))
        size, count = self._out.tell() - start, len(self._members)
        if count >= _MAX_16 or start >= _MAX_32 or size >= _MAX_32:
            at = self._out.tell()
            fixed = _END_64.size - 12  # the size that counts leaves out the first two fields
            self._out.write(
                _END_64.pack(b"PK\x06\x06", fixed, _NEEDS_ZIP64, _NEEDS_ZIP64, 0, 0, count, count,
                             size, start)
            )  # fmt: skip
            self._out.write(_LOCATOR.pack(b"PK\x06\x07", 0, at, 1))
        counted = min(count, _MAX_16)
        self._out.write(
            _END.pack(b"PK\x05\x06", 0, 0, counted, counted, min(size, _MAX_32),
                      min(start, _MAX_32), 0)
        )  # fmt: skip


def _extra(begin: int, content: Content) -> bytes:
    """The extra fields of a local header, as long as brings the content to a good place.

    That is a multiple of 64; for what is large, the place in a page that it has in the source too,
    since copying page to page takes two thirds of the time.
    """
    size, place = content.size, content.place_in_page
    extra = _EXTRA.pack(_ZIP64, 16) + Struct("<2Q").pack(size, size) if size >= _MAX_32 else b""
    begin += len(extra) + _EXTRA.size
    if size > LARGE and place is not None and place % ALIGNMENT == 0:
        padding = (place - begin) % PAGE
    else:
        padding = -begin % ALIGNMENT
    return extra + _EXTRA.pack(_PADDING, padding) + b"Z" * padding


def _local_header(name: bytes, crc: int, size: int, extra: bytes) -> bytes:
    wide = size >= _MAX_32
    shown = _MAX_32 if wide else size
    fields = _LOCAL.pack(
        b"PK\x03\x04", _NEEDS_ZIP64 if wide else _PLAIN, 0, 0, 0, _DATE, crc, shown, shown,
        len(name), len(extra),
    )  # fmt: skip
    return fields + name + extra


def _central_header(member: _Member) -> bytes:
    wide_size, wide_offset = member.size >= _MAX_32, member.offset >= _MAX_32
    numbers = ([member.size] * 2 if wide_size else []) + ([member.offset] if wide_offset else [])
    extra = b""
    if numbers:
        extra = _EXTRA.pack(_ZIP64, 8 * len(numbers)) + Struct(f"<{len(numbers)}Q").pack(*numbers)
    version = _NEEDS_ZIP64 if numbers else _PLAIN
    size = _MAX_32 if wide_size else member.size
    fields = _CENTRAL.pack(
        b"PK\x01\x02", version, version, 0, 0, 0, _DATE, member.crc, size, size, len(member.name),
        len(extra), 0, 0, 0, 0, min(member.offset, _MAX_32),
    )  # fmt: skip
    return fields + member.name + extra
