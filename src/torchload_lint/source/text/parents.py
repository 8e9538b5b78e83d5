"""Which node holds which: parents, worked out for the parts of a file that are asked about.

Walking a whole tree costs as much as parsing it, and most of a file has nothing to do with
loading. So the links of what stands on a row, and of what holds that, are made the first time a
node on that row is asked about.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from torchload_lint.source.text.candidates import children, first_row

_ROWS_APART = 4
"""Rows of a unit that are linked one by one; each time, all that the unit holds is looked at."""


class Parents(Mapping[ast.AST, ast.AST]):
    """A read-only mapping from a node to the node that holds it; the module has no entry."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._known: dict[ast.AST, ast.AST] = {}
        self._units: list[ast.stmt] = []
        self._all = False
        self._rows: set[int] = set()
        self._linked: set[ast.AST] = set()
        self._asked: Counter[ast.stmt] = Counter()
        self._plan(tree, tree.body)
        self._starts = [first_row(unit) for unit in self._units]

    def _plan(self, holder: ast.AST, body: list[ast.stmt]) -> None:
        """Split the file into units; a class is opened up, so that its methods are units."""
        for statement in body:
            self._known[statement] = holder
            self._units.append(statement)
            if isinstance(statement, ast.ClassDef):
                self._plan(statement, statement.body)

    def _link(self, unit: ast.stmt, row: int | None = None) -> None:
        """Link what is in a unit: what stands on a row and what holds that, or everything."""
        known = self._known
        todo: list[ast.AST] = [unit]
        opened = isinstance(unit, ast.ClassDef)
        while todo:
            node = todo.pop()
            held = children(node)
            if opened and node is unit:
                held = [child for child in held if not isinstance(child, ast.stmt)]
            if node not in self._linked:
                self._linked.add(node)
                known.update(dict.fromkeys(held, node))
            todo += held if row is None else (child for child in held if _covers(child, row))

    def _link_row(self, row: int) -> None:
        """Link what may stand on this row."""
        if row in self._rows:
            return
        self._rows.add(row)
        place = bisect_right(self._starts, row) - 1
        while place >= 0:
            unit = self._units[place]
            self._asked[unit] += 1
            if self._asked[unit] <= _ROWS_APART:
                self._link(unit, row if self._asked[unit] < _ROWS_APART else None)
            if isinstance(unit, ast.ClassDef) or first_row(unit) < row:
                break
            place -= 1

    def _link_all(self) -> None:
        if not self._all:
            self._all = True
            for unit in self._units:
                self._link(unit)

    def adopt(self, made: ast.AST, holder: ast.AST) -> None:
        """Let a node that stands in no file be held where what it was made of stands."""
        self._known[made] = holder

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

    def get(self, key: ast.AST, default: Any = None) -> Any:  # noqa: ANN401 - as in Mapping
        """The same; None (or ``default``) for the tree and for what is not in it. Asked at every
        step upwards, so that the way over ``Mapping`` and an exception is too long.
        """
        found = self._known.get(key)
        if found is not None:
            return found
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[ast.AST]:
        self._link_all()
        return iter(self._known)

    def __len__(self) -> int:
        self._link_all()
        return len(self._known)


def _covers(node: ast.AST, row: int) -> bool:
    """Whether a node may have a part on a row; what has no place of its own always may."""
    first: int | None = getattr(node, "lineno", None)
    if first is None:
        return True
    if row < first:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        return bool(decorators) and decorators[0].lineno <= row
    return row <= (getattr(node, "end_lineno", None) or first)
