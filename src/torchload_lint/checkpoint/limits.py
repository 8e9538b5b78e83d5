"""How much work one checkpoint may cost, whoever wrote it."""

from __future__ import annotations

from torchload_lint.named_tuples import NamedTuple


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
    first_window: int = 1024 * 1024
    """Bytes that are read at first where nobody knows how long the pickles are."""
    whole: bool = True
    """Whether what only proves damage is read, too: the header of each tensor's record in a zip,
    the length before each tensor in a legacy file. Off, a file costs a few reads at any size.
    """


def shallow(limits: Limits) -> Limits:
    """The same limits for a file that is far away: what only proves damage is not read."""
    return limits._replace(first_window=64 * 1024, whole=False)


DEFAULT_LIMITS = Limits()


class LimitExceededError(Exception):
    """A limit was met; the message names it."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit
