"""Which load may read which checkpoint of a folder: as text, JSON, CSV and Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.plurals import number_of
from torchload_lint.reports.plain_tables import csv_table, markdown_table

if TYPE_CHECKING:
    from collections.abc import Sequence

_TITLES = ("checkpoint", "load", "site", "certainty", "reasons")


class PairedCheckpoint(NamedTuple):
    """A checkpoint of a folder, and a load that may read it."""

    checkpoint: str
    """Its path in the folder."""
    load: str = ""
    """The load's place, ``file:row``; empty where none is known."""
    site: str = ""
    """The key of the load in ``[loads]``."""
    certainty: str = ""
    """``sure``, ``likely`` or ``possible``."""
    reasons: tuple[str, ...] = ()
    candidates: int = 0
    """Without a load: how many fit it alike."""


def pairs_as_text(pairs: Sequence[PairedCheckpoint], folder: str) -> str:
    """Two or three rows a pair, those without a load last, and a row of sums."""
    if not pairs:
        return f"There are no checkpoints in {printable(folder)}.\n"
    lines: list[str] = []
    for one in pairs:
        lines.append(printable(one.checkpoint))
        if one.load:
            lines.append(f"  {printable(one.load)}  {printable(one.site)}")
            lines.append(f"  {one.certainty}: {printable(', '.join(one.reasons))}")
        else:
            many = number_of(one.candidates, "load")
            lines.append(
                f"  unknown: {many} may read it" if one.candidates else "  no load here fits it"
            )
    paired = sum(bool(one.load) for one in pairs)
    unclear = sum(bool(one.candidates) for one in pairs)
    alone = number_of(len(pairs) - paired - unclear, "checkpoint")
    unknown = f" {number_of(unclear, 'checkpoint')} of unknown loads," if unclear else ""
    lines.append(f"{number_of(paired, 'pair')},{unknown} {alone} without a load that fits.")
    return "\n".join(lines) + "\n"


def pairs_as_json(pairs: Sequence[PairedCheckpoint]) -> str:
    """A JSON list, one object a pair; ``load`` is null where none fits. Ends in a newline."""
    found = [
        {
            "checkpoint": one.checkpoint,
            "load": one.load or None,
            "site": one.site or None,
            "certainty": one.certainty or None,
            "reasons": list(one.reasons),
            "candidates": one.candidates,
        }
        for one in pairs
    ]
    return json.dumps(found, indent=2) + "\n"


def pairs_as_csv(pairs: Sequence[PairedCheckpoint]) -> str:
    """One record a pair, below a header."""
    return csv_table(_TITLES, map(_pair_cells, pairs))


def pairs_as_markdown(pairs: Sequence[PairedCheckpoint]) -> str:
    """A table of Markdown, one row a pair."""
    return markdown_table(_TITLES, map(_pair_cells, pairs))


def _pair_cells(one: PairedCheckpoint) -> tuple[str, ...]:
    reasons = printable(", ".join(one.reasons))
    shown = map(printable, (one.checkpoint, one.load, one.site))
    return (*shown, one.certainty, reasons)
