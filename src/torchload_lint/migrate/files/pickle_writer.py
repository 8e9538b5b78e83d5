"""Writes a value as a protocol 2 pickle of the few opcodes that the weights-only loader has.

The opposite of :mod:`torchload_lint.checkpoint.pickles.unpickler`. Only what torch allows by
default is written: plain values, OrderedDict, Counter, set, storages, and calls of torch's own
rebuilders.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    SetValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.storages import STORAGE_DTYPES
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LARGEST_INTEGER_BYTES = 255
"""LONG1 counts its bytes in one; the weights-only loader has no LONG4."""

_STORAGE_CLASSES = {dtype: kind for kind, dtype in STORAGE_DTYPES.items() if kind != "Untyped"}


def storage_class(dtype: str) -> str:
    """The storage class that a persistent id names for a dtype; untyped where there is none."""
    return f"{_STORAGE_CLASSES.get(dtype, 'Untyped')}Storage"


def write_pickle(root: PickledValue) -> tuple[bytes, list[StorageValue]]:
    """The pickle of a value, and the storages that it refers to by their place in the list.

    Raises TypeError for a value that is not plain, RecursionError for one that is too deep.
    """
    writer = _PickleWriter()
    writer.out += b"\x80\x02"
    writer.write(root)
    writer.out += b"."
    return bytes(writer.out), writer.storages


class _PickleWriter:
    """Appends opcodes; a value that is met again is recalled, so that it stays one object."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.storages: list[StorageValue] = []
        self._memo: dict[object, int] = {}
        self._kept: list[PickledValue] = []
        """Keeps values alive whose ``id`` is in the memo."""

    def write(self, value: PickledValue) -> None:
        """Append one value."""
        if value is None or isinstance(value, (bool, int, float)):
            self.out += _atom(value)
            return
        key = _identity(value)
        known = self._memo.get(key)
        if known is not None:
            self.out += b"h" + pack("<B", known) if known < 256 else b"j" + pack("<I", known)  # noqa: PLR2004 - one byte
            return
        _WRITERS[type(value)](self, value, key)

    def remember(self, value: PickledValue, key: object) -> None:
        """BINPUT: what is on top of the stack is recalled by this key."""
        index = len(self._memo)
        self._memo[key] = index
        self._kept.append(value)
        self.out += b"q" + pack("<B", index) if index < 256 else b"r" + pack("<I", index)  # noqa: PLR2004 - one byte

    def name(self, module: str, name: str) -> None:
        """A global by name."""
        self.write(GlobalRef(GlobalName(module, name)))

    def call(self, module: str, name: str, args: tuple[PickledValue, ...]) -> None:
        """REDUCE."""
        self.name(module, name)
        self.write(args)
        self.out += b"R"

    def entries(self, entries: Iterable[tuple[PickledValue, PickledValue]]) -> None:
        """SETITEMS on what is on top of the stack."""
        listed = list(entries)
        if listed:
            self.out += b"("
            for key, item in listed:
                self.write(key)
                self.write(item)
            self.out += b"u"


def _identity(value: PickledValue) -> object:
    """Equal texts, names and storages are one; everything else is what it is.

    Storages without elements may have one key and several dtypes: ``x.view(dtype)`` of nothing.
    """
    if isinstance(value, (str, bytes)):
        return type(value), value
    if isinstance(value, GlobalRef):
        return value.name
    if isinstance(value, StorageValue):
        return value.key, value.dtype, value.numel
    return id(value)


def _atom(value: float | None) -> bytes:
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    return _integer(value) if isinstance(value, int) else b"G" + pack(">d", value)


def _integer(value: int) -> bytes:
    if 0 <= value < 1 << 8:
        return b"K" + pack("<B", value)
    if 0 <= value < 1 << 16:
        return b"M" + pack("<H", value)
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + pack("<i", value)
    length = value.bit_length() // 8 + 1
    if length > LARGEST_INTEGER_BYTES:
        raise TypeError("an integer of more than 255 bytes is not plain")
    return b"\x8a" + pack("<B", length) + value.to_bytes(length, "little", signed=True)


def _write_text(writer: _PickleWriter, value: str, key: object) -> None:
    data = value.encode("utf-8", "surrogatepass")
    writer.out += b"X" + pack("<I", len(data)) + data
    writer.remember(value, key)


def _write_bytes(writer: _PickleWriter, value: bytes, key: object) -> None:
    """As pickle does in protocol 2, except that empty ones need no ``builtins.bytes``."""
    writer.call("_codecs", "encode", (value.decode("latin-1"), "latin1"))
    writer.remember(value, key)


def _write_tuple(writer: _PickleWriter, value: tuple[PickledValue, ...], key: object) -> None:
    if not value:
        writer.out += b")"
        return
    short = {1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(value))
    if short is None:
        writer.out += b"("
    for item in value:
        writer.write(item)
    writer.out += short or b"t"
    writer.remember(value, key)


def _write_list(writer: _PickleWriter, value: list[PickledValue], key: object) -> None:
    writer.out += b"]"
    writer.remember(value, key)
    if value:
        writer.out += b"("
        for item in value:
            writer.write(item)
        writer.out += b"e"


def _write_dict(writer: _PickleWriter, value: DictValue, key: object) -> None:
    if value.kind == "builtins.dict":
        writer.out += b"}"
        writer.remember(value, key)
        writer.entries(value.entries)
        return
    module, name = value.kind.split(".")
    if name == "Counter":
        writer.call(module, name, (DictValue(entries=value.entries),))
        writer.remember(value, key)
        return
    writer.call(module, name, ())
    writer.remember(value, key)
    writer.entries(value.entries)
    for state in value.state:
        writer.write(state)
        writer.out += b"b"


def _write_set(writer: _PickleWriter, value: SetValue, key: object) -> None:
    if value.kind != "builtins.set":
        raise TypeError(f"{value.kind} is not plain")
    writer.call("builtins", "set", (list(value.items),))
    writer.remember(value, key)


def _write_global(writer: _PickleWriter, value: GlobalRef, key: object) -> None:
    writer.out += f"c{value.name.module}\n{value.name.qualname}\n".encode()
    writer.remember(value, key)


def _write_storage(writer: _PickleWriter, value: StorageValue, key: object) -> None:
    kind = GlobalRef(GlobalName("torch", storage_class(value.dtype)))
    number = str(len(writer.storages))
    writer.storages.append(value)
    writer.write(("storage", kind, number, value.location, value.numel))
    writer.out += b"Q"
    writer.remember(value, key)


def _write_call(writer: _PickleWriter, value: ObjectValue, key: object) -> None:
    if value.how != "REDUCE" or value.states or value.items or value.entries:
        raise TypeError(f"{value.type_name} is not plain")
    writer.write(value.callee)
    writer.write(value.args)
    writer.out += b"R"
    writer.remember(value, key)


_WRITERS: dict[type, Callable[..., None]] = {
    str: _write_text,
    bytes: _write_bytes,
    tuple: _write_tuple,
    list: _write_list,
    DictValue: _write_dict,
    SetValue: _write_set,
    GlobalRef: _write_global,
    StorageValue: _write_storage,
    ObjectValue: _write_call,
}
