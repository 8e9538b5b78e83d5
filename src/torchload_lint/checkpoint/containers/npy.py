"""Arrays as numpy.save and numpy.savez write them: numbers, or a header with a pickle behind it.

Source: ``numpy/lib/_format_impl.py`` (``read_array_header_1_0`` and its kin). Where the dtype holds
objects, ``numpy.load(path, allow_pickle=True)`` unpickles what follows the header.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.bytesource import MemorySource
from torchload_lint.checkpoint.containers.zip_archive import ZipArchive, ZipFaultError
from torchload_lint.checkpoint.report import Problem
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.bytesource import ByteSource

ONLY_NUMBERS = "npz-of-numbers"
"""The code of what is said of an archive in which nothing is pickled."""
NPY_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {1: 2, 2: 4, 3: 4}
"""By the version of the format: bytes of the number that says how long the header is."""
_LONGEST_START = 12
"""Bytes of the mark, the version and that number."""
_LONGEST_HEADER = 10_000
"""Characters of a header that are evaluated; numpy itself takes no more unless it may unpickle."""
_MOST_ARRAYS = 10_000
"""Members of an archive whose header is looked at."""
_DEEPEST = 50
_MOST_NAMED = 3
_WOULD_UNPICKLE = "which numpy.load(path, allow_pickle=True) would unpickle"
_NUMBERS = late_pattern(r"[<>|=]?([biufcSUVmM])(\d{1,9})(?:\[\w+\])?")
"""The dtypes of numbers and texts as numpy writes them; any other may hold objects."""
_BYTES_OF_LETTER = 4


class ArrayHeader(NamedTuple):
    """What the beginning of an array says."""

    begin: int
    """Where its content begins: numbers, or a pickle."""
    objects: bool
    """Whether it is not known to be of numbers alone."""
    size: int = 0
    """The bytes of its numbers."""
    readable: bool = True

    def has_more(self, file_size: int) -> bool:
        """Whether there is more than numbers: objects, or something behind them."""
        return self.objects or self.begin + self.size < file_size


def read_array_header(source: ByteSource) -> ArrayHeader | None:
    """The header; None where nothing begins like an array. Never raises."""
    head = source.read_at(0, _LONGEST_START)
    if len(head) < _LONGEST_START or not head.startswith(NPY_MAGIC):
        return None
    width = _LENGTH_BYTES.get(head[6], 4)
    begin = 8 + width + (length := int.from_bytes(head[8 : 8 + width], "little"))
    said = _evaluated(source.read_at(8 + width, length)) if length <= _LONGEST_HEADER else None
    if not isinstance(said, dict) or "descr" not in said:
        return ArrayHeader(begin, objects=True, readable=False)
    size = _times(_width(said["descr"], _DEEPEST), said.get("shape"))
    return ArrayHeader(begin, objects=size is None, size=size or 0)


def _evaluated(text: bytes) -> object:
    try:
        return ast.literal_eval(text.decode("utf-8").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _width(descr: object, depth: int) -> int | None:
    """The bytes of one element; None where it may hold objects, or is no such thing."""
    if isinstance(descr, str):
        found = _NUMBERS.fullmatch(descr)
        return int(found[2]) * (_BYTES_OF_LETTER if found[1] == "U" else 1) if found else None
    if not depth:
        return None
    if isinstance(descr, tuple) and len(descr) == 2:  # noqa: PLR2004 - a type and a shape
        return _times(_width(descr[0], depth - 1), descr[1])
    if not isinstance(descr, list) or not all(map(_is_field, descr)):
        return None
    fields = [_times(_width(one[1], depth - 1), one[2] if one[2:] else ()) for one in descr]
    return None if None in fields else sum(width for width in fields if width)


def _is_field(field: object) -> bool:
    return isinstance(field, tuple) and len(field) in {2, 3}


def _times(width: int | None, shape: object) -> int | None:
    if width is None or not isinstance(shape, tuple):
        return None
    for one in shape:
        if not isinstance(one, int) or one < 0:
            return None
        width *= one
    return width


def npy_problem(source: ByteSource) -> Problem:
    """An array by itself, in words that say whether it holds a pickle."""
    header = read_array_header(source)
    advice = "read it with torch.from_numpy(numpy.load(path, allow_pickle=False))"
    if header is None or not header.readable:
        message = "this begins as numpy.save writes arrays, with a header that cannot be read"
    elif header.objects:
        message = f"this is an array that numpy.save wrote, of pickled objects, {_WOULD_UNPICKLE}"
        advice = "let the program that made it save numbers, which need no pickle"
    elif header.has_more(source.size):
        message = "this is an array of numbers that numpy.save wrote, with something behind it"
    else:
        message = "this is an array that numpy.save wrote: numbers alone, no pickle"
    return Problem("npy", message, advice)


def npz_problem(archive: ZipArchive, *, whole: bool) -> Problem:
    """Arrays in an archive; without ``whole``, its members are not looked at."""
    message = "this is an .npz archive that numpy.savez wrote"
    advice = "read it with numpy.load(path, allow_pickle=False)"
    if not whole or len(archive.members) > _MOST_ARRAYS:
        message += " (whether its arrays hold pickled objects was not looked at)"
        return Problem("npz", message, advice)
    found = [(member.name, member_header(archive, at)) for at, member in enumerate(archive.members)]
    objects = [name for name, header in found if header is not None and header.objects]
    unread = [name for name, header in found if header is None or not header.readable]
    sizes = zip(found, (member.size for member in archive.members), strict=True)
    more = any(header is not None and header.has_more(size) for (_, header), size in sizes)
    if objects:
        message += f", with pickled objects in {_some(objects)}, {_WOULD_UNPICKLE}"
    if unread:
        message += f"; {_some(unread)} cannot be read"
    if not _is_filled(archive):
        message += ", with bytes that belong to no array"
    elif not more and not unread:
        return Problem(ONLY_NUMBERS, f"{message}: numbers alone, no pickle", advice)
    return Problem("npz", message, advice)


def _is_filled(archive: ZipArchive) -> bool:
    """Whether each byte of an archive is its directory's or a member's."""
    try:
        return not archive.rest.size and not archive.bytes_between()
    except ZipFaultError:
        return False


def member_header(archive: ZipArchive, at: int) -> ArrayHeader | None:
    """The header of the array in a member."""
    try:
        return read_array_header(MemorySource(archive.start_of(archive.members[at], _HEAD)))
    except ZipFaultError:
        return None


_HEAD = _LONGEST_HEADER + 16


def _some(names: list[str]) -> str:
    shown = ", ".join(repr(name)[:60] for name in names[:_MOST_NAMED])
    return shown + (f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else "")
