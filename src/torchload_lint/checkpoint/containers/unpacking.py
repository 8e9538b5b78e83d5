"""Compressed bytes, unpacked within bounds. What came out before a fault is kept: a program that
reads as it unpacks has used it by then.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.bytesource import ByteSource

_PIECE = 64 * 1024
_MOST_STREAMS = 10_000
"""Compressed streams after one another, which every reader takes for one."""
_MOST_PACKED = 256 * 1024 * 1024
"""Bytes that are read, whatever comes out of them."""


class Decoder(Protocol):
    """What bz2 and lzma have, and :class:`Inflater`."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What was given and lies behind the stream's end."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to come out of what was given."""

    def decompress(self, data: bytes, most: int) -> bytes:
        """Up to ``most`` bytes more."""


class Inflater:
    """zlib in the manner of bz2."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What was given and lies behind the stream's end."""
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to come out of what was given."""
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, most: int) -> bytes:
        """Up to ``most`` bytes more."""
        try:
            return self._inner.decompress(self._inner.unconsumed_tail + data, most)
        except zlib.error as error:
            raise OSError(str(error)) from None


class Unpacked(NamedTuple):
    """What came out."""

    data: bytes
    fault: str = ""
    """Why there may be more than this; empty where this is all."""


Opening = tuple[Callable[[], Decoder], int]
"""How a stream is unpacked, and where its packed bytes begin."""


def unpack(source: ByteSource, find_stream: Callable[[int], Opening | None], most: int) -> Unpacked:
    """All streams from the beginning on, one after the other; ``find_stream`` says how the one is
    read that begins at a place, or that none does. Never raises.
    """
    out = bytearray()
    at = 0
    for _ in range(_MOST_STREAMS):
        opening = find_stream(at)
        if opening is None:
            return Unpacked(bytes(out))
        decoder, begin = opening[0](), opening[1]
        at, fault = _unpack_stream(source, begin, decoder, out, most)
        if fault:
            return Unpacked(bytes(out), fault)
    return Unpacked(bytes(out), f"more than {_MOST_STREAMS:,} compressed streams")


def _unpack_stream(
    source: ByteSource, at: int, decoder: Decoder, out: bytearray, most: int
) -> tuple[int, str]:
    """Where the stream ends, and why it was not read to there."""
    while not decoder.eof:
        if len(out) >= most:
            return at, f"it unpacks to {most:,} bytes or more"
        if at > _MOST_PACKED:
            return at, f"it has more than {_MOST_PACKED:,} bytes"
        piece = source.read_at(at, _PIECE) if decoder.needs_input else b""
        at += len(piece)
        try:
            more = decoder.decompress(piece, most - len(out))
        except (OSError, EOFError, ValueError, MemoryError) as error:
            return at, f"it does not unpack: {error}"
        out += more
        if not more and not piece and not decoder.eof:
            return at, "it ends before its last block"
    return at - len(decoder.unused_data), ""


def inflate(source: ByteSource, most: int) -> Unpacked:
    """A single stream without header, as zip archives have them."""
    return unpack(source, lambda at: (lambda: Inflater(-15), 0) if at == 0 else None, most)
