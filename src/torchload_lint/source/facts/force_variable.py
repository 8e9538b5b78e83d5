"""Where TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD is set from Python code."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.candidates import carrying, on_rows, rows_with
from torchload_lint.source.text.expressions import last_name
from torchload_lint.source.text.settings_files import TRUE_VALUES, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Span
    from torchload_lint.source.names.source_file import SourceFile

_SETTERS = frozenset({"setdefault", "putenv", "setenv", "__setitem__"})
_IN_SHELL = late_pattern(rf"(?<!\w){VARIABLE}=[\"']?(\w*)")


class EnvironmentSwitch(NamedTuple):
    """One place that sets the variable."""

    node: ast.AST
    """The assignment, call, dictionary display or string."""
    span: Span
    function: str
    statement: ast.stmt
    how: str
    """``assignment``, ``setdefault``, ``putenv``, ``setenv``, ``mapping`` or ``command``."""
    value: str | None
    """What it is set to; None where that is not known."""


def collect(module: SourceFile) -> tuple[EnvironmentSwitch, ...]:
    """Every place that sets the variable to a true or an unknown value."""
    if VARIABLE not in module.text:
        return ()
    found = [switch for switch in _switches(module) if switch.value in {None, *TRUE_VALUES}]
    return tuple(sorted(found, key=lambda switch: switch.span))


def may_be_set_elsewhere(module: SourceFile) -> bool:
    """Whether the file gives the variable's name a name of its own, by which others may set it."""
    if VARIABLE not in module.text:
        return False
    return any(
        isinstance(module.parents.get(node), ast.Assign | ast.AnnAssign | ast.List | ast.Tuple)
        for node in module.carrying(VARIABLE)
        if isinstance(node, ast.Constant)
    )


def _switches(module: SourceFile) -> Iterator[EnvironmentSwitch]:
    words = {VARIABLE, *_names_for_it(module)}
    for nodes in carrying(module.tree, module.lines, words).values():
        for node in nodes:
            if isinstance(node, (ast.Constant, ast.Name)):
                yield from _by_key(module, node)
            elif isinstance(node, ast.keyword):
                yield _switch(module, node.value, "mapping", node.value)
    for node in on_rows(module.tree, rows_with(module.lines, [VARIABLE])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = _IN_SHELL.search(node.value)
            if match and not _is_docstring(module, node):
                yield _switch(module, node, "command", ast.Constant(match[1]))


def _names_for_it(module: SourceFile) -> Iterator[str]:
    """Constants of the file that hold the variable's name."""
    for node in module.carrying(VARIABLE):
        parent = module.parents.get(node)
        if isinstance(parent, ast.Assign):
            yield from (target.id for target in parent.targets if isinstance(target, ast.Name))


def _by_key(module: SourceFile, node: ast.Constant | ast.Name) -> Iterator[EnvironmentSwitch]:
    """A name or string that is the variable, used as a key."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.slice is node:
        holder = module.parents.get(parent)
        if isinstance(holder, ast.Assign) and parent in holder.targets:
            yield _switch(module, holder, "assignment", holder.value)
    elif isinstance(parent, ast.Call) and node in parent.args:
        after = parent.args[parent.args.index(node) + 1 :]
        how = last_name(parent.func)
        if how in _SETTERS:
            yield _switch(module, parent, how.strip("_"), after[0] if after else None)
    elif isinstance(parent, ast.Dict):
        places = [index for index, key in enumerate(parent.keys) if key is node]
        yield _switch(module, node, "mapping", parent.values[places[0]])


def _switch(
    module: SourceFile, node: ast.expr | ast.stmt, how: str, value: ast.expr | None
) -> EnvironmentSwitch:
    return EnvironmentSwitch(
        node=node,
        span=module.span(node),
        function=module.qualname(node),
        statement=module.statement(node),
        how=how,
        value=_text(module, value),
    )


def _text(module: SourceFile, node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value).lower()
    if isinstance(node, ast.Name):
        definitions = module.bindings.definitions(node)
        values = {_text(module, part.value) for part in definitions if part.kind == "assign"}
        return values.pop() if len(values) == len(definitions) == 1 else None
    if isinstance(node, ast.Call) and last_name(node) == "str" and len(node.args) == 1:
        return _text(module, node.args[0])
    return None


def _is_docstring(module: SourceFile, node: ast.Constant) -> bool:
    return isinstance(module.parents.get(node), ast.Expr)
