"""Whether a document is still Python after one of its fixes, by itself.

Where each run of top-level statements that a fix touches is still such a run, the file is Python:
between two of them the parser remembers nothing. So an answer costs what the fix touches, and not
what the document holds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import (
    Change,
    apply_changes,
    changes_inside,
    source_of,
)
from torchload_lint.source.text.candidates import first_row
from torchload_lint.source.text.parse import SyntaxProblem, parse

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from torchload_lint.diagnostic import Fix
    from torchload_lint.workspace.on_disk.document import Document


class FixCheck:
    """Answers for the fixes of one document."""

    def __init__(self, document: Document, tree: ast.Module | None = None) -> None:
        """``tree``: the document's, where it is known; else it is parsed when it is needed."""
        self._document = document
        self._source = source_of(document.python)
        self._known = tree

    def leaves_python(self, fix: Fix) -> bool:
        """Whether the document is Python after this fix; of a notebook, each cell that was."""
        notebook = self._document.notebook
        if notebook is not None:
            return not notebook.accepts(fix.edits) or not notebook.spoiled_by(fix.edits)
        offset = self._source.offset_of
        changes = [
            Change(offset(edit.span.start), offset(edit.span.end), edit.content)
            for edit in fix.edits
        ]
        return all(self._is_python(*piece) for piece in self._pieces(changes))

    @cached_property
    def _bounds(self) -> list[int]:
        """The offsets at which a top-level statement begins on a row of its own; both ends."""
        text, source = self._source.text, self._source
        tree = self._known or parse(text)
        found = [0]
        ended = 0
        for statement in [] if isinstance(tree, SyntaxProblem) else tree.body:
            row = first_row(statement)
            start = source.row_start(row)
            goes_on = text[max(start - 3, 0) : start].rstrip("\r\n").endswith("\\")
            if row > ended and start and not goes_on:
                found.append(start)
            ended = statement.end_lineno or row
        return [*found, len(text)]

    def _pieces(self, changes: Sequence[Change]) -> list[tuple[int, int, list[Change]]]:
        """The stretches of whole statements that changes touch, each with its changes."""
        pieces: list[tuple[int, int, list[Change]]] = []
        bounds = self._bounds
        for change in sorted(changes, key=lambda one: one[:2]):
            first = bounds[max(bisect_left(bounds, change.start) - 1, 0)]
            last = bounds[min(bisect_right(bounds, change.end), len(bounds) - 1)]
            inside = [change]
            if pieces and first < pieces[-1][1]:
                first, ended, before = pieces.pop()
                last, inside = max(last, ended), [*before, change]
            pieces.append((first, last, inside))
        return pieces

    def _is_python(self, first: int, last: int, changes: Sequence[Change]) -> bool:
        text = self._source.text
        changed = apply_changes(text[first:last], changes_inside(changes, first, last))
        is_whole = last == len(text) or not changed or changed.endswith(("\n", "\r"))
        return is_whole and not isinstance(parse(changed), SyntaxProblem)
