"""Before and around: where statements stand relative to one another."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile

_BLOCKS = ("body", "orelse", "finalbody", "handlers")
_SWALLOWERS = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})


def ancestors(module: SourceFile, node: ast.AST) -> Iterator[ast.AST]:
    """What holds a node, innermost first, up to the module."""
    parent = module.parents.get(node)
    while parent is not None:
        yield parent
        parent = module.parents.get(parent)


def blocks_around(module: SourceFile, node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements that hold a node, innermost first."""
    child = node
    for parent in ancestors(module, node):
        if isinstance(child, ast.stmt):
            for field in _BLOCKS:
                block = getattr(parent, field, None)
                if isinstance(block, list) and _stands_in(block, child):
                    yield block
        child = parent


def _stands_in(block: list[ast.stmt], statement: ast.stmt) -> bool:
    """Whether a statement is one of a block, both being parts of one node: told by its place, since
    to go through the block takes as long as the block is.
    """
    return bool(block) and _place(block[0]) <= _place(statement) <= _place(block[-1])


def _place(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.col_offset


def always_before(module: SourceFile, first: ast.stmt, place: ast.AST) -> bool:
    """Whether ``first`` has run whenever ``place`` does, both being in one run of one scope.

    That is so where the block of ``first`` holds ``place`` too, further down; a ``with`` body that
    has ended counts as well, if it cannot have ended half-way.
    """
    holder = first
    own = next(blocks_around(module, holder), None)
    while own is not None:
        if _further_down(module, own, holder, place):
            return True
        parent = module.parents.get(holder)
        if not isinstance(parent, (ast.With, ast.AsyncWith)) or _swallows(parent):
            return False
        holder = parent
        own = next(blocks_around(module, holder), None)
    return False


def _swallows(block: ast.With | ast.AsyncWith) -> bool:
    """Whether what is raised in a block may end there: ``contextlib.suppress``, and tests'."""
    made_by = (item.context_expr for item in block.items)
    names = {last_name(one.func) for one in made_by if isinstance(one, ast.Call)}
    return not names.isdisjoint(_SWALLOWERS)


def _further_down(
    module: SourceFile, block: list[ast.stmt], first: ast.stmt, place: ast.AST
) -> bool:
    child: ast.AST = place
    holder = module.parents.get(first)
    while not (
        isinstance(child, ast.stmt)
        and module.parents.get(child) is holder
        and _stands_in(block, child)
    ):
        if isinstance(child, (*FUNCTIONS, ast.Lambda)):
            return False
        parent = module.parents.get(child)
        if parent is None:
            return False
        child = parent
    if isinstance(child, FUNCTIONS) and child is not place:
        return False
    return _place(first) < _place(child)
