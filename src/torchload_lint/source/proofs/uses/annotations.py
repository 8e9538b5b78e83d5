"""What code takes out of annotations: the names alone, or the classes that stand there, too.

``kind(value) for name, kind in self.__annotations__.items()`` and ``field.type(value) for field in
fields(self)`` call what a class names in its annotations, which no proof looks at.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

ANNOTATED = frozenset({"__annotations__", "__dataclass_fields__"})
_GIVING_NAMES = frozenset(
    "all any bool enumerate frozenset iter len list max min reversed set sorted tuple".split()
)
"""Builtins that take the keys out of a dictionary."""
_PLAIN = frozenset("compare hash init kw_only name repr".split())
"""Attributes of a field that are a text, or say yes or no."""
_SCOPES = (*FUNCTIONS, ast.Lambda, ast.Module)


def takes_names(node: ast.expr, home: SourceFile) -> bool:
    """Whether code takes nothing but the names out of a table of annotations or fields."""
    user = home.parents.get(node)
    if isinstance(user, ast.Attribute):
        call = home.parents.get(user)
        return user.attr == "keys" and isinstance(call, ast.Call) and call.func is user
    if isinstance(user, ast.Call):
        is_builtin = isinstance(user.func, ast.Name) and not home.bindings.definitions(user.func)
        return is_builtin and node in user.args and user.func.id in _GIVING_NAMES  # type: ignore[attr-defined]
    if isinstance(user, ast.Compare):
        return user.left is not node and all(
            isinstance(one, ast.In | ast.NotIn) for one in user.ops
        )
    if isinstance(user, ast.For | ast.comprehension):
        return user.iter is node
    return isinstance(user, ast.If | ast.IfExp | ast.While) and user.test is node


def takes_names_of_fields(function: ast.AST, home: SourceFile) -> bool:
    """Whether ``for field in fields(x)`` asks each field for what is no class and no value."""
    call = home.parents.get(function)
    if not isinstance(call, ast.Call) or call.func is not function:
        return False
    loop = home.parents.get(call)
    if isinstance(loop, ast.Call):
        return isinstance(loop.func, ast.Name) and loop.func.id == "len" and call in loop.args
    if not isinstance(loop, ast.For | ast.comprehension) or loop.iter is not call:
        return False
    if not isinstance(loop.target, ast.Name):
        return False
    around: ast.AST = loop
    while not isinstance(around, _SCOPES):
        around = home.parents[around]
    return all(
        _is_plain_use(one, home)
        for one in ast.walk(around)
        if isinstance(one, ast.Name) and one.id == loop.target.id
    )


def _is_plain_use(field: ast.Name, home: SourceFile) -> bool:
    if not isinstance(field.ctx, ast.Load):
        return True
    asked = home.parents.get(field)
    if not isinstance(asked, ast.Attribute) or asked.value is not field:
        return False
    return asked.attr in _PLAIN or isinstance(home.parents.get(asked), ast.Compare)
