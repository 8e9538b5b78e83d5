"""What the lines of a notebook do that are no Python: ``!rm w.pt``, ``%cd runs``, ``%%bash``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.regular_files import read_regular
from torchload_lint.source.text.notebooks.magics import PYTHON_CELL_MAGICS, cell_magic
from torchload_lint.source.text.notebooks.notebook import Notebook
from torchload_lint.verify.gaps.started_programs import HARMLESS_MAGICS, leaves_files_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.verify.gaps.files_taken import Files

_SHELL = late_pattern(r"\s*(?:[\w.,\s\[\]]+=\s*)?!{1,2}\s*(?P<command>[^!\[\s].*)")
_MAGIC = late_pattern(r"\s*(?:[\w.,\s\[\]]+=\s*)?%(?P<name>\w+)[ \t]*(?P<given>.*)")
_BARE = late_pattern(r"(?:cd|cp|mv|rm|rmdir)\s+[^=(\s].*$")
_TIMING = frozenset({"time", "timeit", "prun", "memit"})


def notebook_gap(module: Module, load: LoadCall, files: Files) -> str:
    """The first such line up to the cell of a load that may concern its file; empty for none."""
    if not module.path.endswith(".ipynb"):
        return ""
    try:
        notebook = Notebook.of(read_regular(files.root / module.path).decode())
        last, _ = notebook.locate(load.node.lineno)  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return "the notebook's cells cannot be read again"
    assert isinstance(notebook, Notebook)
    python = {number for number, _ in notebook.python_cells}
    for number in range(1, last + 1):
        text = notebook.cell_text(number)
        if number not in python and cell_magic(text) is None:
            continue
        for line in _unknown(text, files):
            return f"cell {number} runs {line.strip():.60}, which may change files or names"
    return ""


def _unknown(text: str, files: Files) -> Iterator[str]:
    magic = cell_magic(text)
    if magic is not None and magic not in PYTHON_CELL_MAGICS | {"html", "markdown", "latex", "svg"}:
        yield text.strip().partition("\n")[0]
        return
    for line in re.split("\r\n|\r|\n", text)[magic is not None :]:
        shell, found = _SHELL.match(line), _MAGIC.match(line)
        command = shell["command"] if shell is not None else line if _BARE.match(line) else ""
        is_other = found is not None and found["name"] not in HARMLESS_MAGICS | _TIMING
        if is_other or (command and not leaves_files_alone(command, files)):
            yield line
