"""What a class of the project has under a name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Class, Function, Text, lift, unknown
from torchload_lint.source.names import members
from torchload_lint.source.project import classes

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator


def value(evaluator: Evaluator, of: Class, name: str, frame: Frame) -> Values:
    """``Class.name``, its own or inherited."""
    if name == "__name__":
        return (Text(of.node.name, rung=Rung.CONSTANT),)
    evaluator.relied.member(of, name, method=True)
    for node, module in classes.ancestry(of.node, of.module, evaluator.project):
        member = members.member(node, name)
        if member is None:
            continue
        if members.is_function(member):
            return (Function(member, module),)
        if isinstance(member, ast.ClassDef):
            return (Class(member, module),)
        written = getattr(member, "value", None)
        if isinstance(written, ast.expr):
            from torchload_lint.source.state import enumerations  # noqa: PLC0415 - few questions lead here

            values = lift(evaluator.values(written, frame.elsewhere(module)), Rung.CONSTANT)
            return enumerations.member_of(evaluator, of, name, values) or values
    return unknown(f"{of.node.name}.{name} is not defined in the class")
