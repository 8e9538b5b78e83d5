"""Whether ``self`` is an object of its class, and not a class, or what a file has given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_OF_THE_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})


def is_instance(name: ast.Name, home: SourceFile) -> bool:
    """Whether ``self`` is nothing but the first parameter of a method, never given anew."""
    definitions = home.bindings.definitions(name)
    if not definitions or any(one.kind != "parameter" for one in definitions):
        return False
    functions = [home.parents[home.parents[one.node]] for one in definitions]
    return all(
        isinstance(one, FUNCTIONS)
        and not is_of_class(one, home)
        and not any(isinstance(inner, ast.Nonlocal) and name.id in inner.names
                    for inner in ast.walk(one))
        for one in functions
    )  # fmt: skip


def is_of_class(function: ast.AST, home: SourceFile) -> bool:
    """Whether a method is given its class in the place of an object."""
    if not isinstance(function, FUNCTIONS) or function.name in _OF_THE_CLASS:
        return True
    marks = map(home.bindings.qualified, function.decorator_list)
    return not {"builtins.classmethod", "builtins.staticmethod"}.isdisjoint(marks)


def is_bound_super(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is ``super()`` of an object: what is called on it is given that object."""
    if not isinstance(node, ast.Call) or home.bindings.qualified(node.func) != "builtins.super":
        return False
    if node.args:
        last = node.args[-1]
        return isinstance(last, ast.Name) and is_instance(last, home)
    function = home.function(node)
    while function is not None and not isinstance(home.parents.get(function), ast.ClassDef):
        function = home.function(function)
    return function is not None and not is_of_class(function, home)


def hands_on(node: ast.Attribute, home: SourceFile) -> bool:
    """Whether what an attribute holds may get called with something: here, or by who is given it.

    ``x.put(y)`` where ``x`` is a class takes ``y`` for ``self``.
    """
    user = home.parents.get(node)
    if isinstance(user, ast.Call) and user.func is node:
        return bool(user.args or user.keywords)
    if isinstance(user, ast.Attribute):
        return user.attr.startswith("__")
    if isinstance(user, ast.Subscript):
        return user.value is not node
    if isinstance(user, ast.For | ast.comprehension):
        return user.iter is not node
    return not isinstance(user, _ONLY_VALUES)


_ONLY_VALUES = (
    ast.Assert, ast.Expr, ast.FormattedValue, ast.If, ast.Slice, ast.UnaryOp, ast.While,
)  # fmt: skip


def is_member(node: ast.Name, home: SourceFile) -> bool:
    """Whether a method gets another name in its class (``__str__ = __repr__``), or becomes a
    property: it is given an object in either case.
    """
    user = home.parents.get(node)
    if isinstance(user, ast.Call) and home.bindings.qualified(user.func) == "builtins.property":
        user = home.parents.get(user)
    return isinstance(user, ast.Assign | ast.AnnAssign) and isinstance(
        home.parents.get(user), ast.ClassDef
    )
