"""Tables for programs and pages: CSV and Markdown, of which nothing can be taken for a command."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMULA = frozenset("=+-@\t\r")
_MARKUP = frozenset("\\`*_[]<>|#&")


def csv_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One record a row, below a header. What a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    for row in rows:
        writer.writerow(f"'{cell}" if cell[:1] in _FORMULA else cell for cell in row)
    return text.getvalue()


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; what strangers wrote is shown as it is."""
    shown = [titles, ("---",) * len(titles), *(tuple(map(_plain, row)) for row in rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in shown)


def _plain(cell: str) -> str:
    return "".join(f"\\{one}" if one in _MARKUP else one for one in cell)
