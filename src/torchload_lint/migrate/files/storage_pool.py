"""The storages of a migration: those of the checkpoint, and new ones for converted arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import StorageValue
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES
from torchload_lint.migrate.files.storage_bytes import BytesContent
from torchload_lint.migrate.results import MigrationError

if TYPE_CHECKING:
    from torchload_lint.migrate.files.recorder import Checkpoint
    from torchload_lint.migrate.files.storage_bytes import Content


class StoragePool:
    """Storage key → its bytes."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.byteorder = checkpoint.byteorder
        self._contents = dict(checkpoint.storages)

    def content(self, storage: StorageValue) -> Content:
        """The bytes of a storage."""
        return self._contents[storage.key]

    def checked(self, storage: StorageValue) -> StorageValue:
        """The storage itself. Raises MigrationError where the file has too few bytes for it."""
        content = self._contents.get(storage.key)
        if content is None or content.size < nbytes(storage):
            raise MigrationError("the file lacks the bytes of a tensor; get it again")
        return storage

    def add(self, data: bytes, dtype: str) -> StorageValue:
        """A new storage, whose bytes have the byte order of the checkpoint."""
        key = f"new-{len(self._contents)}"
        self._contents[key] = BytesContent(data)
        storage_dtype = dtype if dtype in _WITH_STORAGE else "uint8"
        return StorageValue(key, storage_dtype, len(data) // ITEM_SIZES[storage_dtype])

    def keep(self, storage: StorageValue, data: bytes) -> StorageValue:
        """A storage that came with its bytes, in the byte order of the checkpoint."""
        key = f"new-{len(self._contents)}"
        self._contents[key] = BytesContent(data)
        return StorageValue(key, storage.dtype, storage.numel, storage.location)


_WITH_STORAGE = frozenset(
    "float16 float32 float64 complex64 complex128 uint8 int8 int16 int32 int64 bool".split()
)
"""Dtypes of numpy's that a storage class exists for."""


def nbytes(storage: StorageValue) -> int:
    """The bytes of a storage."""
    return storage.numel * ITEM_SIZES.get(storage.dtype, 1)
