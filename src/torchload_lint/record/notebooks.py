"""Which notebook was it? Kernels know the text of a cell, and not the file that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.text.notebooks.notebook import Notebook

_MAGIC = "get_ipython()"
"""What IPython writes in the place of a magic or a shell line."""


def row_in_notebook(notebook: Notebook, executed: str, row: int) -> int | None:
    """The row of ``notebook.python`` for a row of an executed text; None where no cell is it.

    The text is a whole cell's without the empty rows above, or what stands below a cell magic.
    """
    wanted = executed.rstrip().split("\n")
    for number, text in notebook.python_cells:
        lines = text.rstrip().split("\n")
        left_out = len(lines) - len(wanted)
        head = "".join(lines[: max(left_out, 0)]).strip()
        if left_out < 0 or (head and not head.startswith("%%")):
            continue
        if all(map(_is_same, lines[left_out:], wanted)):
            return notebook.row_of(number, left_out + row)
    return None


def _is_same(written: str, executed: str) -> bool:
    return written.rstrip() == executed.rstrip() or _MAGIC in executed
