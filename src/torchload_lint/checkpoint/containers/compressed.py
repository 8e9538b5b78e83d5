"""What compressed files unpack to, as Python's gzip, bz2 and lzma, and joblib, read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.unpacking import Inflater, Unpacked, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.containers.unpacking import Decoder, Opening

_MOST_DICTIONARY = 128 * 1024 * 1024
"""Bytes of memory that a file in the format of xz may ask for."""
_LONGEST_START = 64 * 1024
"""Bytes of a gzip header, with the names and comments in it."""
_MOST_PADDING = 1024 * 1024
"""Zero bytes between compressed streams."""
_GZIP, _TRAILER = b"\x1f\x8b\x08", 8
_EXTRA, _NAME, _COMMENT, _CHECKSUM = 4, 8, 16, 2

COMPRESSED = ("gzip", "bzip2", "xz", "lzma", "zlib")


def unpack_file(kind: str, source: ByteSource, most: int) -> Unpacked:
    """What comes out of a file of a kind. Never raises."""
    find = _FINDERS.get(kind)
    return Unpacked(b"", "nothing here reads its kind") if find is None else find(source, most)


def _gzip(source: ByteSource, most: int) -> Unpacked:
    """The checksums are not asked: a program that reads as it unpacks meets them at the end."""

    def find(at: int) -> Opening | None:
        begin = _skip_zeros(source, at + (_TRAILER if at else 0))
        header = _gzip_header(source.read_at(begin, _LONGEST_START))
        return (lambda: Inflater(-15), begin + header) if header else None

    return unpack(source, find, most)


def _gzip_header(data: bytes) -> int:
    """The bytes of a header; 0 where there is none (or none that is read here)."""
    if not data.startswith(_GZIP) or len(data) < 10:  # noqa: PLR2004 - the fixed part
        return 0
    flags, at = data[3], 10
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                return 0
            at = end + 1
    return at + 2 if flags & _CHECKSUM else at


def _skip_zeros(source: ByteSource, at: int) -> int:
    """Python takes zero bytes between streams for padding."""
    piece = source.read_at(at, _MOST_PADDING) if source.read_at(at, 1) == b"\0" else b""
    return at + len(piece) - len(piece.lstrip(b"\0"))


def _zlib(source: ByteSource, most: int) -> Unpacked:
    """Behind the two bytes of its header; joblib reads stream after stream."""

    def find(at: int) -> Opening | None:
        begin = at + (_ADLER if at else 0)
        is_there = source.read_at(begin, 1) == b"\x78"
        return (lambda: Inflater(-15), begin + 2) if is_there else None

    return unpack(source, find, most)


_ADLER = 4


def _bzip2(source: ByteSource, most: int) -> Unpacked:
    try:
        from bz2 import BZ2Decompressor  # noqa: PLC0415 - some Pythons are built without
    except ImportError:
        return Unpacked(b"", "this Python has no bz2")
    return unpack(source, _by_start(source, b"BZh", BZ2Decompressor), most)


def _xz(source: ByteSource, most: int) -> Unpacked:
    return _with_lzma(source, b"\xfd7zXZ\x00", most)


def _lzma_alone(source: ByteSource, most: int) -> Unpacked:
    return _with_lzma(source, b"\x5d\x00\x00", most)


def _with_lzma(source: ByteSource, start: bytes, most: int) -> Unpacked:
    try:
        import lzma  # noqa: PLC0415 - some Pythons are built without
    except ImportError:
        return Unpacked(b"", "this Python has no lzma")

    def make() -> Decoder:
        return _Lzma(lzma.LZMADecompressor(memlimit=_MOST_DICTIONARY), lzma.LZMAError)

    return unpack(source, _by_start(source, start, make), most)


class _Lzma:
    """Whose own error is no OSError."""

    def __init__(self, inner: Decoder, error: type[Exception]) -> None:
        self._inner = inner
        self._error = error

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return self._inner.needs_input

    def decompress(self, data: bytes, most: int) -> bytes:
        try:
            return self._inner.decompress(data, most)
        except self._error as error:
            raise OSError(str(error)) from None


def _by_start(
    source: ByteSource, start: bytes, make: Callable[[], Decoder]
) -> Callable[[int], Opening | None]:
    """Streams that begin with certain bytes, zero bytes between them aside."""

    def find(at: int) -> Opening | None:
        begin = _skip_zeros(source, at)
        return (make, begin) if source.read_at(begin, len(start)) == start else None

    return find


_FINDERS: dict[str, Callable[[ByteSource, int], Unpacked]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "lzma": _lzma_alone,
    "zlib": _zlib,
}
