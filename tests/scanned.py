"""Checkpoints on which each judgement falls, and the table that a scan writes."""

from __future__ import annotations

import pyarrow.parquet

from checkpoint import bare_files as files

PROGRAMS = {
    "loads": b"]",
    "needs-safe-globals": b"cargparse\nNamespace\n)\x81",
    "not-trusted": b"cforeign.net\nNet\n)\x81",
    "dangerous": b"cos\nsystem\nX\x04\x00\x00\x00echo\x85R",
    "cannot-load": b"\x95\x01\x00\x00\x00\x00\x00\x00\x00]",
}


def checkpoint(kind):
    """A checkpoint on which the judgement is ``kind``."""
    if kind == "unreadable":
        return b"<html></html>"
    return files.archive(b"\x80\x02" + PROGRAMS[kind] + b".")


def table(folder):
    """The rows of the whole table."""
    return pyarrow.parquet.read_table(folder / "out" / "table.parquet").to_pylist()
