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

    def __init__(self, code: str, message: str, position: int, end: int = 0) -> None:
        super().__init__(message)
        self.code = code
        """``truncated``, ``malformed`` or ``hostile``."""
        self.position = position
        self.end = end
        """Where an argument ends that is none; 0 where it does not end."""


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


def read_steps(
    data: bytes, start: int = 0, limits: Limits = DEFAULT_LIMITS, jumps: list[int] | None = None
) -> Iterator[Step]:
    """The same as plain tuples: large checkpoints have millions of opcodes.

    After an opcode without an argument, ``jumps`` may get the place of the next one.
    """
    position, size, frame_end = start, len(data), 0
    for _ in range(limits.opcodes):
        if frame_end:
            frame_end = _checked_frame(frame_end, position)
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
            if jumps:
                frame_end = _left_frame(frame_end, position)
                position = jumps.pop()
        elif kind == "u1" and position + 1 < size:
            yield position, name, data[position + 1]
            position += 2
        else:
            argument, end = _read_within(data, position, kind, limits, frame_end)
            yield position, name, argument
            position = end
            if name == "FRAME":
                frame_end = _opened_frame(argument, position, frame_end)
    raise LimitExceededError("opcodes", f"the pickle has more than {limits.opcodes:,} opcodes")


def _opened_frame(size: OpcodeArgument, begin: int, frame_end: int) -> int:
    """Where a frame ends that begins here. Raises PickleFaultError inside of another one."""
    if frame_end or not isinstance(size, int):
        raise _split_frame(begin)
    return begin + size


def _left_frame(frame_end: int, position: int) -> int:
    """No frame. Raises PickleFaultError where something of one is left to be read."""
    if frame_end and position != frame_end:
        raise _split_frame(position)
    return 0


def _checked_frame(frame_end: int, position: int) -> int:
    """The end of the frame that an opcode at ``position`` is in; 0 behind it.

    Raises PickleFaultError where the opcode before reached over the end: CPython's C reader loses
    what is left of a frame when an argument does not lie in it whole, and so reads other opcodes
    than stand there (``_Unpickler_ReadFromFile`` of ``_pickle.c``, seen with 3.11).
    """
    if position > frame_end:
        raise _split_frame(position)
    return 0 if position == frame_end else frame_end


def _split_frame(position: int) -> PickleFaultError:
    message = "its frames end within what they hold, where C and Python read different things"
    return PickleFaultError("hostile", message, position)


def _read_within(
    data: bytes, position: int, kind: str, limits: Limits, frame_end: int
) -> tuple[OpcodeArgument, int]:
    """The argument of the opcode at ``position``, and where it ends. Raises PickleFaultError."""
    try:
        return _read_argument(data, position + 1, kind, limits)
    except PickleFaultError as error:
        if frame_end and error.end > frame_end:
            raise _split_frame(position) from None
        raise


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
        message = f"a line in the pickle is not {codec}"
        raise PickleFaultError("malformed", message, at, end + 1) from None


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
        message = "a text in the pickle is not UTF-8"
        raise PickleFaultError("malformed", message, begin, end) from None
