"""A hundred thousand checkpoints: listed, read in few bytes each, judged, written as a table."""

from __future__ import annotations

from torchload_lint.remote.remote_stores import RemoteObject
from torchload_lint.scan.listed import list_all
from torchload_lint.scan.object_reading import ReadSettings, scan_batch
from torchload_lint.scan.parquet_files import read_schema

__all__ = ["ReadSettings", "RemoteObject", "list_all", "read_schema", "scan_batch"]
