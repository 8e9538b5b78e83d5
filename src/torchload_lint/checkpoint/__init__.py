"""What does this checkpoint need? Bytes in, a report out; nothing is unpickled, no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.checkpoint.inspection import (
        inspect_byte_source,
        inspect_bytes,
        inspect_file,
    )
    from torchload_lint.checkpoint.known.torch_versions import NEWEST, Target, TorchVersion
    from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, Limits, shallow
    from torchload_lint.checkpoint.report import (
        CheckpointReport,
        FoundGlobal,
        NeededGlobal,
        Problem,
        StandIn,
        Verdict,
    )
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
    "inspect_byte_source",
    "inspect_bytes",
    "inspect_file",
    "inspect_tree",
    "shallow",
]

_HOMES = {
    "inspection": "inspect_bytes inspect_file inspect_byte_source",
    "limits": "DEFAULT_LIMITS Limits shallow",
    "report": "CheckpointReport FoundGlobal NeededGlobal Problem StandIn Verdict",
    "known.torch_versions": "NEWEST Target TorchVersion",
    "tree": "TreeLimits inspect_tree",
}


def __getattr__(name: str) -> object:
    """Import a name's module when it is first asked for: rules that read no file need no reader."""
    for module, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
