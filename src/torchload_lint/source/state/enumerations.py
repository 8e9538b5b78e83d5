"""Enumerations and ``Literal``: parameters that can only be one of a few things."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung, known
from torchload_lint.source.domain.values import Text, lift, union
from torchload_lint.source.names.members import member
from torchload_lint.source.project import classes

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Class, Frame, Instance, Values
    from torchload_lint.source.evaluator import Evaluator

_BASES = frozenset({"enum.Enum", "enum.StrEnum", "strenum.StrEnum"})
_ODD_MEMBERS = ("value", "name", "__str__", "__format__", "__fspath__", "__getattribute__")


def literals(annotation: ast.Subscript) -> Values:
    """The texts of ``Literal["a", "b"]``; empty for all other annotations."""
    if ast.unparse(annotation.value).rpartition(".")[2] != "Literal":
        return ()
    inside = annotation.slice
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return union(Text(known(text), rung=Rung.DEFAULT) for text in texts if isinstance(text, str))


def leave_open_if_odd(evaluator: Evaluator, of: Class) -> None:
    """Note where the class of a member says itself what the member is."""
    if _BASES & classes.base_names(of.node, of.module, evaluator.project):
        for level, _ in classes.ancestry(of.node, of.module, evaluator.project):
            for name in _ODD_MEMBERS:
                if member(level, name) is not None:
                    evaluator.leave_open(f"class {level.name} has {name}")


def attribute(evaluator: Evaluator, instance: Instance, name: str, frame: Frame) -> Values:
    """``member.value`` and ``member.name`` of any member of an enumeration; empty for others."""
    of = instance.of
    if not _BASES & set(classes.base_names(of.node, of.module, evaluator.project)):
        return ()
    members = [
        (statement.targets[0].id, statement.value)
        for statement in of.node.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    ]
    if name == "name":
        return union(Text(known(each), rung=Rung.DEFAULT) for each, _ in members)
    home = frame.elsewhere(of.module)
    return lift(union(*(evaluator.values(value, home) for _, value in members)), Rung.DEFAULT)
