"""safetensors files: a length, a JSON object that describes the tensors, then their bytes.

Source: the format's description in the safetensors repository (README.md, "Format").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
            (name, TORCH_DTYPES.get(tensor["dtype"], str(tensor["dtype"])), _shape(tensor["shape"]))
            for name, tensor in header.items()
            if name != METADATA
        )
        metadata = header.get(METADATA) or {}
        texts = tuple((str(key), str(value)) for key, value in metadata.items())
    except (RecursionError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("the header is damaged") from error
    return Described(tensors, texts)


def _shape(given: object) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(type(size) is int and size >= 0 for size in given):
        raise ValueError("a shape is a list of sizes")
    return tuple(given)


def _header(source: ByteSource) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """The header as JSON gives it. Raises ValueError and RecursionError."""
    import json  # noqa: PLC0415 - seldom needed, and this module is imported by every run

    length = int.from_bytes(source.read_at(0, 8), "little")
    return json.loads(source.read_at(8, length))


def is_safetensors(source: ByteSource) -> bool:
    """Whether the file begins like a safetensors file: a length, then a JSON object."""
    head = source.read_at(0, 9)
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 0 < length <= min(source.size - 8, MAX_SAFETENSORS_HEADER)


def safetensors_fault(source: ByteSource) -> str:
    """Why the safetensors library refuses the file; empty where it does not."""
    length = int.from_bytes(source.read_at(0, 8), "little")
    try:
        header = _header(source)
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != METADATA]
        end = max(ends, default=0)
    except (ValueError, RecursionError, KeyError, IndexError, TypeError, AttributeError):
        return "its header is damaged"
    if not isinstance(end, int) or end != source.size - 8 - length:
        return "its tensors do not have as many bytes as the header says"
    return ""
