"""A safetensors file: a length, a JSON header, then the tensors' bytes one after the other.

Source: the format's description in the safetensors repository (README.md, "Format").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.storages import ITEM_SIZES
from torchload_lint.checkpoint.tensors import TensorInfo, tensor_of
from torchload_lint.checkpoint.values import DictValue, Value
from torchload_lint.migrate.numpy_values import strides, swapped
from torchload_lint.migrate.results import MigrationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from torchload_lint.migrate.storage_pool import StoragePool

_DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
    "uint16": "U16", "uint32": "U32", "uint64": "U64", "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0", "complex64": "C64",
}  # fmt: skip
_SIZES = {**ITEM_SIZES, "uint16": 2, "uint32": 4, "uint64": 8}
_KINDS = frozenset({"tensor", "Parameter"})


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """One tensor to be written."""

    name: str
    tensor: TensorInfo

    @property
    def item_size(self) -> int:
        """Bytes of one element."""
        return _SIZES.get(self.tensor.dtype, 1)

    @property
    def nbytes(self) -> int:
        """Bytes of the tensor without gaps."""
        count = 1
        for length in self.tensor.shape:
            count *= length
        return count * self.item_size


def entries_of(root: Value) -> list[TensorRecord]:
    """The tensors of a dict. Raises MigrationError where there is anything else in it."""
    if not isinstance(root, DictValue):
        raise MigrationError("safetensors holds a dict of tensors; this is not a dict")
    entries, others = [], []
    for name, value in root.entries:
        tensor = tensor_of(value)
        fits = (
            isinstance(name, str) and tensor is not None and tensor.storage is not None
            and tensor.kind in _KINDS and tensor.dtype in _DTYPES
        )  # fmt: skip
        if fits and tensor is not None:
            entries.append(TensorRecord(str(name), tensor))
        else:
            others.append(repr(name) if isinstance(name, (str, int)) else "an object")
    if others:
        shown = ", ".join(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")  # noqa: PLR2004
        raise MigrationError(
            f"safetensors holds a dict of dense tensors; this also holds: {shown}. "
            "Choose a part of it with --only KEY, or write a torch file"
        )
    return entries


def write_safetensors(entries: list[TensorRecord], pool: StoragePool, out: BinaryIO) -> None:
    """Write the file. Tensors that share bytes are written in full, each by itself."""
    ordered = sorted(entries, key=lambda entry: (-entry.item_size, entry.name))
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
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
    out.write(len(text).to_bytes(8, "little") + text)
    for entry in ordered:
        _write_elements(entry, pool, out)


def _write_elements(entry: TensorRecord, pool: StoragePool, out: BinaryIO) -> None:
    """A tensor's elements in little-endian order, row by row."""
    tensor, size = entry.tensor, entry.item_size
    assert tensor.storage is not None
    content = pool.content(tensor.storage)
    lowest, count = _runs(tensor)
    for start in lowest:
        begin, length = (tensor.offset + start) * size, count * size
        if begin < 0 or begin + length > content.size:
            raise MigrationError(f"the tensor {entry.name!r:.60} reaches beyond its storage")
        if pool.byteorder == "little":
            content.copy_to(out, begin, length)
        else:
            pieces = (_little(one, tensor.dtype, size) for one in content.pieces(begin, length))
            out.writelines(pieces)


def _little(piece: bytes, dtype: str, size: int) -> bytes:
    return swapped(piece, size // 2 if dtype.startswith("complex") else size)


def _runs(tensor: TensorInfo) -> tuple[Iterator[int], int]:
    """Where each run of adjacent elements starts, and how many it has."""
    shape, stride = tensor.shape, tensor.stride
    if 0 in shape:
        return iter(()), 0
    contiguous = strides(shape)
    inner = len(shape)
    while inner and (shape[inner - 1] == 1 or stride[inner - 1] == contiguous[inner - 1]):
        inner -= 1
    count = 1
    for length in shape[inner:]:
        count *= length
    outer = product(*(range(length) for length in shape[:inner]))
    starts = (sum(i * s for i, s in zip(at, stride, strict=False)) for at in outer)
    return starts, count
