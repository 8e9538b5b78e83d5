"""Open files: what ``open``, gzip, zipfile, fsspec and others yield for a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.values import (
    Handle,
    Values,
    unknown,
)
from torchload_lint.source.state.evaluated_arguments import arguments, first
from torchload_lint.source.state.handles import is_moved_where_made, is_written

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known

_OPENERS = (
    *(
        "builtins.open",
        "io.open",
        "io.FileIO",
        "codecs.open",
        "smart_open.open",
        "smart_open.smart_open",
    ),
    *("fsspec.open", "megfile.smart_open", "os.open", "io.BufferedReader"),
    *("tensorflow.io.gfile.GFile", "tensorflow.gfile.GFile", "blobfile.BlobFile", "mmap.mmap"),
)

_WRAPPING_OPENERS = (
    *("gzip.open", "gzip.GzipFile", "bz2.open", "bz2.BZ2File", "lzma.open", "lzma.LZMAFile"),
    *("zipfile.ZipFile", "tarfile.open", "zstandard.open"),
)


def opened(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``open(path)``."""
    if is_moved_where_made(call, frame.module):
        evaluator.leave_open("an open file that is read before, or by several")
    given = arguments(evaluator, call, frame)
    path = given.at(0) or next(iter(given.named.values()), ())
    return tuple(_opened(value) for value in path)


def _opened(value: domain.Value) -> domain.Value:
    if isinstance(value, Handle):
        return value
    return Handle(as_text(value), rung=value.rung)


def _wrapped_open(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    return tuple(
        Handle(value.source if isinstance(value, Handle) else as_text(value), wrapped=True)
        for value in opened(evaluator, call, frame)
    )


def _buffer(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    values = first(evaluator, call, frame)
    if not values:
        return unknown("a buffer in memory")
    if is_written(call, frame.module):
        evaluator.leave_open("a buffer in memory that is written to")
    return tuple(
        value if isinstance(value, Handle) else domain.Unknown("a buffer in memory")
        for value in values
    )


CALLS: dict[str, Known] = {
    **dict.fromkeys(_OPENERS, opened),
    **dict.fromkeys(_WRAPPING_OPENERS, _wrapped_open),
    "io.BytesIO": _buffer,
}
CERTAIN = frozenset(
    """
    io.open io.BytesIO io.FileIO io.BufferedReader gzip.open bz2.open lzma.open gzip.GzipFile
    codecs.open zipfile.ZipFile tarfile.open
    """.split()
)
