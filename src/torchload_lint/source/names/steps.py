"""Before and around: where statements stand relative to one another."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.names.source_file import SourceFile

_BLOCKS = ("body", "orelse", "finalbody", "handlers")
_SWALLOWERS = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})
_LET_THROUGH = ("torch.", "tempfile.", "zipfile.", "tarfile.", "threading.", "warnings.")
"""Beginnings of the names of context managers that end no exception."""
_LET_THROUGH_BY_NAME = frozenset(
    """
    builtins.open io.open gzip.open contextlib.nullcontext contextlib.closing contextlib.chdir
    contextlib.redirect_stdout contextlib.redirect_stderr
    """.split()
)
_RUN_PERHAPS = (ast.Lambda, ast.arg, ast.ExceptHandler, ast.match_case, ast.Assert)
"""What holds expressions that may never run: of another call, of a match, of ``python -O``."""
_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


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


def runs_with_its_statement(module: SourceFile, node: ast.expr) -> bool:
    """Whether an expression has surely run once the statement has that it is a part of."""
    child: ast.AST = node
    for parent in ancestors(module, node):
        if isinstance(child, ast.stmt):
            return True
        if not _runs_with(child, parent):
            return False
        child = parent
    return False


def _runs_with(part: ast.AST, holder: ast.AST) -> bool:
    """Whether a part has surely run once what holds it has."""
    if isinstance(holder, ast.BoolOp):
        return part is holder.values[0]
    if isinstance(holder, ast.Compare):
        return part in (holder.left, holder.comparators[0])
    if isinstance(holder, ast.IfExp):
        return part is holder.test
    if isinstance(holder, ast.comprehension):
        return part is holder.iter
    if isinstance(holder, _COMPREHENSIONS):
        return part is holder.generators[0]
    if isinstance(holder, ast.Lambda):
        return part is holder.args
    notes = (getattr(holder, "annotation", None), getattr(holder, "returns", None))
    return part not in notes and not isinstance(holder, _RUN_PERHAPS)


def may_end_half_way(module: SourceFile, block: ast.With | ast.AsyncWith) -> bool:
    """Whether what is raised in a block may end there: not where it is known to go on."""
    return not all(_lets_through(module, item.context_expr) for item in block.items)


def _lets_through(module: SourceFile, made: ast.expr) -> bool:
    function = made.func if isinstance(made, ast.Call) else made
    name = module.bindings.qualified(function) or ""
    is_method = isinstance(function, ast.Attribute) and function.attr == "open" and not name
    return is_method or name in _LET_THROUGH_BY_NAME or name.startswith(_LET_THROUGH)


def blocks_run_with(
    module: SourceFile,
    first: ast.stmt,
    ends_half_way: Callable[[SourceFile, ast.With | ast.AsyncWith], bool] | None = None,
) -> Iterator[tuple[list[ast.stmt], tuple[int, int]]]:
    """The blocks of which a statement has surely run once they have come to a place below it, and
    where it stands in each: its own, and those around the ``with`` bodies that hold it, unless one
    may end half-way.
    """
    ends_half_way = ends_half_way or _swallows
    holder = first
    own = next(blocks_around(module, holder), None)
    while own is not None:
        yield own, _place(holder)
        parent = module.parents.get(holder)
        if not isinstance(parent, (ast.With, ast.AsyncWith)) or ends_half_way(module, parent):
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


def _swallows(_module: SourceFile, block: ast.With | ast.AsyncWith) -> bool:
    """Whether what is raised in a block may end there: ``contextlib.suppress``, and tests'."""
    made_by = (item.context_expr for item in block.items)
    names = {last_name(one.func) for one in made_by if isinstance(one, ast.Call)}
    return not names.isdisjoint(_SWALLOWERS)
