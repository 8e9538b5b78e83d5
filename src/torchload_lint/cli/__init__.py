"""The command line: reads arguments, calls the rooms, prints, exits. Nothing else prints."""

from __future__ import annotations

from torchload_lint.cli.group import root

__all__ = ["root"]
