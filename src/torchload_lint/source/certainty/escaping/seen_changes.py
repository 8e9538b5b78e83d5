"""Reasons that name a place where the very thing is set or changed.

Other reasons only say that something is not followed. These take what was found out of what is
exact: a program that comes by that place opens another file.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.certainty.escaping.asked import shown
from torchload_lint.source.domain import mappings
from torchload_lint.source.domain.values import (
    Constant,
    Function,
    Record,
    Sequence,
    Text,
    Unknown,
    union,
)
from torchload_lint.source.facts.scripts import runs_as_program_alone
from torchload_lint.source.project.imports import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Value, Values
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
    key: str | None = None
    """The entry that was asked about."""


def changed(node: ast.expr, what: str) -> str:
    """The thing, as it is written, and what changes it there."""
    return SeenChange(shown(node, what))


def stored(why: str, target: ast.AST | None, module: SourceFile, key: str | None = None) -> str:
    """A reason that names a place where something is stored in a target, or is what is stored."""
    change = SeenChange(why)
    change.key = key
    statement = module.parents.get(target) if target is not None else None
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        change.value, change.module = statement.value, module
    elif isinstance(statement, ast.Call) and isinstance(target, ast.expr):  # ``setattr``
        change.value, change.module = target, module
    return change


class OneProgram(NamedTuple):
    """What surely runs in the program of a load."""

    home: SourceFile
    """The file of the load."""
    project: ProjectIndex
    files: frozenset[str] = frozenset()
    """Those in which something stands that the answer rests on."""

    def holds(self, path: str) -> bool:
        """Whether one program runs a file and the load."""
        home = self.home.path
        return (
            path in self.files or runs(self.project, home, path) or runs(self.project, path, home)
        )

    def comes_by(self, node: ast.AST, module: SourceFile) -> bool:
        """Whether one program runs the load and a place in a file. What stands below the file's
        own ``if __name__ == "__main__":`` runs where that file is what is started.
        """
        if runs_as_program_alone(module, node):
            return runs(self.project, module.path, self.home.path)
        return self.holds(module.path)

    def seen(self, why: str, module: SourceFile, target: ast.AST | None) -> str:
        """A reason that names a place in a file: seen, where it is one program's."""
        return stored(why, target, module) if self.holds(module.path) else why


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
    """Whether a change stores what is no part of what was found; what is one, was followed.

    Of several things that may be stored, one may be a part by chance: all have to be.
    """
    if change.value is None or change.module is None:
        return True
    copied = _copied(change, evaluator)
    values = evaluator.aside(change.value, change.module) if copied is None else copied
    told = [text for value in values for text in _said(value)]
    return not all(any(text in one for one in found) for text in told)


def _copied(change: SeenChange, evaluator: Evaluator) -> Values | None:
    """What ``for key, value in source.items(): thing[key] = value`` stores as the entry that is
    asked about; None for other stores, and where a mapping is not known.
    """
    assert change.value is not None
    assert change.module is not None
    parents = change.module.parents
    statement = loop = parents.get(change.value)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    while loop is not None and not isinstance(loop, ast.For):
        loop = parents.get(loop)
    if change.key is None or loop is None or not isinstance(target, ast.Subscript):
        return None
    turn = ast.comprehension(loop.target, loop.iter, [], 0)
    source = mappings.copied(ast.DictComp(target.slice, change.value, [turn]))
    values = evaluator.aside(source, change.module) if source is not None else ()
    records = [each for each in values if isinstance(each, Record)]
    if not records or len(records) < len(values):
        return None
    return union(*(each.entries.get(change.key, each.others) for each in records))


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
