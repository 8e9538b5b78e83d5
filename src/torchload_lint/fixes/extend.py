"""Add entries to an allowlist that is already in force around a load."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.blocks.list_rows import fits, with_header
from torchload_lint.fixes.edits import Change, Source, source_of
from torchload_lint.fixes.imports.import_lines import import_changes, local_imports
from torchload_lint.fixes.imports.naming import Names, torch_at
from torchload_lint.fixes.rewritten import Refusal, Rewritten
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.allowed.contexts import is_from_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.fixes.repair import Repair
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.module import Module


def extend(
    module: Module, allowlist: Allowlist, repair: Repair, changes: list[Change]
) -> Rewritten:
    """Add the entries to the block rather than nest another one.

    Leaving an inner block would take the names it shares with the outer one away.
    """
    source = source_of(module.text)
    if allowlist.statement is None:
        raise Refusal("the statement of the allowlist around the load is not known")
    names = Names.at(module, allowlist.statement, torch_at(module, allowlist.node.func))
    names.for_load(repair)
    names.is_load = allowlist.kind is not AllowlistKind.DECORATOR  # that runs with its file
    if repair.limits_calls and not is_from_helper(module, allowlist.node):
        raise Refusal(
            "a class may only be restored here, which the safe_globals of torch cannot say",
            f"import safe_globals from {repair.helper} instead, for this block too",
        )
    there = {source.slice(item) for item in getattr(allowlist.display, "elts", ())}
    entries = [one for allow in repair.allow if (one := names.entry(allow)) not in there]
    if not entries:
        return Rewritten(changes, "keyword")
    if allowlist.display is not None:
        added = add_entries(source, allowlist, allowlist.display, entries, repair.line_length)
    else:
        added = [_around(module, source, allowlist, entries)]
    imports = import_changes(module, names.top, names.import_limit, repair.line_length)
    imports += local_imports(module, allowlist.statement, names.local, repair.line_length)
    return Rewritten([*imports, *changes, *added], "extend")


def _around(module: Module, source: Source, allowlist: Allowlist, entries: Sequence[str]) -> Change:
    """``safe_globals(NAMES)`` becomes ``safe_globals([*NAMES, Entry])``."""
    if len(allowlist.node.args) != 1 or isinstance(allowlist.node.args[0], ast.Starred):
        raise Refusal("the allowlist around the load is not a list that can be added to")
    argument = allowlist.node.args[0]
    if isinstance(argument, ast.Name) and any(
        each.kind == "parameter" for each in module.bindings.definitions(argument)
    ):
        raise Refusal(
            f"the list {argument.id} is the caller's, who may mean to allow no more",
            "add the class where the function is called",
        )
    start, end = source.start(argument), source.end(argument)
    return Change(start, end, f"[*{source.text[start:end]}, {', '.join(entries)}]")


def add_entries(
    source: Source,
    allowlist: Allowlist,
    display: ast.List | ast.Tuple,
    entries: Sequence[str],
    line_length: int,
) -> list[Change]:
    """Add items at the end of a list display, in the layout that is there."""
    added = ", ".join(entries)
    if not display.elts:
        place = source.start(display) + 1
        comma = "," if isinstance(display, ast.Tuple) and len(entries) == 1 else ""
        return [Change(place, place, added + comma)]
    last = display.elts[-1]
    row = source.row(last.end_lineno or 0).rstrip("\r\n")
    if _is_flat(display) and not fits(f"{row}, {added}", line_length):
        rewritten = _split_header(source, allowlist, display, entries, line_length)
        if rewritten is not None:
            return [rewritten]
    return _behind(source, display, entries)


def _is_flat(display: ast.expr) -> bool:
    return display.lineno == display.end_lineno


def _behind(source: Source, display: ast.List | ast.Tuple, entries: Sequence[str]) -> list[Change]:
    """Behind the last item: on rows of their own where the items have theirs."""
    last, close = display.elts[-1], source.end(display) - 1
    end = source.end(last)
    gap = source.text[end:close]
    before_comment = gap.partition("#")[0]
    has_comma = "," in before_comment
    closing = before_comment.find(")")
    if closing >= 0:
        end += closing + 1
    own_rows = source.row_of(close) > source.row_of(end)
    if not own_rows:
        place = end + source.text[end:close].index(",") + 1 if has_comma else end
        lead, tail = (" ", ",") if has_comma else (", ", "")
        return [Change(place, place, lead + ", ".join(entries) + tail)]
    indentation = source.indentation(source.start(last))
    rows = "".join(f"{indentation}{entry},{source.newline}" for entry in entries)
    row_after = source.row_start(source.row_of(end) + 1)
    comma = [] if has_comma else [Change(end, end, ",")]
    return [*comma, Change(row_after, row_after, rows)]


def _split_header(
    source: Source,
    allowlist: Allowlist,
    display: ast.List | ast.Tuple,
    entries: Sequence[str],
    line_length: int,
) -> Change | None:
    """A ``with`` row that gets too long is split as black would; None where it has other parts."""
    statement = allowlist.statement
    if not isinstance(statement, ast.With) or len(statement.items) != 1 or _has_target(statement):
        return None
    start = source.start(statement)
    end = source.text.find(":", source.end(allowlist.node)) + 1
    between = source.text[source.end(allowlist.node) : end - 1].strip()
    if between or not isinstance(display, ast.List) or statement.lineno != display.end_lineno:
        return None
    written = [source.slice(item) for item in display.elts]
    indent = source.indentation(start)
    inner = source.indentation(source.start(statement.body[0]))
    unit = inner[len(indent) :] or "    "
    function = source.slice(allowlist.node.func)
    header = with_header(function, [*written, *entries], indent, unit, line_length)
    content = header.replace("\n", source.newline + indent)
    return Change(start, end, content)


def _has_target(statement: ast.With) -> bool:
    return statement.items[0].optional_vars is not None
