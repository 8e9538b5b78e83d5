"""Which file did each load open? Run a command with a hook on torch.load, and keep what it read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.record.store import merge, read_store, write_loads, write_store

if TYPE_CHECKING:
    from torchload_lint.record.run import Observed, Recording, recorded

__all__ = [
    "Observed",
    "Recording",
    "merge",
    "read_store",
    "recorded",
    "write_loads",
    "write_store",
]


def __getattr__(name: str) -> object:
    """What starts programs is imported when it is asked for: every check reads the store."""
    if name in {"Observed", "Recording", "recorded"}:
        from torchload_lint.record import run  # noqa: PLC0415

        return getattr(run, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
