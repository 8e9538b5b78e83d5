"""Checkpoint files written byte by byte, without torch."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tarfile
import zipfile

MAGIC = 0x1950A86A20F9469CFC6C
PLAIN = b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s."
"""``{"a": 1}`` in protocol 2."""

NAMESPACE = b"\x80\x02cargparse\nNamespace\n)\x81}X\x02\x00\x00\x00lrK\x01sb."
"""``argparse.Namespace(lr=1)``."""


def archive(data=PLAIN, *, prefix="archive", extra=(), deflate=False, version="3\n"):
    """A zip as torch.save writes it; ``extra`` are further (name, bytes) members."""
    members = [("data.pkl", data), ("byteorder", b"little"), *extra]
    if version:
        members.append(("version", version.encode()))
    return plain_zip([(f"{prefix}/{name}", content) for name, content in members], deflate=deflate)


def plain_zip(members, *, deflate=False):
    stream = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", kind) as out:
        for name, content in members:
            out.writestr(zipfile.ZipInfo(name), content, compress_type=kind)
    return stream.getvalue()


def storage(key="0", count=2, legacy=False):
    """The opcodes of a persistent id: a FloatStorage of ``count`` elements."""
    fields = [text("storage"), b"ctorch\nFloatStorage\n", text(key), text("cpu")]
    fields.append(b"K" + bytes([count]))
    if legacy:
        fields.append(b"N")
    return b"(" + b"".join(fields) + b"tQ"


def tensor(key="0", count=2, legacy=False):
    """The opcodes of a vector over a storage."""
    size = b"K" + bytes([count]) + b"\x85"
    body = storage(key, count, legacy) + b"K\x00" + size + b"K\x01\x85\x89N"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + body + b"tR"


def text(value):
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def legacy(data=PLAIN, keys=(), storages=b""):
    """The five pickles of torch < 1.6, and the storages' bytes."""
    parts = [MAGIC, 1001, {"little_endian": True}]
    head = b"".join(pickle.dumps(part, 2) for part in parts)
    return head + data + pickle.dumps(list(keys), 2) + storages


def stored(*numbers):
    """A storage of a legacy file: its number of elements, then floats."""
    return struct.pack(f"<q{len(numbers)}f", len(numbers), *numbers)


def safetensors(header=None, data=bytes(8)):
    """A safetensors file with one vector of two floats."""
    if header is None:
        header = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + data


def tar():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        info = tarfile.TarInfo("storages")
        info.size = 3
        out.addfile(info, io.BytesIO(b"abc"))
    return stream.getvalue()
