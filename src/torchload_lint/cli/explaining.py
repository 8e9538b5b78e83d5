"""``--explain-load``: everything that is known of the load at one place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.audit import reported
from torchload_lint.cli import hints
from torchload_lint.cli.terminal import CLEAN, fail, say
from torchload_lint.config import ConfigError
from torchload_lint.reports.survey import explain
from torchload_lint.workspace.survey import survey

if TYPE_CHECKING:
    from torchload_lint.workspace.projects import Projects

_PLACE = re.compile(r"(?P<file>.+?)(:cell (?P<cell>\d+))?:(?P<row>\d+)", re.DOTALL)


def explain_load(place: str, projects: Projects, *, places: bool) -> int:
    """Tell about the load (or loads) on one line, ``FILE:LINE``, in a notebook ``FILE:cell N:LINE``
    as reports print it, or in any of its cells; with the ``places`` of this package where a value
    stops. Returns the exit status. Raises ConfigError.
    """
    read = _PLACE.fullmatch(place)
    if read is None:
        raise ConfigError(f"--explain-load must be FILE:LINE, not {place!r}")
    name, cell, row = read["file"], read["cell"], int(read["row"])
    if not Path(name).is_file():
        fail(f"{name}: no such file")
    loads = list(survey([Path(name)], projects))
    asked = [one for one in loads if cell is None or one.cell == int(cell)]
    here = [one for one in asked if one.covers(row)]
    for one in here:
        say(explain(reported(one), one.would_settle, one.trace, places=places))
    hints.tell_range(one.torch for one in here)
    if not here:
        rows = ", ".join(load.cell_and_row for load in loads) or "none"
        where = f"line {row}" if cell is None else f"line {row} of cell {cell}"
        fail(f"{name}: no load on {where} (loads on lines: {rows})")
    return CLEAN
