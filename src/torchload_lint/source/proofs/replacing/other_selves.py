"""Whether a method is given something else for ``self``: ``Setter.put(models)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.proofs.known.harmless import DECORATORS
from torchload_lint.source.proofs.uses.own_self import is_instance, is_of_class
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

    Method = ast.FunctionDef | ast.AsyncFunctionDef


def takes_another(node: ast.expr, home: SourceFile, project: ProjectIndex) -> bool:
    """Whether ``self`` (or ``cls``, or ``type(self)``) may be what is no object of the class."""
    for name in (one for one in ast.walk(node) if isinstance(one, ast.Name)):
        for definition in (
            home.bindings.definitions(name) if home.bindings.class_of_self(name) else ()
        ):
            method = home.parents[home.parents[definition.node]]
            if isinstance(method, FUNCTIONS) and _may_be_called_otherwise(method, home, project):
                return True
    return False


def _may_be_called_otherwise(method: Method, home: SourceFile, project: ProjectIndex) -> bool:
    key = ("another self", method)
    return project.remember(key, lambda: _is_given_another(method, home, project))


def _is_given_another(method: Method, home: SourceFile, project: ProjectIndex) -> bool:
    if not all(map(home.bindings.qualified, method.decorator_list)):
        return True
    if any(home.bindings.qualified(one) not in DECORATORS for one in method.decorator_list):
        return True
    for path in sorted({*program_files(project)}.intersection(project.holding(method.name))):
        module = project.module_at(path)
        if module is None or any(
            _takes_method(node, method, home, module, project) for node in ast.walk(module.tree)
        ):
            return True
    return False


def _takes_method(
    node: ast.AST, method: Method, home: SourceFile, module: SourceFile, project: ProjectIndex
) -> bool:
    """Whether a node takes a method from its class, to be called with anything."""
    if isinstance(node, ast.Name) and node.id == method.name:
        return any(one.node is method for one in module.bindings.definitions(node))
    if isinstance(node, ast.Constant) and node.value == method.name:
        user = module.parents.get(node)
        is_asked = isinstance(user, ast.Call) and (
            module.bindings.qualified(user.func) == "builtins.getattr"
        )
        return is_asked or isinstance(user, ast.Subscript)
    if not isinstance(node, ast.Attribute) or node.attr != method.name:
        return False
    user = module.parents.get(node)
    if isinstance(user, ast.Attribute) and user.attr in {"__func__", "fget", "fset", "fdel"}:
        return True
    if is_of_class(method, home) and method.name != "__new__":
        return False
    holder = home.parents[method]
    return not _is_given_self(node, module) and (
        _gives_class(node.value) or _is_of(node.value, holder, module, project)
    )


def _gives_class(node: ast.expr) -> bool:
    """``type(x)`` and ``x.__class__``."""
    called = node.func if isinstance(node, ast.Call) else node
    return getattr(called, "id", getattr(called, "attr", "")) in {"type", "__class__"}


def _is_given_self(node: ast.Attribute, home: SourceFile) -> bool:
    """``Base.put(self, …)``."""
    call = home.parents.get(node)
    given = call.args[0] if isinstance(call, ast.Call) and call.func is node and call.args else None
    return (
        isinstance(given, ast.Name)
        and home.bindings.class_of_self(given) is not None
        and is_instance(given, home)
    )


def _is_of(node: ast.expr, holder: ast.AST, home: SourceFile, project: ProjectIndex) -> bool:
    """Whether it is the class of a method, or one that is derived from it."""
    around = home.bindings.class_of_self(node)
    if around is not None:
        is_class = isinstance(node, ast.Name) and not is_instance(node, home)
        return is_class and any(one is holder for one, _ in ancestry(around, home, project))
    return any(
        one is holder
        for dotted in filter(None, home.bindings.possible(node))
        for found in project.definitions(dotted, home.path)
        if isinstance(found.node, ast.ClassDef)
        for one, _ in ancestry(found.node, found.module, project)
    )
