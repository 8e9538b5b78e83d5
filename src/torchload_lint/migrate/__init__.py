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
from torchload_lint.migrate.telling import as_json, as_text

__all__ = [
    "Arrays",
    "Format",
    "MigrationError",
    "MigrationResult",
    "Note",
    "NoteKind",
    "Options",
    "Plan",
    "as_json",
    "as_text",
    "migrate_file",
    "plan",
]
