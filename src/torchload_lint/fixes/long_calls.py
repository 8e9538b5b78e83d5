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
    if call.lineno != call.end_lineno:
        return _one_a_row(module, source, call, changes, unit if deeper else "", line_length)
    start, end = source.start(call), source.end(call)
    row_start, row = source.row_start(call.lineno), _code_of_row(source, load)
    inner = changes_inside(changes, row_start, row_start + len(row))
    moved = unit if deeper else ""
    after = moved + apply_changes(row, inner)
    if not _becomes_long(row, after, line_length) or _is_in_f_string(module, call):
        return changes
    text = apply_changes(source.text[start:end], changes_inside(changes, start, end))
    rows = _over_rows(text, source.indentation(start), unit, moved, line_length)
    outside = [one for one in changes if not start <= one.start <= end]
    newline = source.newline
    return [*outside, Change(start, end, newline.join(rows))] if rows else changes


def _one_a_row(
    module: Module,
    source: Source,
    call: ast.Call,
    changes: list[Change],
    moved: str,
    line_length: int,
) -> list[Change]:
    """The changes for a call whose arguments stand on a row of their own: one on each row where
    that row would be too long and was not before.
    """
    number = _row_of_arguments(call)
    if number is None or _is_in_f_string(module, call):
        return changes
    row_start, row = source.row_start(number), source.row(number).rstrip()
    end = row_start + len(row)
    after = apply_changes(row, changes_inside(changes, row_start, end))
    is_plain = not set("#\\\n") & set(after)  # no comment, no joined rows, and no row is added
    if not is_plain or not _becomes_long(row, moved + after, line_length):
        return changes
    indent = source.indentation(row_start)
    listed = [f"{one}," for one in _arguments(f"f({after.strip()})")[1]]
    outside = [one for one in changes if not row_start <= one.start <= end]
    return [
        *outside,
        Change(row_start + len(indent), end, f"{source.newline}{indent}".join(listed)),
    ]


def _row_of_arguments(call: ast.Call) -> int | None:
    """The row that all arguments stand on, between the parentheses' rows; None where there is no
    such row.
    """
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    rows = {row for one in arguments for row in (one.lineno, one.end_lineno)}
    number = rows.pop() if len(rows) == 1 else None
    is_between = number is not None and call.lineno < number < (call.end_lineno or 0)
    return number if is_between else None


def _becomes_long(before: str, after: str, line_length: int) -> bool:
    return fits(before.rstrip(), line_length) and not fits(after.rstrip(), line_length)


def _code_of_row(source: Source, load: LoadCall) -> str:
    """The row of the call up to the end of its statement: a comment makes no row too long."""
    row_start, row = source.row_start(load.node.lineno), source.row(load.node.lineno)
    ends_here = load.statement.end_lineno == load.node.lineno
    return row[: source.end(load.statement) - row_start] if ends_here else row


def _is_in_f_string(module: Module, call: ast.Call) -> bool:
    return any(isinstance(node, ast.JoinedStr) for node in nodes_around(call, module.parents))


def _over_rows(text: str, indent: str, unit: str, moved: str, line_length: int) -> Sequence[str]:
    """The rows of a call as a formatter would write them; empty where it has no arguments."""
    first, listed = _arguments(text)
    if not listed:
        return ()
    joined = f"{indent}{unit}{', '.join(listed)}"
    if fits(moved + joined, line_length):
        return (first.rstrip(), joined, f"{indent})")
    return (first.rstrip(), *(f"{indent}{unit}{one}," for one in listed), f"{indent})")


def _arguments(text: str) -> tuple[str, list[str]]:
    """What stands before the arguments of a call, and the text of each of them."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    arguments.sort(key=lambda one: one.col_offset)
    encoded = text.encode()
    first = encoded[: arguments[0].col_offset].decode() if arguments else text
    return first, [_segment(encoded, one) for one in arguments]


def _segment(encoded: bytes, node: ast.expr | ast.keyword) -> str:
    """The text of an argument, with its name or its stars."""
    assert node.end_col_offset is not None
    return encoded[node.col_offset : node.end_col_offset].decode()
