"""Reasons that name a place where the very thing is set or changed.

Other reasons only say that something is not followed. These take what was found out of what is
exact: a program that comes by that place opens another file.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.asked import shown
from torchload_lint.source.domain.values import Constant, Function, Sequence, Text, Unknown
from torchload_lint.source.project.imports import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Value
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_SOMETHING = "\0"
"""What is no part of any path."""


class SeenChange(str):  # noqa: SLOT000 - few are made, and they say more than their text
    """Such a reason."""

    value: ast.expr | None = None
    """What is stored, where that is written there."""
    module: SourceFile | None = None


def changed(node: ast.expr, what: str) -> str:
    """The thing, as it is written, and what changes it there."""
    return SeenChange(shown(node, what))


def stored(why: str, target: ast.AST | None, module: SourceFile) -> str:
    """A reason that names a place where something is stored in a target."""
    change = SeenChange(why)
    statement = module.parents.get(target) if target is not None else None
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        change.value, change.module = statement.value, module
    return change


def in_one_program(
    why: str, module: SourceFile, home: SourceFile, project: ProjectIndex, target: ast.AST | None
) -> str:
    """A reason that names a place in a file: seen, where one program runs that and ``home``."""
    together = runs(project, home.path, module.path) or runs(project, module.path, home.path)
    return stored(why, target, module) if together else why


def first_seen(reasons: Iterator[str], evaluator: Evaluator, found: Iterable[str]) -> str:
    """The first such reason that makes something else of what was found; empty where none does."""
    texts = tuple(found)
    return next(
        (
            each
            for each in reasons
            if isinstance(each, SeenChange) and _adds(each, evaluator, texts)
        ),
        "",
    )


def _adds(change: SeenChange, evaluator: Evaluator, found: tuple[str, ...]) -> bool:
    """Whether a change stores what is no part of what was found; what is one, was followed."""
    if change.value is None or change.module is None:
        return True
    values = evaluator.aside(change.value, change.module)
    told = [text for value in values for text in _said(value)]
    return bool(told) and not any(text in one for text in told for one in found)


def _said(value: Value) -> Iterator[str]:
    """The texts of a value; none for objects and what says nothing."""
    if isinstance(value, Text):
        yield value.text
    elif isinstance(value, Constant) and type(value.value) in (int, float):
        yield str(value.value)
    elif isinstance(value, Sequence):
        for each in value.element():
            yield from _said(each)
    elif isinstance(value, Unknown | Function):
        yield _SOMETHING
