"""Which node holds which: parents, worked out for the parts of a file that are asked about.

Walking a whole tree costs as much as parsing it, and most of a file has nothing to do with
loading. So the links of a top-level statement (or of a statement of a class body) are made the
first time a node on one of its rows is asked about.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from torchload_lint.source.candidates import children


class Parents(Mapping[ast.AST, ast.AST]):
    """A read-only mapping from a node to the node that holds it; the module has no entry."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._known: dict[ast.AST, ast.AST] = {}
        self._units: list[ast.stmt] = []
        self._linked: set[ast.stmt] = set()
        self._plan(tree, tree.body)
        self._starts = [_first_row(unit) for unit in self._units]

    def _plan(self, holder: ast.AST, body: list[ast.stmt]) -> None:
        """Split the file into units; a class is opened up, so that its methods are units."""
        for statement in body:
            self._known[statement] = holder
            self._units.append(statement)
            if isinstance(statement, ast.ClassDef):
                self._plan(statement, statement.body)

    def _link(self, unit: ast.stmt) -> None:
        self._linked.add(unit)
        known = self._known
        todo: list[ast.AST] = [unit]
        opened = isinstance(unit, ast.ClassDef)
        while todo:
            node = todo.pop()
            for child in children(node):
                if opened and node is unit and isinstance(child, ast.stmt):
                    continue
                known[child] = node
                todo.append(child)

    def _link_row(self, row: int) -> None:
        """Link every unit that may have a node on this row."""
        place = bisect_right(self._starts, row) - 1
        while place >= 0:
            unit = self._units[place]
            if unit not in self._linked:
                self._link(unit)
            if isinstance(unit, ast.ClassDef) or _first_row(unit) < row:
                break
            place -= 1

    def _link_all(self) -> None:
        for unit in self._units:
            if unit not in self._linked:
                self._link(unit)

    def __getitem__(self, node: ast.AST) -> ast.AST:
        found = self._known.get(node)
        if found is None:
            row = getattr(node, "lineno", None)
            if row is not None:
                self._link_row(row)
            if node not in self._known and node is not self._tree:
                self._link_all()
            found = self._known[node]
        return found

    def __iter__(self) -> Iterator[ast.AST]:
        self._link_all()
        return iter(self._known)

    def __len__(self) -> int:
        self._link_all()
        return len(self._known)


def _first_row(statement: ast.stmt) -> int:
    """The first row of a statement, its decorators counted."""
    decorators = getattr(statement, "decorator_list", None)
    return min(statement.lineno, decorators[0].lineno) if decorators else statement.lineno
