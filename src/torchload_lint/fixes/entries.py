"""Fix an allowlist itself: take an item out, make it a pair, write another in its place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import Change, Source, source_of
from torchload_lint.fixes.imports.import_lines import import_changes, local_imports
from torchload_lint.fixes.imports.naming import Names, Unreachable, torch_at
from torchload_lint.fixes.imports.unused_imports import without_import
from torchload_lint.fixes.repair import NotRepaired, Repaired
from torchload_lint.source.facts.allowed.allowlists import EntryKind

if TYPE_CHECKING:
    from torchload_lint.fixes.repair import Allow
    from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistEntry
    from torchload_lint.source.facts.module import Module

_ELSEWHERE = NotRepaired(
    "the item is not written in the list of this call", "change it where the list is made"
)


def remove_entry(
    module: Module, allowlist: Allowlist, entry: AllowlistEntry
) -> Repaired | NotRepaired:
    """Take an item out of a list display, with its comma; on a row of its own, with the row.

    The last item leaves an empty list, which allows nothing and is valid.
    """
    display = allowlist.display
    if display is None or entry.node not in display.elts:
        return _ELSEWHERE
    source = source_of(module.text)
    change = _without(source, display, entry.node)
    changes = [change]
    if entry.kind is EntryKind.OBJECT:
        changes = without_import(module, source, entry.node, changes)
    return Repaired(source.edits(changes), "remove", keeps_meaning=False)


def _without(source: Source, display: ast.List | ast.Tuple, item: ast.expr) -> Change:
    index = display.elts.index(item)
    others = [one for one in display.elts if one is not item]
    if isinstance(display, ast.Tuple) and len(others) == 1:
        # A tuple of one item needs its comma.
        return Change(source.start(display), source.end(display), f"({source.slice(others[0])},)")
    if not others:
        whole = "#" not in source.slice(display)
        start = source.start(display) + 1 if whole else source.start(item)
        return Change(start, source.end(display) - 1, "")
    row_start = source.row_start(item.lineno)
    row_end = source.row_start((item.end_lineno or item.lineno) + 1)
    if _has_own_rows(display, item, others):
        return Change(row_start, row_end, "")
    if index == len(display.elts) - 1:
        return Change(source.end(others[-1]), source.end(item), "")
    following = display.elts[index + 1]
    comma = source.text.index(",", source.end(item)) + 1
    same_row = following.lineno == item.end_lineno
    return Change(source.start(item), source.start(following) if same_row else comma, "")


def _has_own_rows(display: ast.List | ast.Tuple, item: ast.expr, others: list[ast.expr]) -> bool:
    """Whether nothing else of the list stands on the rows of an item."""
    rows = range(item.lineno, (item.end_lineno or item.lineno) + 1)
    inside = display.lineno not in rows and display.end_lineno not in rows
    return inside and not any(one.lineno in rows or one.end_lineno in rows for one in others)


def pair_entry(module: Module, entry: AllowlistEntry, key: str) -> Repaired:
    """Write ``(object, "key")`` in the place of ``object``."""
    source = source_of(module.text)
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    content = f'({source.slice(entry.node)}, "{quoted}")'
    change = Change(source.start(entry.node), source.end(entry.node), content)
    return Repaired(source.edits([change]), "pair")


def replace_entry(
    module: Module,
    allowlist: Allowlist,
    entry: AllowlistEntry,
    allow: Allow,
    line_length: int = 88,
) -> Repaired | NotRepaired:
    """Write the right object in the place of an invalid item (a string), with its import."""
    if allowlist.statement is None:
        return _ELSEWHERE
    source = source_of(module.text)
    names = Names.at(module, allowlist.statement, torch_at(module, allowlist.node.func))
    try:
        written = names.entry(allow)
        imports = local_imports(module, allowlist.statement, names.local, line_length)
    except Unreachable as unreachable:
        return NotRepaired(f"the object cannot be named here: {unreachable}")
    change = Change(source.start(entry.node), source.end(entry.node), written)
    imports += import_changes(module, names.top, names.import_limit, line_length)
    return Repaired(source.edits([*imports, change]), "replace", keeps_meaning=False)
