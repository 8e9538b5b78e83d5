"""Which file did each load open? Run a command with a hook on torch.load, and keep what it read."""

from __future__ import annotations

from torchload_lint.record.run import Observed, run_recorded
from torchload_lint.record.store import merge, read_store, write_store

__all__ = ["Observed", "merge", "read_store", "run_recorded", "write_store"]
