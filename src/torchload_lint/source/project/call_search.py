"""Calls of something by its name, within one file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names import members
from torchload_lint.source.text.candidates import on_rows, rows_with
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.text import Lines

_GIVEN_THE_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})


def calls_named(project: ProjectIndex, module: SourceFile, name: str) -> list[ast.Call]:
    """The calls of something whose name ends in ``name``, in the order of the file; found once."""
    return project.remember(
        ("calls", module.tree, name),
        lambda: calls_among(module.tree, module.lines, {name}),
        stands=True,
    )


def calls_among(
    scope: ast.AST,
    lines: Lines,
    names: Collection[str],
    closed: tuple[type[ast.AST], ...] = (),
) -> list[ast.Call]:
    """The calls in a scope of what has one of some names, in the order of the file. ``closed``:
    types of nodes that are not looked into.
    """
    rows = rows_with(lines, names, scope)
    found = [
        node
        for node in on_rows(scope, rows, closed)
        if isinstance(node, ast.Call)
        and not isinstance(node.func, ast.Call)
        and last_name(node.func) in names
    ]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


class OwnClass(NamedTuple):
    """A place in a class that names the class of an object, but not by its name."""

    node: ast.expr
    """``cls``, ``type(x)`` or ``x.__class__``."""
    is_certain: bool
    """Whether it is the class of the object whose method this is, be it a subclass."""


def naming_own_class(level: ast.ClassDef, module: SourceFile) -> Iterator[OwnClass]:
    """``cls``, ``type(self)``, ``self.__class__`` in a class, and the same of other objects."""
    leading = {first for each in members.body(level.body) for first in _class_parameter(each)}
    for node in on_rows(level, rows_with(module.lines, ("type", "__class__", *leading), level)):
        asked = _asked_for_class(node)
        if asked is not None and isinstance(node, ast.expr):
            yield OwnClass(node, module.bindings.class_of_self(asked) is level)
        elif (
            isinstance(node, ast.Name)
            and node.id in leading
            and module.bindings.class_of_self(node) is level
        ):
            yield OwnClass(node, is_certain=True)


def _class_parameter(method: ast.stmt) -> Iterator[str]:
    if members.is_function(method) and (
        members.is_class_method(method) or method.name in _GIVEN_THE_CLASS
    ):
        for first in (*method.args.posonlyargs, *method.args.args)[:1]:
            yield first.arg


def _asked_for_class(node: ast.AST) -> ast.expr | None:
    """``x`` of ``type(x)`` and ``x.__class__``."""
    if isinstance(node, ast.Call):
        is_type = isinstance(node.func, ast.Name) and node.func.id == "type"
        return node.args[0] if is_type and len(node.args) == 1 else None
    return node.value if isinstance(node, ast.Attribute) and node.attr == "__class__" else None
