"""torchload-lint: find every torch.load, and allow exactly what its checkpoint needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.api import check, fix, inspect, inspect_source

__version__ = "0.1.0"
__all__ = ["__version__", "check", "fix", "inspect", "inspect_source"]


def __getattr__(name: str) -> object:
    """The public functions, imported when they are first asked for."""
    if name in {"check", "fix", "inspect", "inspect_source"}:
        from torchload_lint import api  # noqa: PLC0415 - importing the package must cost nothing

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
