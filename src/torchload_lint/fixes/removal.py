"""Take whole statements out: a replaced ``torch.load``, a process-wide registration, a fallback."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.blocks.block import siblings
from torchload_lint.fixes.edits import (
    Change,
    Source,
    past_blank_rows,
    smallest_change,
    source_of,
)
from torchload_lint.fixes.imports.unused_imports import without_import
from torchload_lint.fixes.repair import Allow, NotRepaired, Repair, Repaired
from torchload_lint.fixes.rewritten import Refusal
from torchload_lint.names import Spelling
from torchload_lint.source.facts.allowed.allowlists import EntryKind
from torchload_lint.source.facts.cells import has_cells
from torchload_lint.source.text.candidates import first_row

if TYPE_CHECKING:
    from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistEntry
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def remove_statement(module: Module, statement: ast.stmt) -> Repaired | NotRepaired:
    """Take a statement out (``torch.load = ...``); ``pass`` stays where it was the only one."""
    source = source_of(module.text)
    try:
        change = _without(module, source, statement)
    except Refusal as refusal:
        return NotRepaired(refusal.reason, refusal.advice)
    return Repaired(source.edits([change]), "remove", keeps_meaning=False)


def _without(module: Module, source: Source, statement: ast.stmt) -> Change:
    body = siblings(module, statement)
    if len(body) == 1:
        return Change(source.start(statement), source.end(statement), "pass")
    start, end = source.row_start(first_row(statement)), source.end(statement)
    row_end = source.row_start((statement.end_lineno or statement.lineno) + 1)
    before = source.text[start : source.start(statement)]
    after = source.text[end:row_end].partition("#")[0]
    if not before.strip() and not after.strip(" \t\f;\r\n"):
        return Change(start, past_blank_rows(source, start, row_end), "")
    index = body.index(statement)
    if index + 1 < len(body) and body[index + 1].lineno == statement.end_lineno:
        return Change(source.start(statement), source.start(body[index + 1]), "")
    if index and body[index - 1].end_lineno == statement.lineno:
        return Change(source.end(body[index - 1]), end, "")
    return Change(source.start(statement), end, "pass")


def narrow_registration(
    module: Module, allowlist: Allowlist, load: LoadCall, line_length: int = 88
) -> Repaired | NotRepaired:
    """Turn ``add_safe_globals([...])`` into a block around the one load that needs it."""
    from torchload_lint.fixes.repairing import allow_around  # noqa: PLC0415 - only to fix

    statement = allowlist.statement
    if not isinstance(statement, ast.Expr) or statement.value is not allowlist.node:
        return NotRepaired("the registration is part of a larger statement")
    if not allowlist.complete or not allowlist.entries:
        return NotRepaired("it is not known what is registered")
    allow = [_allow_of(module, entry) for entry in allowlist.entries]
    known = tuple(one for one in allow if one is not None)
    if len(known) != len(allow):
        return NotRepaired("an item of the registration is not a plain object or a pair")
    source = source_of(module.text)
    try:
        outcome = allow_around(module, load, Repair(allow=known, line_length=line_length))
        removed = _without(module, source, statement)
    except Refusal as refusal:
        return NotRepaired(refusal.reason, refusal.advice)
    if any(one.start < removed.end and removed.start < one.end for one in outcome.changes):
        return NotRepaired("the registration stands too close to the load")
    changes = without_import(module, source, allowlist.node.func, [*outcome.changes, removed])
    return Repaired(source.edits(changes), outcome.how, keeps_meaning=False)


def _allow_of(module: Module, entry: AllowlistEntry) -> Allow | None:
    """What an item allows, as an entry to be written elsewhere."""
    if entry.obj is None or entry.kind not in {EntryKind.OBJECT, EntryKind.PAIR}:
        return None
    spelling = Spelling(entry.obj.module or "builtins", entry.obj.qualname)
    own = bool(module.name) and entry.obj.module == module.name
    return Allow(spelling, entry.key, defined_in=module.path if own else "")


def remove_handler(
    module: Module, statement: ast.Try, handler: ast.ExceptHandler
) -> Repaired | NotRepaired:
    """Take an exception handler out; where it was the only one, the ``try`` around the body too."""
    source = source_of(module.text)
    if statement.handlers != [handler] or statement.finalbody:
        return _only_handler(source, statement, handler)
    change = _unwrapped(module, source, statement)
    if isinstance(change, NotRepaired):
        return change
    return Repaired(source.edits([change]), "remove", keeps_meaning=False)


def remove_block(
    module: Module, allowlist: Allowlist, *, keeps_import: bool = False
) -> Repaired | NotRepaired:
    """Take the ``with safe_globals([])`` away that stands around its body. ``keeps_import``: others
    may take the name of its function from this file.
    """
    statement = allowlist.statement
    if not isinstance(statement, ast.With) or len(statement.items) != 1:
        return NotRepaired("the block is one of several in its statement")
    if statement.items[0].optional_vars is not None:
        return NotRepaired("the block gives a name to what it is made of")
    source = source_of(module.text)
    change = _unwrapped(module, source, statement)
    if isinstance(change, NotRepaired):
        return change
    changes = [change]
    if not keeps_import:
        changes = without_import(module, source, allowlist.node.func, changes)
    return Repaired(source.edits(changes), "remove")


def _unwrapped(
    module: Module, source: Source, statement: ast.Try | ast.With
) -> Change | NotRepaired:
    """The body of a statement in its place."""
    from torchload_lint.fixes.blocks.rewrite import unwrapped  # noqa: PLC0415 - imports libcst

    last = (getattr(statement, "orelse", None) or statement.body)[-1]
    at_top = module.parents.get(statement) is module.tree
    if at_top and isinstance(last, ast.Expr) and has_cells(module):
        return NotRepaired("the cell would show the value of an expression that it does not show")
    start = source.row_start(statement.lineno)
    end = source.row_start((statement.end_lineno or statement.lineno) + 1)
    old = source.text[start:end]
    alone = not source.text[start : source.start(statement)].strip()
    if not alone or source.row_of(source.end(statement)) != source.row_of(max(start, end - 1)):
        return NotRepaired("the statement shares its line with others")
    unit = source.indentation(source.start(statement.body[0]))
    outer = source.indentation(source.start(statement))
    step = unit[len(outer) :] if statement.body[0].lineno > statement.lineno else "    "
    try:
        return smallest_change(start, old, unwrapped(old, step))
    except Refusal as refusal:
        return NotRepaired(refusal.reason, refusal.advice)


def _only_handler(
    source: Source, statement: ast.Try, handler: ast.ExceptHandler
) -> Repaired | NotRepaired:
    """Other handlers, or a ``finally``, keep the ``try`` valid."""
    if statement.handlers == [handler] and statement.orelse:
        return NotRepaired("an else of the try needs the handler")
    start = source.row_start(handler.lineno)
    end = source.row_start((handler.end_lineno or handler.lineno) + 1)
    if source.text[start : source.start(handler)].strip():
        return NotRepaired("the handler shares its line with others")
    return Repaired(source.edits([Change(start, end, "")]), "remove", keeps_meaning=False)
