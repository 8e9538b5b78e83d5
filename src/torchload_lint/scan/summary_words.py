"""What a scan says at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.scan.judging import NOT_TRUSTED

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

JUDGEMENTS = (
    "dangerous", "unreadable", "cannot-load", "needs-stand-in", NOT_TRUSTED, "needs-safe-globals",
    "loads",
)  # fmt: skip
"""The worst first."""


def scan_summary(counts: Counter[str], listed: int, out: Path) -> str:
    """How many there are of each judgement, and where the table is; ends in a newline."""
    parts = [f"{counts[one]:,} {one}" for one in JUDGEMENTS if counts[one]]
    told = f": {', '.join(parts)}" if parts else ""
    return f"{listed:,} objects{told}.\n{printable(str(out / 'table.parquet'))}\n"
