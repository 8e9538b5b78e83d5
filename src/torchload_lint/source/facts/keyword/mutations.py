"""What happens to a dictionary of keywords between its making and its use.

``kwargs["weights_only"] = False``, ``kwargs.update(...)``, ``kwargs.setdefault(...)``, ``del``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Protocol

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.keyword.answers import (
    ABSENT,
    KEY,
    Answer,
    asks_version,
    either,
    laid_over,
)
from torchload_lint.source.names.steps import blocks_around

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile


class ValueReader(Protocol):
    """What knows the value of an expression, and what a mapping holds."""

    def value(self, node: ast.expr, depth: int) -> Answer:
        """The value of an expression."""

    def mapping(self, node: ast.expr, at: ast.stmt, depth: int) -> Answer:
        """What ``weights_only`` is in a mapping."""


class DictChange(NamedTuple):
    """One change of a dictionary."""

    how: str
    """``set``, ``setdefault``, ``update`` or ``remove``."""
    value: ast.expr | ast.Call | None
    statement: ast.stmt
    always: bool
    """Whether it happens on every way to the place asked about."""
    versioned: bool
    """Whether a condition about torch's version decides if it happens."""


def of(module: SourceFile, name: str, at: ast.stmt) -> list[DictChange]:
    """The changes of the dictionary ``name`` that come before ``at`` in the same scope."""
    scope = module.bindings.scope(at)
    blocks = {id(block) for block in blocks_around(module, at)}
    found = module.remember(
        ("changes of", name, scope), lambda: list(_changes_in(scope, module, name))
    )
    return [
        step._replace(always=id(next(blocks_around(module, step.statement), [])) in blocks)
        for step in found
        if step.statement.lineno < at.lineno
    ]


def _changes_in(scope: ast.AST, module: SourceFile, name: str) -> Iterator[DictChange]:
    """The changes of a dictionary in a scope, as if none always happened."""
    for node in module.carrying(name):
        if not isinstance(node, ast.Name):
            continue
        statement = module.statement(node)
        if module.bindings.scope(statement) is not scope:
            continue
        change = _change(module, node)
        if change is not None:
            versioned = any(asks_version(test) for test in _tests_around(module, statement))
            yield DictChange(*change, statement, always=False, versioned=versioned)


def applied(steps: list[DictChange], start: Answer, reader: ValueReader, depth: int) -> Answer:
    """What ``weights_only`` is after these changes."""
    answer = start
    for step in steps:
        changed = _after(step, answer, reader, depth)
        answer = changed if step.always else either([answer, changed], versioned=step.versioned)
    return answer


def _after(step: DictChange, answer: Answer, reader: ValueReader, depth: int) -> Answer:
    if step.how == "remove":
        return ABSENT
    if step.how == "update" and isinstance(step.value, ast.Call):
        return _updated(step.value, step.statement, answer, reader, depth)
    if not isinstance(step.value, ast.expr):
        return answer
    value = reader.value(step.value, depth)
    if step.how == "set":
        return value
    kept = answer._replace(values=answer.values - {WeightsOnly.ABSENT})
    if WeightsOnly.ABSENT in answer.values or WeightsOnly.UNDECIDED in answer.values:
        return either([kept, value]) if kept.values else value
    return answer


def _updated(
    call: ast.Call, at: ast.stmt, answer: Answer, reader: ValueReader, depth: int
) -> Answer:
    for arg in call.args:
        answer = laid_over(reader.mapping(arg, at, depth), answer)
    for keyword in call.keywords:
        if keyword.arg == KEY:
            answer = reader.value(keyword.value, depth)
        elif keyword.arg is None:
            answer = laid_over(reader.mapping(keyword.value, at, depth), answer)
    return answer


def _change(module: SourceFile, name: ast.Name) -> tuple[str, ast.expr | None] | None:
    """How the expression around a name changes its ``weights_only``; None where it does not."""
    parent = module.parents.get(name)
    holder = module.parents.get(parent) if parent is not None else None
    if isinstance(parent, ast.Subscript) and _is_key(parent.slice):
        if isinstance(holder, ast.Assign) and parent in holder.targets:
            return "set", holder.value
        if isinstance(holder, ast.Delete):
            return "remove", None
    if isinstance(parent, ast.Attribute) and isinstance(holder, ast.Call):
        if parent.attr == "update":
            return "update", holder
        if holder.args and _is_key(holder.args[0]):
            if parent.attr == "setdefault" and len(holder.args) > 1:
                return "setdefault", holder.args[1]
            if parent.attr == "pop":
                return "remove", None
    return None


def _is_key(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == KEY


def _tests_around(module: SourceFile, statement: ast.stmt) -> Iterator[ast.expr]:
    parent = module.parents.get(statement)
    while parent is not None:
        if isinstance(parent, ast.If):
            yield parent.test
        parent = module.parents.get(parent)
