"""A safetensors file: a length, a JSON header, then the tensors' bytes one after the other.

Source: the format's description in the safetensors repository (README.md, "Format").
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.safetensors import MAX_SAFETENSORS_HEADER, TORCH_DTYPES
from torchload_lint.checkpoint.pickles.pickled_values import DictValue, PickledValue
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES
from torchload_lint.checkpoint.pickles.tensors import tensor_of
from torchload_lint.migrate.files.elements import (
    OutsideError,
    bytes_of_elements,
    has_half_nan,
    swapped,
    with_signs,
)
from torchload_lint.migrate.files.safetensors_header import TensorRecord, header_text
from torchload_lint.migrate.results import MigrationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from torchload_lint.checkpoint.pickles.tensors import TensorInfo
    from torchload_lint.migrate.files.storage_pool import StoragePool

_DTYPES = {torch: name for name, torch in TORCH_DTYPES.items()}
_KINDS = frozenset({"tensor", "Parameter"})
_SIGNED = frozenset({"float64", "float32", "float16", "bfloat16"})
"""Dtypes whose numbers torch negates by their sign bit; of complex ones a zero stays positive."""
_METADATA = "__metadata__"
_OWN_KEY = "torchload_lint"
_SAMPLES = 16
"""Elements of each tensor that are compared."""


def tensor_records(root: PickledValue) -> list[TensorRecord]:
    """The tensors of a dict. Raises MigrationError where there is anything else in it."""
    if not isinstance(root, DictValue):
        raise MigrationError("safetensors holds a dict of tensors; this is not a dict")
    entries, others = [], []
    for name, value in root.entries:
        tensor = tensor_of(value)
        why = _why_not(name, tensor)
        if why or tensor is None:
            others.append(f"{name!r:.60}{why}" if isinstance(name, (str, int)) else "an object")
        else:
            entries.append(TensorRecord(str(name), tensor, value))
    if others:
        shown = ", ".join(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")  # noqa: PLR2004
        parts = [f"--only {name}" for name, value in root.entries if _is_whole(name, value)]
        way = (
            f"`{'` or `'.join(parts[:3])}` takes its tensors"
            if parts
            else "--only KEY takes a part"
        )
        raise MigrationError(
            f"safetensors holds a dict of dense tensors; this also holds: {shown}. {way}, "
            "`--to torch` all of it"
        )
    return entries


def _is_whole(name: PickledValue, value: PickledValue) -> bool:
    """Whether an entry is a dict that safetensors could hold by itself, with a plain name."""
    if not isinstance(name, str) or not name.isidentifier() or not isinstance(value, DictValue):
        return False
    inside = ((key, tensor_of(one)) for key, one in value.entries)
    return bool(value.entries) and not any(_why_not(key, tensor) for key, tensor in inside)


def _why_not(name: PickledValue, tensor: TensorInfo | None) -> str:
    """Why an entry has no place in the format: words in brackets, or empty where it has."""
    if tensor is None:
        return " (no tensor)"
    if not isinstance(name, str):
        return " (no text as a key)"
    if name == _METADATA:
        return " (the format keeps this name for itself)"
    if tensor.storage is None or tensor.kind not in _KINDS:
        return f" (a {tensor.kind})"
    if tensor.dtype not in _DTYPES:
        return f" ({tensor.dtype})"
    if tensor.metadata:
        return f" (with {', '.join(tensor.metadata)})"
    if tensor.negative and tensor.dtype not in _SIGNED:
        return f" (a negated view of {tensor.dtype})"
    is_shape = all(type(size) is int and size >= 0 for size in tensor.shape)
    if len(tensor.shape) != len(tensor.stride) or not is_shape:
        return " (damaged)"
    return "" if _is_unicode(name) else " (a key that is no Unicode)"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_safetensors(
    root: PickledValue, entries: list[TensorRecord], pool: StoragePool, out: BinaryIO
) -> None:
    """Write the file. Tensors that share bytes are written in full, each by itself.

    Raises MigrationError, OSError.
    """
    ordered = sorted(entries, key=lambda entry: -entry.item_size)  # so that all lie aligned
    header: dict[str, object] = {_METADATA: {"format": "pt", _OWN_KEY: header_text(root, entries)}}
    offset = 0
    for entry in ordered:
        header[entry.name] = {
            "dtype": _DTYPES[entry.tensor.dtype],
            "shape": list(entry.tensor.shape),
            "data_offsets": [offset, offset + entry.nbytes],
        }
        offset += entry.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_SAFETENSORS_HEADER:
        raise MigrationError("the names of the tensors are longer than safetensors takes")
    out.write(len(text).to_bytes(8, "little") + text)
    for entry in ordered:
        before = out.tell()
        try:
            out.writelines(_pieces(entry, pool))
        except OutsideError:
            message = f"the tensor {entry.name!r:.60} reaches beyond its storage"
            raise MigrationError(message) from None
        if out.tell() - before != entry.nbytes:
            raise MigrationError(f"the tensor {entry.name!r:.60} changed while it was copied")


def _pieces(entry: TensorRecord, pool: StoragePool) -> Iterator[bytes]:
    """A tensor's elements in little-endian order, row by row."""
    tensor, size = entry.tensor, entry.item_size
    assert tensor.storage is not None
    if pool.byteorder != "little" and ITEM_SIZES.get(tensor.storage.dtype, 1) != size:
        raise MigrationError(
            f"{entry.name!r:.60} ({tensor.dtype} in the file of a big-endian machine) is not what "
            "torch reads, which turns its bytes around as another dtype; `--to torch` keeps it as "
            "it is"
        )
    for piece in bytes_of_elements(tensor, size, pool.content(tensor.storage)):
        little = piece if pool.byteorder == "little" else _little(piece, tensor.dtype, size)
        if tensor.negative and has_half_nan(little, tensor.dtype):
            raise MigrationError(
                f"{entry.name!r:.60} (a negated view of {tensor.dtype} with NaN) has other bits on "
                "other machines, where torch negates it; `--to torch` keeps it as it is"
            )
        if tensor.conjugate or tensor.negative:
            little = with_signs(
                little, tensor.dtype, size, conjugate=tensor.conjugate, negative=tensor.negative
            )
        yield little


def check_safetensors(entries: list[TensorRecord], pool: StoragePool, written: BinaryIO) -> None:
    """Read the file again, and look single elements up in the checkpoint, one by one.

    Raises MigrationError where one is not there.
    """
    written.seek(0)
    length = int.from_bytes(written.read(8), "little")
    header = json.loads(written.read(length))
    for entry in entries:
        begin, end = header[entry.name]["data_offsets"]
        if end - begin != entry.nbytes:
            raise MigrationError(f"{entry.name!r:.60} was not written whole; please report this")
        for index in _samples(entry.count):
            written.seek(8 + length + begin + index * entry.item_size)
            if written.read(entry.item_size) != _element(entry, index, pool):
                raise MigrationError(f"{entry.name!r:.60} was written wrong; please report this")


def _samples(count: int) -> Iterator[int]:
    """The first, the last, and some between, of a row that comes into each dimension."""
    yield from sorted(
        {index * (count - 1) // _SAMPLES for index in range(_SAMPLES + 1)} if count else ()
    )


def _element(entry: TensorRecord, index: int, pool: StoragePool) -> bytes:
    """One element, found by its coordinates."""
    tensor = entry.tensor
    place = tensor.offset
    for length, stride in zip(reversed(tensor.shape), reversed(tensor.stride), strict=True):
        index, at = divmod(index, length)
        place += at * stride
    one = tensor._replace(shape=(), stride=(), offset=place)
    return b"".join(_pieces(TensorRecord(entry.name, one, entry.value), pool))


def _little(piece: bytes, dtype: str, size: int) -> bytes:
    return swapped(piece, size // 2 if dtype.startswith("complex") else size)
