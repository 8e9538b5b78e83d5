"""Write an allowlist as black would: on one row, or one entry to a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def with_header(
    safe_globals: str, entries: Sequence[str], indent: str, unit: str, line_length: int
) -> str:
    """``with safe_globals([...]):`` with rows after the first indented by ``unit`` steps.

    ``indent`` is what stands before the statement; the text leaves it out.
    """
    listed = ", ".join(entries)
    flat = f"with {safe_globals}([{listed}]):"
    if fits(indent + flat, line_length):
        return flat
    middle = f"[{listed}]"
    if fits(indent + unit + middle, line_length):
        return f"with {safe_globals}(\n{unit}{middle}\n):"
    rows = "".join(f"{unit * 2}{entry},\n" for entry in entries)
    return f"with {safe_globals}(\n{unit}[\n{rows}{unit}]\n):"


def fits(row: str, line_length: int) -> bool:
    """Whether a row is short enough; a tab counts as four columns."""
    return len(row.expandtabs(4)) <= line_length
