"""Parse once; the facts of one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

    from torchload_lint.source.allowlists import Allowlist
    from torchload_lint.source.bindings import Bindings
    from torchload_lint.source.calls import LoadCall, SaveCall


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """One Python file, parsed, with the facts that rules and fixes need."""

    path: str
    """Relative to the project's root, with ``/``; ``-`` for standard input without a name."""
    name: str
    """The dotted module name it is imported by (``myapp.models``); empty where unknown."""
    text: str
    """Without a byte-order mark; newlines as in the file."""
    tree: ast.Module
    parents: Mapping[ast.AST, ast.AST]
    bindings: Bindings
    loads: tuple[LoadCall, ...] = ()
    saves: tuple[SaveCall, ...] = ()
    allowlists: tuple[Allowlist, ...] = ()
    """Every ``safe_globals`` and ``add_safe_globals`` call of the file."""
    line_starts: tuple[int, ...] = field(default=())
    """Offset in code points of each row's first character."""


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """A file that cannot be parsed: where, and why."""

    message: str
    row: int
    column: int


def read(text: str, path: str, name: str = "") -> Module | SyntaxProblem:
    """Parse ``text`` and collect the facts. Never raises; never looks at the disk."""
    raise NotImplementedError(text, path, name)
