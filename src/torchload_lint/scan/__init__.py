"""A hundred thousand checkpoints: listed, read in few bytes each, judged, written as a table."""

from __future__ import annotations

from torchload_lint.scan.object_reading import ReadSettings, scan_batch

__all__ = ["ReadSettings", "scan_batch"]
