"""Fields of dataclasses and their kind: what a call of the class gives them, and their defaults."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names import members
from torchload_lint.source.project import classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Class
    from torchload_lint.source.project.index import ProjectIndex

_FIELD_FUNCTIONS = frozenset({"field", "Field", "attrib", "ib"})


def spreads(call: ast.Call) -> bool:
    """Whether a constructor is given ``*more`` or ``**more``, which may hold any field."""
    return any(isinstance(each, ast.Starred) for each in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )


def defines(of: Class, name: str, project: ProjectIndex) -> bool:
    """Whether a class of the project, or one above it, has a member of its own."""
    ancestry = classes.ancestry(of.node, of.module, project)
    return any(members.member(node, name) is not None for node, _ in ancestry)


def given(call: ast.Call, of: Class, name: str, project: ProjectIndex) -> ast.expr | None:
    """What a call of a class gives to one of its fields: those of its bases come first."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    levels = reversed([*classes.ancestry(of.node, of.module, project)])
    fields = [*dict.fromkeys(field for node, _ in levels for field in _positional(node))]
    index = fields.index(name) if name in fields else len(call.args)
    before = call.args[: index + 1]
    if index < len(call.args) and not any(isinstance(each, ast.Starred) for each in before):
        return call.args[index]
    return None


def _positional(node: ast.ClassDef) -> Iterator[str]:
    """The fields that a call may give without their names: no class variables, and none that the
    constructor does not take, or only by name.
    """
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        given = item.value.keywords if isinstance(item.value, ast.Call) else []
        settings = {each.arg: getattr(each.value, "value", None) for each in given}
        by_name = settings.get("kw_only") is True or settings.get("init") is False
        if not by_name and "ClassVar" not in ast.unparse(item.annotation):
            yield item.target.id


def default_of(value: ast.expr | None) -> ast.expr | None:
    """The default of ``x: T = value``, of ``field(default=…)`` and ``Field(…)``."""
    if not isinstance(value, ast.Call):
        return value
    function = value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in _FIELD_FUNCTIONS:
        return value
    for keyword in value.keywords:
        if keyword.arg in {"default", "default_factory", "factory"}:
            return keyword.value.body if isinstance(keyword.value, ast.Lambda) else keyword.value
    if value.args and not isinstance(value.args[0], ast.Constant):
        return value.args[0]
    literal = value.args[0] if value.args else None
    return None if isinstance(literal, ast.Constant) and literal.value is ... else literal
