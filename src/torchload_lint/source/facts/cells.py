"""Files that are run cell by cell: notebooks, and scripts whose comments divide them into cells."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_MARK = late_pattern(r"^# {0,4}(?:%%|In ?\[|COMMAND ----------|<codecell>|jupytext:)", re.MULTILINE)
"""Where a cell begins (Spyder, VS Code and jupytext; nbconvert; Databricks; IPython before 1.0),
and jupytext's header, below which blank rows may begin one.
"""


def has_cells(module: SourceFile) -> bool:
    """Whether a file is run cell by cell, so that no statement may move from one to the next."""
    return module.path.endswith(".ipynb") or module.remember(
        "cells", lambda: _MARK.search(module.text) is not None
    )


def is_shown(module: SourceFile, statement: ast.stmt) -> bool:
    """Whether the value of a statement may be shown below its cell.

    IPython shows that of the last expression (or, if it is set so, of every one). What is printed
    has no value of its own.
    """
    if not isinstance(statement, ast.Expr) or module.parents.get(statement) is not module.tree:
        return False
    called = statement.value.func if isinstance(statement.value, ast.Call) else None
    prints = isinstance(called, ast.Name) and called.id == "print"
    return not prints and has_cells(module)
