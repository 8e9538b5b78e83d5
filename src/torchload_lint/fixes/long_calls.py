"""Fold a call over several rows where a fix makes its row longer than the project's lines are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.blocks.list_rows import fits
from torchload_lint.fixes.edits import Change, apply_changes, changes_inside
from torchload_lint.fixes.imports.scopes import nodes_around

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.fixes.edits import Source
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def folded(
    module: Module,
    source: Source,
    load: LoadCall,
    changes: list[Change],
    unit: str,
    line_length: int,
    *,
    deeper: bool,
) -> list[Change]:
    """The changes, with the call folded where its row would be too long and was not before.

    ``deeper``: whether the statement also moves one step to the right, into a block.
    """
    call = load.node
    start, end = source.start(call), source.end(call)
    row_start, row = source.row_start(call.lineno), _code_of_row(source, load)
    inner = changes_inside(changes, row_start, row_start + len(row))
    moved = unit if deeper else ""
    long = not fits(moved + apply_changes(row, inner).rstrip(), line_length)
    if not long or not fits(row.rstrip(), line_length) or not _can_fold(module, call):
        return changes
    text = apply_changes(source.text[start:end], changes_inside(changes, start, end))
    rows = _over_rows(text, source.indentation(start), unit, moved, line_length)
    outside = [one for one in changes if not start <= one.start <= end]
    newline = source.newline
    return [*outside, Change(start, end, newline.join(rows))] if rows else changes


def _code_of_row(source: Source, load: LoadCall) -> str:
    """The row of the call up to the end of its statement: a comment makes no row too long."""
    row_start, row = source.row_start(load.node.lineno), source.row(load.node.lineno)
    ends_here = load.statement.end_lineno == load.node.lineno
    return row[: source.end(load.statement) - row_start] if ends_here else row


def _can_fold(module: Module, call: ast.Call) -> bool:
    """Whether the call stands on one row, and not inside of an f-string."""
    around = nodes_around(call, module.parents)
    return call.lineno == call.end_lineno and not any(
        isinstance(node, ast.JoinedStr) for node in around
    )


def _over_rows(text: str, indent: str, unit: str, moved: str, line_length: int) -> Sequence[str]:
    """The rows of a call as a formatter would write them; empty where it has no arguments."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    arguments.sort(key=lambda one: one.col_offset)
    if not arguments:
        return ()
    encoded = text.encode()
    first = encoded[: arguments[0].col_offset].decode()
    listed = [_segment(encoded, one) for one in arguments]
    joined = f"{indent}{unit}{', '.join(listed)}"
    if fits(moved + joined, line_length):
        return (first.rstrip(), joined, f"{indent})")
    return (first.rstrip(), *(f"{indent}{unit}{one}," for one in listed), f"{indent})")


def _segment(encoded: bytes, node: ast.expr | ast.keyword) -> str:
    """The text of an argument, with its name or its stars."""
    assert node.end_col_offset is not None
    return encoded[node.col_offset : node.end_col_offset].decode()
