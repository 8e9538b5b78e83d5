"""How does a checkpoint become one that loads anywhere? Rewritten as plain data, nothing run."""

from __future__ import annotations

from torchload_lint.migrate.migration import migrate_file, plan
from torchload_lint.migrate.results import (
    Arrays,
    Format,
    MigrationError,
    MigrationResult,
    Note,
    NoteKind,
    Options,
    Plan,
)

__all__ = [
    "Arrays",
    "Format",
    "MigrationError",
    "MigrationResult",
    "Note",
    "NoteKind",
    "Options",
    "Plan",
    "migrate_file",
    "plan",
]
