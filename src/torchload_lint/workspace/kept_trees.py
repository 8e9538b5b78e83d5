"""How many syntax trees are kept from one file of a run to the next."""

from __future__ import annotations

MOST_KEPT_CHARACTERS = 2**23
"""So much source is kept as trees; a character takes some 40 bytes there."""


class KeptTrees:
    """Tells, file by file, when the trees that were parsed so far are to be dropped.

    What one file's questions led to is parsed again when the next file asks for it. So that not
    all of it is parsed for each file, twice as much as any file has added may be kept: at least
    half of what is dropped was then parsed for the first time, and a run takes at most twice the
    time.
    """

    def __init__(self) -> None:
        self._most = MOST_KEPT_CHARACTERS
        self._before = 0

    def are_too_many(self, kept: int) -> bool:
        """To be asked after each file with the characters that are kept now; yes: drop them."""
        self._most = max(self._most, 2 * (kept - self._before))
        dropped = kept > self._most
        self._before = 0 if dropped else kept
        return dropped
