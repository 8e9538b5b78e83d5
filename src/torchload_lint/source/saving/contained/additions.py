"""What is put into objects before they are saved, other than by their classes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module

_SELF = frozenset({"self", "cls"})
_SETTING = frozenset({"setattr", "__setattr__"})
_OBJECT_NAME_VALUE = 3
_FILLING = frozenset({"__setitem__", "append", "extend", "insert", "setdefault", "update"})


def additions(saved: ast.expr, home: Module) -> Iterator[ast.expr]:
    """The values that a file puts into what a saved expression names, anywhere in it, as
    attributes or items: ``c.child = Two(3)`` where ``{"cfg": c}`` is saved, ``state["mean"] = x``
    where ``state`` is. Objects are told apart by how they are spelled.
    """
    named = {*_named(saved)}
    for node in ast.walk(saved):
        if isinstance(node, ast.Name):
            for each in home.bindings.definitions(node):
                named.update(_named(each.value) if each.value is not None else ())
    named -= _SELF
    for node in ast.walk(home.tree):
        receiver, value = _setting(node)
        if receiver is not None and value is not None and code_of(receiver) in named:
            yield value
        owner, put = _filling(node)
        if owner is not None and any(code_of(each) in named for each in _inner(owner)):
            yield from put


def _named(node: ast.expr) -> Iterator[str]:
    return (code_of(each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute))


def _setting(node: ast.AST) -> tuple[ast.expr | None, ast.expr | None]:
    """The object and the value, where an attribute is set."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                return target.value, node.value
    if isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Attribute):
        return node.target.value, node.value
    if isinstance(node, ast.Call) and len(node.args) == _OBJECT_NAME_VALUE:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return (node.args[0], node.args[2]) if name in _SETTING else (None, None)
    return None, None


def _filling(node: ast.AST) -> tuple[ast.expr | None, list[ast.expr]]:
    """The object and the values, where items are put into it."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Subscript):
                return target.value, [node.value]
        if isinstance(node, ast.AugAssign):
            return node.target, [node.value]
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _FILLING:
        return getattr(node.func, "value", None), [
            *node.args,
            *(each.value for each in node.keywords),
        ]
    return None, []


def _inner(node: ast.expr) -> Iterator[ast.expr]:
    """An expression, and the objects that it is a part of: ``a.b[0]``, ``a.b``, ``a``."""
    yield node
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
        yield node
