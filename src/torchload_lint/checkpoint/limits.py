"""How much work one checkpoint may cost, whoever wrote it."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Bounds on time and memory; a file beyond one of them is reported, not read further."""

    pickle_bytes: int = 256 * 1024 * 1024
    """Bytes of one pickle, after decompression."""
    opcodes: int = 8_000_000
    """Opcodes over all pickles of a file; about half a second per million."""
    directory_bytes: int = 256 * 1024 * 1024
    """Bytes of a zip archive's central directory."""
    members: int = 500_000
    """Members of a zip archive."""
    equal_members: int = 20_000
    """Members of a zip archive in which two have the same name; no program writes such a thing."""
    line_bytes: int = 64 * 1024
    """Bytes of one line argument (the module or name of a GLOBAL)."""
    storages: int = 2_000_000
    """Storages listed at the end of a legacy file."""
    places: int = 2_000_000
    """Values visited when places in the object are named."""


DEFAULT_LIMITS = Limits()


class LimitExceededError(Exception):
    """A limit was met; the message names it."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit
