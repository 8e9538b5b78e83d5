"""A tensor's elements row by row, whatever its strides: copied along its longest dimension.

A Python loop over single elements takes seconds for a megabyte. Views of memory copy with a step
on both sides in C, so that only the other dimensions are looped over. Where all dimensions are
short, the elements of a block are picked out by their places, which are the same in each block.
"""

from __future__ import annotations

import sys
from array import array
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.pickles.tensors import TensorInfo
    from torchload_lint.migrate.files.storage_bytes import Content

_FORMATS: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""Bytes of an element → the format of a view of memory; larger ones are several of 8."""


_AT_ONCE = 2**20
"""Units that are copied together, where a row has fewer."""

_LONG_ROW = 64
"""Units from which on a row is copied by itself: below, its turn in the loop takes longer than the
copying.
"""
_BLOCK = 2**14
"""Units whose places are worked out once, where all dimensions are short."""


class OutsideError(Exception):
    """A tensor reaches beyond its storage."""


def is_contiguous(tensor: TensorInfo) -> bool:
    """Whether the elements lie one behind the other, row by row."""
    step = 1
    for length, stride in zip(reversed(tensor.shape), reversed(tensor.stride), strict=True):
        if length != 1 and stride != step:
            return False
        step *= length
    return True


def span_of(tensor: TensorInfo) -> tuple[int, int]:
    """The first element in the storage, and how many there are up to the last.

    Raises OutsideError where it begins before the storage.
    """
    if 0 in tensor.shape:
        return 0, 0
    if tensor.offset < 0 or any(stride < 0 for stride in tensor.stride):
        raise OutsideError
    steps = zip(tensor.shape, tensor.stride, strict=True)
    return tensor.offset, sum((length - 1) * stride for length, stride in steps) + 1


def bytes_of_elements(tensor: TensorInfo, size: int, content: Content) -> Iterator[bytes]:
    """The bytes of the elements, ``size`` for each. Raises OutsideError, OSError."""
    first, count = span_of(tensor)
    if (first + count) * size > content.size:
        raise OutsideError
    if is_contiguous(tensor) or not count:
        yield from content.pieces(first * size, count * size)
        return
    held = b"".join(content.pieces(first * size, count * size))
    unit = min(size, 8)
    source = memoryview(held).cast(_FORMATS[unit])
    parts = size // unit
    shape, stride = _merged(tensor)
    shape, stride = (*shape, parts), (*(step * parts for step in stride), 1)
    # Some rows at a time: of few long columns one by one would take as many loops as elements.
    rows = max(1, _AT_ONCE // prod(shape[1:]))
    for begin in range(0, shape[0], rows):
        some = min(rows, shape[0] - begin)
        yield _gathered(source[begin * stride[0] :], (some, *shape[1:]), stride, unit)


def _merged(tensor: TensorInfo) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Fewer dimensions with the same elements: two that follow each other without a gap are one."""
    shape: list[int] = []
    stride: list[int] = []
    for length, step in zip(tensor.shape, tensor.stride, strict=True):
        if length == 1:
            continue
        if shape and stride[-1] == step * length:
            shape[-1] *= length
            stride[-1] = step
        else:
            shape.append(length)
            stride.append(step)
    return tuple(shape), tuple(stride)


def _gathered(
    source: memoryview, shape: tuple[int, ...], stride: tuple[int, ...], unit: int
) -> bytes:
    """Copy along the longest dimension; loop over the others."""
    if max(shape) < _LONG_ROW:
        return _picked(source, shape, stride)
    out = bytearray(prod(shape) * unit)
    target = memoryview(out).cast(_FORMATS[unit])
    steps = [prod(shape[place + 1 :]) for place in range(len(shape))]
    longest = max(range(len(shape)), key=lambda place: shape[place])
    length, step, out_step = shape[longest], stride[longest], steps[longest]
    others = [place for place in range(len(shape)) if place != longest]
    for at in product(*(range(shape[place]) for place in others)):
        begin = sum(i * stride[place] for i, place in zip(at, others, strict=True))
        into = sum(i * steps[place] for i, place in zip(at, others, strict=True))
        into_end = into + (length - 1) * out_step + 1
        if step:
            target[into:into_end:out_step] = source[begin : begin + (length - 1) * step + 1 : step]
        else:  # an expanded dimension
            again = memoryview(source[begin : begin + 1].tobytes() * length)
            target[into:into_end:out_step] = again.cast(_FORMATS[unit])
    return bytes(out)


def _picked(source: memoryview, shape: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
    """The units of short dimensions: the last of these make a block."""
    outer = len(shape)
    while outer and prod(shape[outer - 1 :]) <= _BLOCK:
        outer -= 1
    within = _places(shape[outer:], stride[outer:])
    return b"".join(
        array(source.format, map(source[begin:].__getitem__, within)).tobytes()
        for begin in _places(shape[:outer], stride[:outer])
    )


def _places(shape: tuple[int, ...], stride: tuple[int, ...]) -> list[int]:
    """Where the units of these dimensions lie, row by row."""
    found = [0]
    for length, step in zip(shape, stride, strict=True):
        found = [place + index * step for place in found for index in range(length)]
    return found


def with_signs(piece: bytes, dtype: str, size: int, *, conjugate: bool, negative: bool) -> bytes:
    """The elements of a conjugated or negated view: sign bits turned over.

    ``size`` is that of a whole element, little-endian; a complex one is its real and its imaginary
    part.
    """
    parts = 2 if dtype.startswith("complex") else 1
    flips = [negative] * parts
    flips[-1] ^= conjugate
    kept = bytes(size // parts - 1)
    element = b"".join(kept + (b"\x80" if flip else b"\0") for flip in flips)
    mask = int.from_bytes(element * (len(piece) // size), "little")
    return (int.from_bytes(piece, "little") ^ mask).to_bytes(len(piece), "little")


_LARGEST_HALVES = {"float16": 0x7C00, "bfloat16": 0x7F80}
"""Infinity, which is the largest that is a number; without its sign."""


def has_half_nan(piece: bytes, dtype: str) -> bool:
    """Whether there is NaN among little-endian halves: torch computes with them as float32, and
    gives NaN other bits when it negates it, which ones depends on the machine.
    """
    infinity = _LARGEST_HALVES.get(dtype)
    if infinity is None:
        return False
    halves = memoryview(piece if sys.byteorder == "little" else swapped(piece, 2)).cast("H")
    return any(half & 0x7FFF > infinity for half in set(halves))


def swapped(data: bytes, size: int) -> bytes:
    """Every ``size`` bytes in the opposite order."""
    result = bytearray(len(data))
    for at in range(size):
        result[at::size] = data[size - 1 - at :: size]
    return bytes(result)


def strides(shape: tuple[int, ...], *, is_fortran: bool = False) -> tuple[int, ...]:
    """The strides of a contiguous array, in elements."""
    found, step = [], 1
    for length in shape if is_fortran else reversed(shape):
        found.append(step)
        step *= max(length, 1)
    return tuple(found) if is_fortran else tuple(reversed(found))
