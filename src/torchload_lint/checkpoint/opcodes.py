"""A pickle stream as opcodes with their arguments, read within limits.

The table is that of the pickle protocols 0 to 5 (CPython's ``Lib/pickletools.py`` documents each
opcode). Nothing is built here: an argument is a number, a text or bytes.
"""

from __future__ import annotations

from struct import unpack_from
from typing import TYPE_CHECKING, Union

from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, LimitExceededError, Limits
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

OpcodeArgument = Union[int, float, str, bytes, tuple[str, str], None]  # noqa: UP007 - run on 3.10 too


class Opcode(NamedTuple):
    """One instruction: where it is, which it is, and its argument."""

    position: int
    name: str
    argument: OpcodeArgument


class PickleFaultError(Exception):
    """From here on the bytes are not a pickle."""

    def __init__(self, code: str, message: str, position: int) -> None:
        super().__init__(message)
        self.code = code
        """``truncated`` or ``malformed``."""
        self.position = position


_TABLE = """
( MARK -         . STOP -           0 POP -           1 POP_MARK -      2 DUP -
F FLOAT text     I INT text         J BININT i4       K BININT1 u1      L LONG text
M BININT2 u2     N NONE -           P PERSID text     Q BINPERSID -     R REDUCE -
S STRING text    T BINSTRING raw4   U SHORT_BINSTRING raw1              V UNICODE escaped
X BINUNICODE utf4                   a APPEND -        b BUILD -         c GLOBAL global
d DICT -         } EMPTY_DICT -     e APPENDS -       g GET text        h BINGET u1
i INST global    j LONG_BINGET u4   l LIST -          ] EMPTY_LIST -    o OBJ -
p PUT text       q BINPUT u1        r LONG_BINPUT u4  s SETITEM -       t TUPLE -
) EMPTY_TUPLE -  u SETITEMS -       G BINFLOAT f8     B BINBYTES raw4   C SHORT_BINBYTES raw1
\\x80 PROTO u1   \\x81 NEWOBJ -     \\x82 EXT1 u1     \\x83 EXT2 u2     \\x84 EXT4 i4
\\x85 TUPLE1 -   \\x86 TUPLE2 -     \\x87 TUPLE3 -    \\x88 NEWTRUE -   \\x89 NEWFALSE -
\\x8a LONG1 long1                   \\x8b LONG4 long4 \\x8c SHORT_BINUNICODE utf1
\\x8d BINUNICODE8 utf8              \\x8e BINBYTES8 raw8                \\x8f EMPTY_SET -
\\x90 ADDITEMS - \\x91 FROZENSET -  \\x92 NEWOBJ_EX - \\x93 STACK_GLOBAL -
\\x94 MEMOIZE -  \\x95 FRAME u8     \\x96 BYTEARRAY8 raw8               \\x97 NEXT_BUFFER -
\\x98 READONLY_BUFFER -
"""


def _parse_table() -> dict[int, tuple[str, str]]:
    words = _TABLE.split()
    rows = zip(words[::3], words[1::3], words[2::3], strict=True)
    return {
        int(symbol.removeprefix("\\x"), base=16) if len(symbol) > 1 else ord(symbol): (
            name,
            argument,
        )
        for symbol, name, argument in rows
    }


OPCODES = _parse_table()
"""Byte → (name, kind of argument)."""

_BY_BYTE = [OPCODES.get(code) for code in range(256)]

CODES = {name: code for code, (name, _) in OPCODES.items()}
"""Name → byte."""

_NUMBERS = {
    "u1": ("<B", 1), "u2": ("<H", 2), "u4": ("<I", 4), "u8": ("<Q", 8),
    "i4": ("<i", 4), "f8": (">d", 8),
}  # fmt: skip
_LINE_CODECS = {"text": "latin-1", "escaped": "raw-unicode-escape"}
"""How the arguments of protocol 0 are written; names are UTF-8."""
_COUNTS = {"1": ("<B", 1), "4": ("<I", 4), "8": ("<Q", 8)}


Step = tuple[int, str, OpcodeArgument]
"""An Opcode's three fields, without the cost of making one."""


def read_opcodes(data: bytes, start: int = 0, limits: Limits = DEFAULT_LIMITS) -> Iterator[Opcode]:
    """The opcodes from ``start`` up to and including STOP.

    Raises PickleFaultError where the bytes end or are not an opcode, LimitExceededError beyond a
    limit.
    """
    return map(Opcode._make, read_steps(data, start, limits))


def read_steps(data: bytes, start: int = 0, limits: Limits = DEFAULT_LIMITS) -> Iterator[Step]:
    """The same as plain tuples: large checkpoints have millions of opcodes."""
    position, size = start, len(data)
    for _ in range(limits.opcodes):
        if position >= size:
            raise PickleFaultError("truncated", "the pickle ends before its STOP", position)
        found = _BY_BYTE[data[position]]
        if found is None:
            message = f"byte {data[position]} is not a pickle opcode"
            raise PickleFaultError("malformed", message, position)
        name, kind = found
        if kind == "-":
            yield position, name, None
            position += 1
            if name == "STOP":
                return
        elif kind == "u1" and position + 1 < size:
            yield position, name, data[position + 1]
            position += 2
        else:
            argument, end = _read_argument(data, position + 1, kind, limits)
            yield position, name, argument
            position = end
    raise LimitExceededError("opcodes", f"the pickle has more than {limits.opcodes:,} opcodes")


def _read_argument(data: bytes, at: int, kind: str, limits: Limits) -> tuple[OpcodeArgument, int]:
    """The argument that starts at ``at``, and where it ends."""
    number = _NUMBERS.get(kind)
    if number is not None:
        layout, width = number
        if at + width > len(data):
            raise PickleFaultError("truncated", "the pickle ends inside an argument", at)
        return unpack_from(layout, data, at)[0], at + width
    if kind in _LINE_CODECS:
        return _read_line(data, at, limits, _LINE_CODECS[kind])
    if kind == "global":
        module, middle = _read_line(data, at, limits)
        name, end = _read_line(data, middle, limits)
        return (module, name), end
    return _read_counted(data, at, kind)


def _read_line(data: bytes, at: int, limits: Limits, codec: str = "utf-8") -> tuple[str, int]:
    end = data.find(b"\n", at, at + limits.line_bytes)
    if end < 0:
        if at + limits.line_bytes < len(data):
            raise LimitExceededError("line_bytes", "a name in the pickle is implausibly long")
        raise PickleFaultError("truncated", "the pickle ends inside a line", at)
    try:
        return data[at:end].decode(codec), end + 1
    except UnicodeDecodeError:
        raise PickleFaultError("malformed", f"a line in the pickle is not {codec}", at) from None


def _read_counted(data: bytes, at: int, kind: str) -> tuple[OpcodeArgument, int]:
    """A text, bytes or integer that says its length first."""
    layout, width = _COUNTS[kind[-1]]
    if at + width > len(data):
        raise PickleFaultError("truncated", "the pickle ends inside a length", at)
    begin = at + width
    end = begin + unpack_from(layout, data, at)[0]
    if end > len(data):
        raise PickleFaultError("truncated", "the pickle ends inside a value", at)
    content = data[begin:end]
    if kind.startswith("raw"):
        return content, end
    if kind.startswith("long"):
        return int.from_bytes(content, "little", signed=True), end
    try:
        return content.decode("utf-8", "surrogatepass"), end
    except UnicodeDecodeError:
        raise PickleFaultError("malformed", "a text in the pickle is not UTF-8", begin) from None
