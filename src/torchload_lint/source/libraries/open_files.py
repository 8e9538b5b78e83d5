"""Open files: what ``open``, gzip, zipfile, fsspec and others yield for a path."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from torchload_lint.source.domain import strings
from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.values import (
    Handle,
    Values,
    unknown,
)
from torchload_lint.source.state.evaluated_arguments import arguments, first
from torchload_lint.source.state.handles import is_moved_where_made, is_written
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known, KnownAttribute, KnownMethod

_OPENERS = (
    *(
        "builtins.open",
        "io.open",
        "io.FileIO",
        "codecs.open",
        "smart_open.open",
        "smart_open.smart_open",
    ),
    *(
        "urllib.request.urlopen",
        "fsspec.open",
        "megfile.smart_open",
        "os.open",
        "os.fdopen",
        "io.BufferedReader",
    ),
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
    if "opener" in given.named:
        evaluator.leave_open("a file that a function of its own opens")
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


_SCHEMES = {
    "s3fs.S3FileSystem": "s3",
    "gcsfs.GCSFileSystem": "gs",
    "adlfs.AzureBlobFileSystem": "az",
    "huggingface_hub.HfFileSystem": "hf",
}
_LOCAL = frozenset({"file", "local"})


def _open_of_system(
    evaluator: Evaluator, system: domain.Made, call: ast.Call, frame: Frame
) -> Values:
    """``fsspec.filesystem("s3").open(path)``, where the path need not say which system."""
    scheme = _SCHEMES.get(system.callee) or "".join(map(text_of, _given(system)[:1]))
    if not scheme:
        return unknown(f"which file system {system.callee}() means is not written")
    return tuple(
        Handle(_in_system(value.source, scheme), rung=value.rung)
        if isinstance(value, Handle) and isinstance(value.source, domain.Text)
        else value
        for value in opened(evaluator, call, frame)
    )


def _system_and_path(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``fsspec.core.url_to_fs(address)``: a file system, and where it has the file."""
    system = domain.Made("fsspec.core.url_to_fs", call)
    return (domain.Sequence(((system,), first(evaluator, call, frame)), kind="tuple"),)


def _open_of_address(
    evaluator: Evaluator, system: domain.Made, call: ast.Call, frame: Frame
) -> Values:
    """``fs.open(path)`` of such a system: the path is known by its address."""
    del system
    return opened(evaluator, call, frame)


def _object_of_bucket(
    evaluator: Evaluator, client: domain.Made, call: ast.Call, frame: Frame
) -> Values:
    """``boto3.client("s3").get_object(Bucket="b", Key="m.pt")``."""
    del client
    named = arguments(evaluator, call, frame).named
    parts: list[Values] = [
        (domain.Text("s3://"),),
        named.get("Bucket", ()),
        (domain.Text("/"),),
        named.get("Key", ()),
    ]
    address = reduce(strings.concatenate, parts)
    return (domain.Record({"Body": tuple(map(_opened, address))}),)


def _given(made: domain.Made) -> list[ast.expr]:
    return made.call.args if made.call is not None else []


def _in_system(path: domain.Text, scheme: str) -> domain.Text:
    if scheme in _LOCAL or "://" in path.text:
        return path
    return path.changed(text=f"{scheme}://{path.text.lstrip('/')}", is_path=False)


def _open_of_cloud(evaluator: Evaluator, path: domain.Made, call: ast.Call, frame: Frame) -> Values:
    """``CloudPath("s3://bucket/m.pt").open("rb")``."""
    del call
    found = [value for each in _given(path)[:1] for value in evaluator.values(each, frame)]
    return tuple(map(_opened, found)) or unknown("the call does not say which file")


def _entered(evaluator: Evaluator, stack: domain.Made, call: ast.Call, frame: Frame) -> Values:
    """``stack.enter_context(open(path))``: what it enters."""
    del stack
    return first(evaluator, call, frame)


def _of_response(evaluator: Evaluator, response: domain.Made, name: str, frame: Frame) -> Values:
    """``requests.get(address).content``."""
    if name not in {"content", "raw"}:
        return ()
    found = [value for each in _given(response)[:1] for value in evaluator.values(each, frame)]
    return tuple(map(_opened, found))


CALLS: dict[str, Known] = {
    **dict.fromkeys(_OPENERS, opened),
    **dict.fromkeys(_WRAPPING_OPENERS, _wrapped_open),
    "io.BytesIO": _buffer,
    **dict.fromkeys(("fsspec.core.url_to_fs", "fsspec.url_to_fs"), _system_and_path),
}
METHODS: dict[str, KnownMethod] = {
    **{f"{system}.open": _open_of_system for system in ("fsspec.filesystem", *_SCHEMES)},
    **{f"cloudpathlib.{kind}.open": _open_of_cloud
       for kind in ("CloudPath", "AnyPath", "S3Path", "GSPath", "AzureBlobPath")},
    "upath.UPath.open": _open_of_cloud,
    "fsspec.core.url_to_fs.open": _open_of_address,
    "boto3.client.get_object": _object_of_bucket,
    **{f"contextlib.{kind}.enter_context": _entered for kind in ("ExitStack", "AsyncExitStack")},
}  # fmt: skip
ATTRIBUTES: dict[str, KnownAttribute] = dict.fromkeys(("requests.get", "httpx.get"), _of_response)
CERTAIN = frozenset(
    """
    io.open io.BytesIO io.FileIO io.BufferedReader gzip.open bz2.open lzma.open gzip.GzipFile
    codecs.open zipfile.ZipFile tarfile.open
    """.split()
)
