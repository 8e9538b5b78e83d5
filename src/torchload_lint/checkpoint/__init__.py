"""What does this checkpoint need? Bytes in, a report out; nothing is unpickled, no torch."""

from __future__ import annotations

from torchload_lint.checkpoint.inspection import inspect_bytes, inspect_file
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, Limits
from torchload_lint.checkpoint.report import (
    CheckpointReport,
    FoundGlobal,
    NeededGlobal,
    Problem,
    StandIn,
    Verdict,
)
from torchload_lint.checkpoint.torch_versions import NEWEST, Target, TorchVersion
from torchload_lint.checkpoint.tree import TreeLimits, inspect_tree

__all__ = [
    "DEFAULT_LIMITS",
    "NEWEST",
    "CheckpointReport",
    "FoundGlobal",
    "Limits",
    "NeededGlobal",
    "Problem",
    "StandIn",
    "Target",
    "TorchVersion",
    "TreeLimits",
    "Verdict",
    "inspect_bytes",
    "inspect_file",
    "inspect_tree",
]
