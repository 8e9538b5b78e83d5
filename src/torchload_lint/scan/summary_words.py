"""What a scan says at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.plurals import number_of
from torchload_lint.scan.judging import NOT_TRUSTED

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

JUDGEMENTS = (
    "dangerous", "unreadable", "cannot-load", "needs-stand-in", NOT_TRUSTED, "needs-safe-globals",
    "loads",
)  # fmt: skip
"""The worst first."""


class NotRead(NamedTuple):
    """What the judgements do not speak for."""

    errors: tuple[str, ...] = ()
    """What could not be listed, and why."""
    failed: int = 0
    """Objects that could not be read; they are among the unreadable ones."""
    others: int = 0
    """Objects that are no checkpoints by their names."""

    def failures(self) -> list[str]:
        """What the run was asked for and could not do, a sentence for each kind."""
        told = []
        if self.errors:
            told.append(f"{number_of(len(self.errors), 'source')} could not be listed whole.")
        if self.failed:
            told.append(f"{number_of(self.failed, 'object')} could not be read.")
        return told

    def passed_over(self) -> list[str]:
        """What it was not asked for, and what may be a checkpoint all the same."""
        told = f"{number_of(self.others, 'object')} of other names not looked at."
        return [told] if self.others else []

    def words(self) -> list[str]:
        """All of it, with the reasons."""
        return [*self.errors, *self.failures(), *self.passed_over()]


def scan_summary(counts: Counter[str], listed: int, out: Path, left: NotRead) -> str:
    """How many there are of each judgement, what was not read, and where the table is; ends in a
    newline.
    """
    parts = [f"{counts[one]:,} {one}" for one in JUDGEMENTS if counts[one]]
    told = f": {', '.join(parts)}" if parts else ""
    first = f"{number_of(listed, 'object')}{told}."
    sentences = " ".join([first, *left.failures(), *left.passed_over()])
    return f"{sentences}\n{printable(str(out / 'table.parquet'))}\n"
