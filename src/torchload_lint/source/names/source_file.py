"""One Python file, parsed: its text, its tree, and what its names stand for; no facts yet."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from torchload_lint.source.names.bindings import Bindings
from torchload_lint.source.text import candidates
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.parents import Parents
from torchload_lint.source.text.text import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.diagnostic import Span

T = TypeVar("T")


class SourceFile:
    """One Python file, parsed. ``Module`` is the same with the facts that rules and fixes need."""

    def __init__(self, path: str, name: str, text: str, tree: ast.Module) -> None:
        self.path = path
        """Relative to the project's root, with ``/``; ``-`` for standard input without a name."""
        self.name = name
        """The dotted module name it is imported by (``myapp.models``); empty where unknown."""
        self.text = text
        """Without a byte-order mark; newlines as in the file."""
        self._held: dict[str, bool] = {}
        self._memory: dict[object, Any] = {}
        self.tree = tree
        self.parents = Parents(tree)
        self.lines = Lines(text)
        self.bindings = Bindings(
            tree,
            self.parents,
            name=name,
            is_package=path.rpartition("/")[2] == "__init__.py",
            lines=self.lines,
        )

    def holds(self, part: str) -> bool:
        """Whether the text holds a part somewhere; looked for once."""
        if part not in self._held:
            self._held[part] = part in self.text
        return self._held[part]

    def remember(self, key: object, find: Callable[[], T]) -> T:
        """What ``find`` answers, asked once; it must depend on nothing but this file."""
        if key not in self._memory:
            self._memory[key] = find()
        return cast("T", self._memory[key])

    def carrying(self, word: str) -> list[ast.AST]:
        """The nodes that carry a word (``text/candidates.py``), in a list of the caller's own.

        Looked for once: every load of a file may ask for the same few words.
        """
        found = self.remember(
            ("carrying", word), lambda: candidates.carrying(self.tree, self.lines, [word])[word]
        )
        return found.copy()

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset in code points of each row's first character."""
        return self.lines.starts

    @cached_property
    def indentation(self) -> str:
        """One step of indentation, as the file's first block has it; four spaces without one."""
        for statement in self.tree.body:
            body = getattr(statement, "body", None)
            if isinstance(body, list) and body[0].lineno > statement.lineno:
                row = self.text[self.line_starts[body[0].lineno - 1] :]
                found = row[: len(row) - len(row.lstrip(" \t\f"))]
                if step := found.rpartition("\f")[2]:  # a form feed begins the row anew
                    return step
        return "    "

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Where a node stands, in rows and columns of code points."""
        return self.lines.span(node)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        return self.lines.source(node)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds a node."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function in whose body a node stands; None at module or class level.

        What stands in a decorator, a default or an annotation belongs to the scope around.
        """
        scope = self.bindings.scope(self.statement(node))
        while isinstance(scope, ast.ClassDef):
            scope = self.bindings.scope(scope)
        return scope if isinstance(scope, FUNCTIONS) else None

    def qualname(self, node: ast.AST) -> str:
        """The qualified name of the function or class body around a node; empty at module level."""
        scope = self.bindings.scope(self.statement(node))
        return ".".join(self.bindings.enclosing_names(scope))
