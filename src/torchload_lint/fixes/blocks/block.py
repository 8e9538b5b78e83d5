"""Put a statement, or just its load, into a ``with safe_globals([...])`` block."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_left
from typing import TYPE_CHECKING

from torchload_lint.fixes.blocks.list_rows import with_header
from torchload_lint.fixes.blocks.shim import block_function, shim_changes
from torchload_lint.fixes.edits import (
    Change,
    Source,
    apply_changes,
    changes_inside,
    smallest_change,
    source_of,
)
from torchload_lint.fixes.imports.import_lines import import_changes, local_statements
from torchload_lint.fixes.imports.naming import Names, free_name, torch_at
from torchload_lint.fixes.rewritten import Refusal, Rewritten
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.cells import has_cells
from torchload_lint.source.text.candidates import first_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.fixes.repair import Repair
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


_MOST_JOINED = 16
"""Loads in a row that are put into one block."""


def put_in_block(
    module: Module, load: LoadCall, repair: Repair, changes: list[Change], hoist: bool
) -> Rewritten:
    """The changes that put the load into a block; ``changes`` are those inside the call."""
    source = source_of(module.text)
    names = Names.at(module, load.statement, torch_at(module, load.node.func)).for_load(repair)
    entries = [names.entry(allow) for allow in repair.allow]
    rows = _Rows(module, source, load)
    neighbour = None if hoist or names.local else _neighbour(module, load, entries)
    safe_globals = "safe_globals" if neighbour else block_function(names, repair)
    indent, unit = source.indentation(rows.start), indentation_unit(module, source, load.statement)
    header = with_header(safe_globals, entries, indent, unit, repair.line_length)
    hoisted = free_name(module, "loaded") if hoist else ""
    before = tuple(local_statements(names.local, indent, repair.line_length))
    new = rows.rewritten(changes, header, before, hoisted, unit)
    if neighbour is not None:
        return Rewritten([_joined(source, neighbour, rows, new, header, unit)], "join")
    reach = max((one.end for one in changes), default=0)
    start, old = rows.start + len(indent), rows.text[len(indent) :]
    edit = smallest_change(start, old, new[len(indent) :], up_to=min(reach, rows.end))
    limit = min(names.import_limit, source.row_of(rows.start))
    imports = import_changes(module, names.top, limit, repair.line_length)
    imports += shim_changes(names, repair, unit)
    outside = [one for one in changes if not rows.start <= one.start <= rows.end]
    edit = _touching(module, source, load, edit)
    return Rewritten([*imports, *outside, edit], "hoist" if hoist else "wrap")


class _Rows:
    """The rows of the statement that is rewritten, and its calls."""

    def __init__(self, module: Module, source: Source, load: LoadCall) -> None:
        self.load = load
        self.source = source
        self.statement = _first_in_row(module, source, load.statement)
        beside = _sharing_rows(module, self.statement)
        self.start = source.row_start(min(map(first_row, beside)))
        last = max(one.end_lineno or 0 for one in beside)
        self.end = source.row_start(last + 1)
        self.text = source.text[self.start : self.end]
        self.calls = [
            node for one in beside for node in ast.walk(one) if isinstance(node, ast.Call)
        ]

    def rewritten(
        self,
        changes: Sequence[Change],
        header: str,
        before: tuple[str, ...],
        hoist: str,
        unit: str,
    ) -> str:
        """The rows with the block written into them."""
        from torchload_lint.fixes.blocks.rewrite import NotFound, Rewrite, rewrite  # noqa: PLC0415

        inner = changes_inside(changes, self.start, self.end)
        start = self.source.start(self.load.node) - self.start
        end = self.source.end(self.load.node) - self.start
        call = apply_changes(self.text[start:end], changes_inside(inner, start, end))
        request = Rewrite(header, before, hoist, unit)
        ends_row = self.text.endswith(("\n", "\r"))
        text = apply_changes(self.text, inner) + ("" if ends_row else self.source.newline)
        try:
            new = rewrite(text, self._ordinal(), call, request)
        except NotFound:
            raise Refusal("the call cannot be distinguished from others in its statement") from None
        except Exception as error:  # libcst's parser fails in many ways
            if type(error).__module__.partition(".")[0] != "libcst":
                raise
            raise Refusal(f"libcst cannot parse the statement: {error}") from error
        if _parses(text) and not _parses(new):
            raise Refusal("the statement would not parse when rewritten")
        return new if ends_row else new.removesuffix(self.source.newline)

    def _ordinal(self) -> int:
        """The number of the call among those in the rows, by where they start."""
        ordered = sorted(
            self.calls, key=lambda node: (self.source.start(node), -self.source.end(node))
        )
        return ordered.index(self.load.node)


def _parses(rows: str) -> bool:
    """Whether rows are statements, indented or not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(f"if 1:\n{rows}" if rows[:1] in {" ", "\t", "\f"} else rows)
    except (SyntaxError, ValueError):
        return False
    return True


def _first_in_row(module: Module, source: Source, statement: ast.stmt) -> ast.stmt:
    """The statement, or where it shares its first row with a header, the one of the header."""
    while True:
        parent = module.parents.get(statement)
        first = _sharing_rows(module, statement)[0]
        if _leads_row(source, first) and not _continues(source, first):
            return statement
        while parent is not None and not isinstance(parent, ast.stmt):
            parent = module.parents.get(parent)
        if parent is None:
            raise Refusal("the lines of the statement cannot be taken apart")
        statement = parent


def _leads_row(source: Source, statement: ast.stmt) -> bool:
    """Whether only white space (or the ``@`` of a decorator) stands before a statement."""
    row = first_row(statement)
    if row < statement.lineno:
        return True
    return not source.text[source.row_start(row) : source.start(statement)].strip()


def _continues(source: Source, statement: ast.stmt) -> bool:
    """Whether a row only continues the one before (``elif``, or a backslash)."""
    row = statement.lineno
    if isinstance(statement, ast.If) and source.text.startswith("elif", source.start(statement)):
        return True
    return (
        row > 1
        and source.row(row - 1).rstrip("\r\n").endswith("\\")
        and (not source.row(row - 1).lstrip().startswith("#"))
    )


def siblings(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    """The list of statements that a statement is one of."""
    parent = module.parents[statement]
    for name in ("body", "orelse", "finalbody"):
        body = getattr(parent, name, None)
        if isinstance(body, list) and _index(body, statement) is not None:
            return body
    raise Refusal("the statement has no place in a body")


def _index(body: list[ast.stmt], statement: ast.stmt) -> int | None:
    """Where a statement is in a list of statements, if it is there: found by halving, as a body may
    hold thousands of loads, and each asks.
    """
    place = statement.lineno, statement.col_offset
    index = bisect_left(body, place, key=lambda one: (one.lineno, one.col_offset))
    return index if index < len(body) and body[index] is statement else None


def _with_index(module: Module, statement: ast.stmt) -> tuple[list[ast.stmt], int]:
    """The list of statements that a statement is one of, and where it is in it."""
    body = siblings(module, statement)
    return body, _index(body, statement) or 0


def _sharing_rows(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    """The statements on the same rows (``a; b``), this one included."""
    body, index = _with_index(module, statement)
    source = source_of(module.text)
    first = last = index
    while first and _share_row(source, body[first - 1], body[first]):
        first -= 1
    while last + 1 < len(body) and _share_row(source, body[last], body[last + 1]):
        last += 1
    return body[first : last + 1]


def _share_row(source: Source, one: ast.stmt, following: ast.stmt) -> bool:
    """Whether two statements stand on one row, which a backslash may continue."""
    between = source.text[source.end(one) : source.start(following)]
    return not re.search(r"(?<!\\)[\r\n]", between.replace("\r\n", "\n"))


def indentation_unit(module: Module, source: Source, near: ast.stmt | None = None) -> str:
    """One step of indentation, as the code around does it."""
    parent = module.parents.get(near) if near is not None else None
    if near is not None and isinstance(parent, ast.stmt):
        inner, outer = (  # a form feed begins the row anew
            source.indentation(source.start(one)).rpartition("\f")[2] for one in (near, parent)
        )
        if inner.startswith(outer) and len(inner) > len(outer):
            return inner[len(outer) :]
    return module.indentation


def _neighbour(module: Module, load: LoadCall, entries: list[str]) -> Allowlist | None:
    """The block right before this statement that allows exactly the same: it can take it in."""
    body, index = _with_index(module, load.statement)
    previous = body[index - 1] if index else None
    alone = len(_sharing_rows(module, load.statement)) == 1 and not has_cells(module)
    if not isinstance(previous, ast.With) or len(previous.items) != 1 or not alone:
        return None
    source = source_of(module.text)
    if source.indentation(source.start(previous)) != source.indentation(
        source.start(load.statement)
    ):
        return None
    for allowlist in _allowlists_of(module).get(previous, ()):
        if (
            allowlist.kind is AllowlistKind.BLOCK
            and allowlist.complete
            and {source.slice(entry.node) for entry in allowlist.entries} == set(entries)
            and _only_loads(module, previous)
        ):
            return allowlist
    return None


def _allowlists_of(module: Module) -> dict[ast.stmt | None, list[Allowlist]]:
    """The allowlists of a file, by the statement that each stands in."""

    def find() -> dict[ast.stmt | None, list[Allowlist]]:
        found: dict[ast.stmt | None, list[Allowlist]] = {}
        for one in module.allowlists:
            found.setdefault(one.statement, []).append(one)
        return found

    return module.remember("statements with allowlists", find)


def _loading(module: Module) -> set[ast.stmt]:
    """The statements that load."""
    return module.remember("statements that load", lambda: {one.statement for one in module.loads})


def _only_loads(module: Module, block: ast.With) -> bool:
    """Whether every statement of a block is a load, as in the blocks that are written here."""
    loading = _loading(module)
    return block.body[-1].lineno > block.lineno and all(one in loading for one in block.body)


def _joined(
    source: Source, neighbour: Allowlist, rows: _Rows, new: str, header: str, unit: str
) -> Change:
    """Move the rows into the block before them, with the comments in between."""
    block = neighbour.statement
    assert isinstance(block, ast.With)
    assert block.end_lineno is not None
    inner = source.indentation(source.start(block.body[-1]))
    outer = source.indentation(rows.start)
    start = source.row_start(block.end_lineno + 1)
    between = [source.row(row) for row in range(block.end_lineno + 1, first_row(rows.statement))]
    moved = "".join(row if not row.strip() else inner + row.lstrip(" \t") for row in between)
    body = "".join(new.splitlines(keepends=True)[header.count("\n") + 1 :])
    if inner != outer + unit:
        raise Refusal("the block before is indented in another way")
    last = block.body[-1]
    # From the statement before on, so that a fix of that statement is never applied with this one.
    place = source.start(last)
    return Change(place, rows.end, source.text[place:start] + moved + body)


def _touching(module: Module, source: Source, load: LoadCall, edit: Change) -> Change:
    """Reach back over the loads right before, so that these are fixed first, one by one.

    Each then finds the block of the one before, and joins it where both need the same. Of many
    loads only some get into one block: to fix the last of a thousand, each pass over the file would
    write them all anew.
    """
    first = module.remember("first loads to be joined", lambda: _first_joined(module)).get(
        load.statement, load.statement
    )
    start = source.row_start(first_row(first))
    start += len(source.indentation(start))
    if start >= edit.start:
        return edit
    return Change(start, edit.end, source.text[start : edit.start] + edit.content)


def _first_joined(module: Module) -> dict[ast.stmt, ast.stmt]:
    """The load that is to be fixed first of those that come to stand in one block, by each load."""
    if has_cells(module):
        return {}
    loading = _loading(module)
    groups: dict[ast.stmt, list[ast.stmt]] = {}
    for statement in sorted(loading, key=lambda one: (one.lineno, one.col_offset)):
        try:
            body, index = _with_index(module, statement)
        except Refusal:
            continue
        group = groups.get(body[index - 1]) if index else None
        if group is None or len(group) == _MOST_JOINED:
            group = []
        group.append(statement)
        groups[statement] = group
    return {statement: group[0] for statement, group in groups.items()}
