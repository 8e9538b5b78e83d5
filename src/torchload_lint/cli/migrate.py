"""``torchload-lint migrate CHECKPOINT...``."""

from __future__ import annotations

from torchload_lint.cli.migrating.migrate_command import command

__all__ = ["command"]
