"""Rows in Parquet files that appear whole or not at all.

``read/`` has a file for each unit of work, named by a hash of what it holds; ``judged/`` the
judgement on it under one policy; ``table.parquet`` all of it, one row an object.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from torchload_lint.remote.remote_stores import missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.remote.remote_stores import RemoteObject
    from torchload_lint.scan.object_reading import Row

READ_COLUMNS = {
    "uri": "string", "size": "int64", "etag": "string", "version": "string", "modified": "string",
    "container": "string", "protocol": "int64", "depth": "string", "verdict": "string",
    "problem": "string", "report": "string", "bytes_read": "int64", "requests": "int64",
    "ms": "double", "tool": "string", "torch": "string", "scanned_at": "string",
}  # fmt: skip
"""Column → type of what was read."""
JUDGED_COLUMNS = {
    "uri": "string", "etag": "string", "size": "int64", "judgement": "string",
    "needs": "string", "refused": "string", "policy": "string",
}  # fmt: skip
"""Column → type of what was made of it; ``needs`` and ``refused`` are names, one a line."""
_AT_ONCE = 1000
STATE = ("uri", "etag", "size")
"""What tells one state of an object from another."""


def unit_name(objects: Iterable[RemoteObject], *more: str) -> str:
    """The name of a unit of work: the same for the same objects, tool and settings."""
    digest = hashlib.sha256("\0".join(more).encode())
    for line in sorted(f"{one.uri}\0{one.etag}\0{one.size}" for one in objects):
        digest.update(f"\n{line}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def read_schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    """The ``pyarrow.Schema`` of what ``scan_batch`` gives. Raises RemoteError without pyarrow."""
    return _schema(_libraries()[0], READ_COLUMNS)


def write_rows(path: Path, rows: Sequence[Row], columns: dict[str, str]) -> None:
    """Write a file beside its place and rename it. Raises OSError, RemoteError."""
    arrow, parquet = _libraries()
    schema = _schema(arrow, columns)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        parquet.write_table(arrow.Table.from_pylist(list(rows), schema), beside, compression="zstd")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class TableWriter:
    """A file that is written part by part, and appears when all of it is there."""

    def __init__(self, path: Path, columns: dict[str, str]) -> None:
        """Raises RemoteError."""
        self._arrow, self._parquet = _libraries()
        self._schema = _schema(self._arrow, columns)
        self._path = path
        self._beside = path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> TableWriter:  # noqa: PYI034 - Self needs Python 3.11
        self._writer = self._parquet.ParquetWriter(self._beside, self._schema, compression="zstd")
        return self

    def add(self, rows: Sequence[Row]) -> None:
        """Write some rows. Raises OSError."""
        if rows:
            self._writer.write_table(self._arrow.Table.from_pylist(list(rows), self._schema))

    def __exit__(self, kind: object, *_: object) -> None:
        self._writer.close()
        if kind is None:
            self._beside.replace(self._path)
        self._beside.unlink(missing_ok=True)


_TYPES = {"string": "string", "int64": "int64", "double": "float64"}


def _schema(arrow: Any, columns: dict[str, str]) -> Any:  # noqa: ANN401 - pyarrow has no types
    return arrow.schema([(name, getattr(arrow, _TYPES[kind])()) for name, kind in columns.items()])


def read_rows(path: Path, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The rows of a file. Raises OSError, ValueError, RemoteError."""
    _, parquet = _libraries()
    rows: list[dict[str, Any]] = parquet.read_table(path, columns=columns).to_pylist()
    return rows


def table_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a large file, some at a time. Raises OSError, ValueError, RemoteError."""
    _, parquet = _libraries()
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_AT_ONCE, columns=columns):
            yield from batch.to_pylist()


def rows_below(
    folder: Path, columns: Sequence[str] | None = None
) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The rows of every file in a folder; what is not whole is passed over and taken away."""
    for path in sorted(folder.glob("*.parquet")):
        rows = _rows_or_none(path, columns)
        if rows is not None:
            yield path, rows


def _rows_or_none(path: Path, columns: Sequence[str] | None) -> list[dict[str, Any]] | None:
    try:
        return read_rows(path, columns)
    except (OSError, ValueError):  # a disk that was full, a machine that lost power
        path.unlink(missing_ok=True)
        return None


def clear_unfinished(folder: Path) -> None:
    """Take away what killed runs have left beside its place."""
    for path in folder.rglob(".*.parquet.*"):
        path.unlink(missing_ok=True)


def _libraries() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: ICN001, PLC0415 - an optional package
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise missing("pyarrow", "scan") from error
    return pyarrow, pyarrow.parquet
