"""A small assembler for pickles, and the zip that torch expects around one."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STORAGE = struct.pack("<4f", 0.0, 1.0, 2.0, 3.0)
"""What ``data/0`` holds in a forged archive: four floats."""


def name(module: str, qualname: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{qualname}\n".encode()


def text(value: str) -> bytes:
    """BINUNICODE."""
    encoded = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value: int) -> bytes:
    """BININT."""
    return b"J" + struct.pack("<i", value)


def pair(*items: bytes) -> bytes:
    """MARK … TUPLE."""
    return b"(" + b"".join(items) + b"t"


def array(*items: bytes) -> bytes:
    """EMPTY_LIST MARK … APPENDS."""
    return b"](" + b"".join(items) + b"e"


def mapping(items: Mapping[str, bytes]) -> bytes:
    """EMPTY_DICT MARK … SETITEMS."""
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def call(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE."""
    return function + pair(*arguments) + b"R"


def new(cls: bytes, *arguments: bytes) -> bytes:
    """NEWOBJ."""
    return cls + pair(*arguments) + b"\x81"


def raw(value: bytes) -> bytes:
    """Bytes as protocol 2 writes them, by ``_codecs.encode``."""
    return call(name("_codecs", "encode"), text(value.decode("latin1")), text("latin1"))


def storage(key: str = "0", kind: str = "FloatStorage", count: int = 4) -> bytes:
    """BINPERSID of a storage record."""
    return pair(text("storage"), name("torch", kind), text(key), text("cpu"), number(count)) + b"Q"


def tensor(stored: bytes | None = None, size: int = 4) -> bytes:
    """A one-dimensional tensor over a storage, as torch.save writes it."""
    return call(
        name("torch._utils", "_rebuild_tensor_v2"),
        stored or storage(),
        number(0),
        pair(number(size)),
        pair(number(1)),
        b"\x89",
        call(name("collections", "OrderedDict")),
    )


def program(*parts: bytes, protocol: int = 2) -> bytes:
    """PROTO … STOP."""
    return b"\x80" + bytes([protocol]) + b"".join(parts) + b"."


def archive(
    pickle: bytes,
    *,
    prefix: str = "archive",
    members: Sequence[tuple[str, bytes]] = (("data/0", STORAGE),),
    version: bytes | None = b"3\n",
    pickle_name: str = "data.pkl",
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """A torch zip around a pickle; ``members`` follow it under the same prefix."""
    entries = [(f"{prefix}/{pickle_name}", pickle), (f"{prefix}/byteorder", b"little")]
    entries += [(f"{prefix}/{member}", data) for member, data in members]
    if version is not None:
        entries.append((f"{prefix}/version", version))
    return zip_of(entries, compression)


def zip_of(entries: Sequence[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Any zip, duplicates allowed."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile's "Duplicate name"
        with zipfile.ZipFile(stream, "w", compression) as out:
            for entry, data in entries:
                out.writestr(zipfile.ZipInfo(entry), data, compress_type=compression)
    return stream.getvalue()


def entries_of(data: bytes) -> list[tuple[str, bytes]]:
    """The members of a zip, in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return [(info.filename, source.read(info)) for info in source.infolist()]


def edited(data: bytes, replace: Mapping[bytes, bytes]) -> bytes:
    """The same checkpoint with bytes of its pickle replaced; each must occur."""
    entries = entries_of(data)
    for old in replace:
        if not any(entry.endswith("/data.pkl") and old in content for entry, content in entries):
            raise ValueError(f"{old!r} is not in the pickle")
    return zip_of([(entry, _replaced(entry, content, replace)) for entry, content in entries])


def _replaced(entry: str, content: bytes, replace: Mapping[bytes, bytes]) -> bytes:
    if entry.endswith("/data.pkl"):
        for old, new_bytes in replace.items():
            content = content.replace(old, new_bytes)
    return content
