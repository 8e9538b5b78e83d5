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
    below = places_within(module, place)
    return any(
        id(block) in below and where < below[id(block)]
        for block, where in blocks_run_with(module, first)
    )


def blocks_run_with(
    module: SourceFile, first: ast.stmt
) -> Iterator[tuple[list[ast.stmt], tuple[int, int]]]:
    """The blocks of which a statement has surely run once they have come to a place below it, and
    where it stands in each: its own, and those around the ``with`` bodies that hold it.
    """
    holder = first
    own = next(blocks_around(module, holder), None)
    while own is not None:
        yield own, _place(holder)
        parent = module.parents.get(holder)
        if not isinstance(parent, (ast.With, ast.AsyncWith)) or _swallows(parent):
            return
        holder = parent
        own = next(blocks_around(module, holder), None)


def places_within(module: SourceFile, place: ast.AST) -> dict[int, tuple[int, int]]:
    """The blocks that hold a place within its function, by their ``id``, and where in each."""
    found: dict[int, tuple[int, int]] = {}
    child: ast.AST | None = place
    while child is not None:
        is_function = isinstance(child, FUNCTIONS)
        if isinstance(child, ast.stmt) and (child is place or not is_function):
            parent = module.parents.get(child)
            for field in _BLOCKS:
                block = getattr(parent, field, None)
                if isinstance(block, list) and _stands_in(block, child):
                    found[id(block)] = _place(child)
        if is_function or isinstance(child, ast.Lambda):
            break
        child = module.parents.get(child)
    return found


def _swallows(block: ast.With | ast.AsyncWith) -> bool:
    """Whether what is raised in a block may end there: ``contextlib.suppress``, and tests'."""
    made_by = (item.context_expr for item in block.items)
    names = {last_name(one.func) for one in made_by if isinstance(one, ast.Call)}
    return not names.isdisjoint(_SWALLOWERS)
