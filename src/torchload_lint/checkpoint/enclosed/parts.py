"""Parts of a file that torch.load does not read and another loader may, and how many are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Problem
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.bytesource import ByteSource

_MOST_PARTS = 2_000
"""Parts of one file, with those inside of parts."""
_MOST_UNPACKED = 128 * 1024 * 1024
"""Bytes that all compressed parts of one file may unpack to."""
_MOST_PICKLED = 32 * 1024 * 1024
"""Bytes of pickles that are run abstractly in all parts of one file."""


class EnclosedPart(NamedTuple):
    """Bytes that are judged as a file of their own would be."""

    where: str
    """Where in the file they are, to be read behind "in": ``the member 'a.npy'``."""
    source: ByteSource


class Allowance:
    """How much is still read of the parts of a file, however they lie in one another."""

    def __init__(self) -> None:
        self._parts = _MOST_PARTS
        self._unpacked = _MOST_UNPACKED
        self._pickled = _MOST_PICKLED

    def take_part(self) -> bool:
        """Whether one part more is judged."""
        self._parts -= 1
        return self._parts >= 0 and self._pickled > 0

    def pickled(self, size: int = 0) -> int:
        """The bytes of pickles that are left, after ``size`` more were read."""
        self._pickled -= size
        return max(self._pickled, 0)

    def unpacked(self, size: int = 0) -> int:
        """The same for what compressed bytes unpack to."""
        self._unpacked -= size
        return max(self._unpacked, 0)


def unread(where: str, why: str) -> Problem:
    """What is said of a part that was not read to its end."""
    return Problem(
        "unread-part",
        f"{where} was not read to its end: {why}; what else it holds, nobody has seen",
        "unpack it, and have it judged by itself",
    )
