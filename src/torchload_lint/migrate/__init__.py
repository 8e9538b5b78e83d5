"""How does a checkpoint become one that loads anywhere? Rewritten as plain data, nothing run."""

from __future__ import annotations

from torchload_lint.migrate.differences import summary_data, summary_of_many, summary_text
from torchload_lint.migrate.files.output import is_copy, may_be_file, put_in_place
from torchload_lint.migrate.migration import migrate_file, plan
from torchload_lint.migrate.results import (
    Arrays,
    MigrationError,
    MigrationOptions,
    MigrationPlan,
    MigrationResult,
    Note,
    NoteKind,
    TargetFormat,
)

__all__ = [
    "Arrays",
    "MigrationError",
    "MigrationOptions",
    "MigrationPlan",
    "MigrationResult",
    "Note",
    "NoteKind",
    "TargetFormat",
    "is_copy",
    "may_be_file",
    "migrate_file",
    "plan",
    "put_in_place",
    "summary_data",
    "summary_of_many",
    "summary_text",
]
