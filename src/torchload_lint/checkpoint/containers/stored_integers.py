"""The few numbers in a checkpoint that decide whether it loads: sizes inside of a nested tensor."""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.zip_archive import ZipFaultError
from torchload_lint.checkpoint.limits import LimitExceededError

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.zip_archive import ZipArchive

_MOST_READ = 16 * 1024 * 1024
"""Bytes that are read of the records of one archive."""
_WIDTH = 8


class StoredIntegers:
    """Records of an archive as integers of 64 bits, as long as they are few."""

    def __init__(self, archive: ZipArchive) -> None:
        self._archive = archive
        self._left = _MOST_READ

    def read(self, record: str) -> array[int] | None:
        """The numbers, in the byte order of the archive; None where they are not read."""
        archive, size = self._archive, self._archive.record_size(record)
        if not isinstance(size, int) or size > self._left or size % _WIDTH:
            return None
        self._left -= size
        try:
            numbers = array("q", archive.read(record))
            order = archive.read("byteorder") if archive.find("byteorder") else b"little"
        except (ZipFaultError, LimitExceededError):
            return None
        if order.decode("ascii", "replace") != sys.byteorder:
            numbers.byteswap()
        return numbers
