"""safetensors files: a length, a JSON object that describes the tensors, then their bytes.

Source: the format's description in the safetensors repository (README.md, "Format").
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from torchload_lint.escaping import printable
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.bytesource import ByteSource

MAX_SAFETENSORS_HEADER = 100_000_000
"""The largest header that the safetensors library reads."""
METADATA = "__metadata__"
"""The key of the header that stands for texts about the file, not for a tensor."""
TORCH_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64",
    "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool", "U16": "uint16",
    "U32": "uint32", "U64": "uint64", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu", "C64": "complex64",
}  # fmt: skip
"""Dtype in the header → its name in torch (safetensors 0.6, ``safetensors/torch.py``)."""
_EVERY_DTYPE = TORCH_DTYPES | {
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz", "F4": "float4_e2m1fn_x2",
}  # fmt: skip
"""With those that newer releases know, too (safetensors 0.8)."""
_BITS = {
    name: 8 if name == "BOOL" else int("".join(filter(str.isdigit, name.partition("_")[0])))
    for name in _EVERY_DTYPE
}
"""Dtype in the header → bits of one element, as the digits in its name say."""


class Described(NamedTuple):
    """What the header says; the numbers stay in the file."""

    tensors: tuple[tuple[str, str, tuple[int, ...]], ...]
    """Name, dtype in torch's words (or as it stands), shape; in the order of the header."""
    metadata: tuple[tuple[str, str], ...]


def described(source: ByteSource) -> Described:
    """What a sound safetensors file holds. Raises ValueError where its header is damaged."""
    try:
        header = _header(source)
        tensors = tuple(
            (name, _EVERY_DTYPE.get(tensor["dtype"], str(tensor["dtype"])), _in_torch(tensor))
            for name, tensor in header.items()
            if name != METADATA
        )
        metadata = header.get(METADATA) or {}
        texts = tuple((str(key), str(value)) for key, value in metadata.items())
    except (RecursionError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("the header is damaged") from error
    return Described(tensors, texts)


def _in_torch(tensor: dict[str, object]) -> tuple[int, ...]:
    """The shape of a tensor in torch, where one element holds two F4."""
    shape = _shape(tensor["shape"])
    return (*shape[:-1], shape[-1] // 2) if tensor["dtype"] == "F4" and shape else shape


def _shape(given: object) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(type(size) is int and size >= 0 for size in given):
        raise ValueError("a shape is a list of sizes")
    return tuple(given)


def _header(source: ByteSource) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """The header as JSON gives it. Raises ValueError and RecursionError."""
    import json  # noqa: PLC0415 - seldom needed, and this module is imported by every run

    length = int.from_bytes(source.read_at(0, 8), "little")
    text = source.read_at(8, length).decode("utf-8")
    header = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    "".join(header).encode()  # raises where a name is no text
    return header


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) and found.keys() & _FIELDS:
        raise ValueError("a field stands twice")  # of two tensors of one name the last one counts
    return found


_FIELDS = frozenset({"dtype", "shape", "data_offsets"})


def is_safetensors(source: ByteSource) -> bool:
    """Whether the file begins like a safetensors file: a length, then a JSON object."""
    head = source.read_at(0, 9)
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 0 < length <= min(source.size - 8, MAX_SAFETENSORS_HEADER)


def safetensors_fault(source: ByteSource) -> str:
    """Why the safetensors library refuses the file; empty where it does not.

    Source: ``Metadata::validate`` of safetensors 0.8 (``safetensors/src/tensor.rs``): the tensors
    lie one behind the other, without a gap, each as long as its shape says, to the end of the file.
    """
    length = int.from_bytes(source.read_at(0, 8), "little")
    try:
        header = _header(source)
        metadata = header.pop(METADATA, None)
        tensors = [_tensor(tensor) for tensor in header.values()]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return "its header is damaged"
    if metadata is not None and not _are_texts(metadata):
        return "what its header says under __metadata__ are no texts"
    return _layout_fault(sorted(tensors), source.size - 8 - length)


def _tensor(described_as: Any) -> tuple[int, int, str, tuple[int, ...]]:  # noqa: ANN401 - JSON
    begin, end = _shape(described_as["data_offsets"])
    if not isinstance(described_as["dtype"], str):
        raise TypeError("a dtype is a text")
    return begin, end, described_as["dtype"], _shape(described_as["shape"])


def _are_texts(metadata: object) -> bool:
    return isinstance(metadata, dict) and all(isinstance(one, str) for one in metadata.values())


def _layout_fault(tensors: list[tuple[int, int, str, tuple[int, ...]]], size: int) -> str:
    """What is wrong with tensors in the order of their bytes, of which there are ``size``."""
    position = 0
    for begin, end, dtype, shape in tensors:
        if dtype not in _BITS:
            return f"torch has no dtype {printable(dtype):.40}"
        if begin != position:
            return "its tensors overlap, or there is something between them"
        if end < begin or prod(shape) * _BITS[dtype] != (end - begin) * 8:
            return "a tensor does not have as many bytes as its shape says"
        if dtype == "F4" and (not shape or shape[-1] % 2):
            return "torch has two F4 in one element, and a tensor ends within one"
        position = end
    return "" if position == size else "its tensors do not have as many bytes as the header says"
