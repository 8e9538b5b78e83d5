"""Storages inside a plain pickle: each is a file of ``torch.save`` in itself, as one bytes object.

Source: ``_StorageBase.__reduce__`` and ``_load_from_bytes`` in ``torch/storage.py`` of torch 2.13.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import PickledValue, StorageValue
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES
from torchload_lint.migrate.files.elements import swapped
from torchload_lint.migrate.files.source_checkpoint import read_checkpoint
from torchload_lint.migrate.files.storage_bytes import FileRange
from torchload_lint.migrate.results import MigrationError

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import PickledInstance
    from torchload_lint.migrate.conversion import Conversion


def _from_bytes(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    data = made.args[0] if made.args else None
    found = _storage_in(data) if isinstance(data, bytes) else None
    if found is None:
        return converter.leave_out(place, "a storage", "its bytes cannot be read as a storage")
    storage, raw, byteorder = found
    if byteorder != converter.pool.byteorder:
        raw = swapped(raw, _number_size(storage.dtype))
    return converter.pool.keep(storage, raw)


def _storage_in(data: bytes) -> tuple[StorageValue, bytes, str] | None:
    """The storage in a file, its bytes and their order; None where it holds anything else."""
    try:
        inner = read_checkpoint(io.BytesIO(data), "storage")
    except MigrationError:
        return None
    value = inner.value
    content = inner.storages.get(value.key) if isinstance(value, StorageValue) else None
    if not isinstance(value, StorageValue) or not isinstance(content, FileRange):
        return None
    return value, data[content.offset : content.offset + content.size], inner.byteorder


def _number_size(dtype: str) -> int:
    """Bytes of one number; a complex one is two."""
    return ITEM_SIZES.get(dtype, 1) // (2 if dtype.startswith("complex") else 1)


CARRIERS = {"torch.storage._load_from_bytes": _from_bytes}
"""Function → how what it makes is carried."""
