"""What a notebook's cells start: the lines that they give to a shell, ``%run``, and the command
lines that its text shows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.notebooks.magics import shell_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUN = late_pattern(r"^([ \t]*)%run[ \t]+(?:-[a-zA-Z]+[ \t]+)*", re.MULTILINE)
"""``%run -i script.py``: as a shell would start it, with ``-m`` kept."""
_MODULE_RUN = late_pattern(r"^([ \t]*)%run[ \t]+-m[ \t]+", re.MULTILINE)


def started_in(raw: str) -> Iterator[tuple[int, str]]:
    """The number of each cell that may start a program (from 1), and what is started there, in the
    cell's own rows; none where the text is no notebook.
    """
    import json  # noqa: PLC0415 - few runs come to command lines

    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return
    cells = document.get("cells") if isinstance(document, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else (), start=1):
        source = cell.get("source") if isinstance(cell, dict) else None
        lines = source if isinstance(source, list) else [source]
        text = "".join(line for line in lines if isinstance(line, str))
        if text:
            yield number, text if cell.get("cell_type") == "markdown" else shell_text(_run(text))


def _run(text: str) -> str:
    """A cell with ``%run`` as the shell command that does the same."""
    return _RUN.sub(r"\1!python ", _MODULE_RUN.sub(r"\1!python -m ", text))
