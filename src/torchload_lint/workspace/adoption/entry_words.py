"""What stands beside an entry of a baseline, for people who read a change of it: nothing decides by
these words, and none of them changes while the line and its function stay.
"""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.notebooks.notebook import Notebook
from torchload_lint.source.text.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.diagnostic import Diagnostic, FileResult

_LONGEST = 100
"""Characters of a line that are kept."""
_MOST_FUNCTIONS = 3
"""How many functions are named that hold the same line."""


class EntryWords(NamedTuple):
    """A rule, the functions in which the line stands, and the line itself."""

    rule: str
    functions: tuple[str, ...]
    """Qualified names; none where all of it stands outside of functions."""
    line: str

    @classmethod
    def of(cls, rule: str, function: str, line: str) -> EntryWords:
        """For one finding; ``function`` is empty outside of functions."""
        shown = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
        return cls(rule, (function,) if function else (), shown)

    def and_in(self, functions: tuple[str, ...]) -> EntryWords:
        """For a line that stands in these functions, too."""
        return self._replace(functions=tuple(dict.fromkeys((*self.functions, *functions))))

    def beside(self, count: int) -> str:
        """The JSON of an entry, on one row; what nobody sees is escaped there."""
        first = sorted(self.functions)[:_MOST_FUNCTIONS]
        more = ["…"] if len(self.functions) > _MOST_FUNCTIONS else []
        where = {"in": ", ".join(first + more)} if first else {}
        return json.dumps({"count": count, "rule": self.rule, **where, "line": self.line})

    @classmethod
    def read(cls, entry: dict[str, Any]) -> EntryWords:
        """What an entry says; where somebody has changed that to something else, nothing."""
        rule, where, line = (str(entry.get(key, "")) for key in ("rule", "in", "line"))
        return cls(rule, tuple(where.split(", ")) if where else (), line)


def functions_of(result: FileResult) -> Callable[[Diagnostic], str]:
    """The function in which each finding of a file stands, by its qualified name."""
    cells = any(one.cell is not None for one in result.diagnostics)
    notebook = Notebook.of(result.text) if cells else None
    tree = parse(notebook.python if isinstance(notebook, Notebook) else result.text)
    spans = list(_definitions(tree, "")) if isinstance(tree, ast.Module) else []

    def function_of(found: Diagnostic) -> str:
        row: int | None = found.span.start.row
        if isinstance(notebook, Notebook) and found.cell is not None:
            row = notebook.row_of(found.cell, found.span.start.row)
        around = [name for first, last, name in spans if row is not None and first <= row <= last]
        return around[-1] if around else ""

    return function_of


def _definitions(top: ast.AST, within: str) -> Iterator[tuple[int, int, str]]:
    """The first row, the last one and the name of each class and function, an outer one first."""
    left = [(top, within)]
    while left:
        node, name = left.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{name}.{node.name}" if name else node.name
            yield node.lineno, node.end_lineno or node.lineno, name
        left += [(child, name) for child in ast.iter_child_nodes(node)]
