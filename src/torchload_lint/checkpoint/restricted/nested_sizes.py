"""Whether the parts of a nested tensor lie within its buffer, as torch looks at it.

Source: ``_nested_view_from_buffer``, which makes a view of the buffer for each part.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES
from torchload_lint.checkpoint.pickles.tensors import contiguous
from torchload_lint.checkpoint.restricted.argument_kinds import Unseen, seen_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.pickles.tensors import TensorInfo


def nested_fault(args: tuple[PickledValue, ...]) -> str:
    """``(buffer, sizes, strides, offsets)``: the sizes must have been read by then."""
    buffer, *found = map(seen_tensor, args)
    tables = [table for table in found if table is not None]
    storages = [table.storage for table in tables if table.storage is not None]
    if any(storage.resizable for storage in storages):
        return "a file of this old form gives its sizes only after the object"
    if buffer is None or len(tables) < len(found):
        return ""  # an entry is needed
    sizes, strides, offsets = tables
    if sizes.shape != strides.shape or sizes.shape[:1] != offsets.shape:
        return "its sizes, strides and offsets do not fit together"
    if storages and all(storage.integers is None for storage in storages):
        return ""  # nobody asked for what only proves damage
    return _parts_fault(_room(buffer), *map(_numbers, tables))


def _parts_fault(
    room: int,
    sizes: Sequence[int] | None,
    strides: Sequence[int] | None,
    offsets: Sequence[int] | None,
) -> str:
    if sizes is None or strides is None or offsets is None:
        return Unseen("it is not known what its sizes, strides and offsets say")
    width = len(sizes) // len(offsets)
    for at, offset in enumerate(offsets):
        row = slice(at * width, (at + 1) * width)
        if not _fits(sizes[row], strides[row], offset, room):
            return "a part of it does not lie within its buffer"
    return ""


def _fits(size: Sequence[int], stride: Sequence[int], offset: int, room: int) -> bool:
    if min(*size, *stride, offset) < 0:
        return False
    reach = offset + 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    return reach <= room or not all(size)


def _room(buffer: TensorInfo) -> int:
    """The elements of what the buffer is a view of."""
    if buffer.storage is None:
        return prod(buffer.shape)
    whole = buffer.storage.numel * ITEM_SIZES.get(buffer.storage.dtype, 1)
    return whole // ITEM_SIZES.get(buffer.dtype, 1)


def _numbers(table: TensorInfo) -> Sequence[int] | None:
    """The numbers of a tensor of integers, row by row; None where they are not read, or do not lie
    one after the other, as torch takes them.
    """
    stored = table.storage.integers() if table.storage and table.storage.integers else None
    steps = zip(table.shape, table.stride, contiguous(table.shape), strict=True)
    if stored is None or any(length > 1 and step != next_ for length, step, next_ in steps):
        return None
    return stored[table.offset : table.offset + prod(table.shape)]
