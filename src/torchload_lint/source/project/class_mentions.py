"""What a project does with a class where it names it: makes an object, or hands it about."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.project.mentions import modules_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import Definition

_MAKING = frozenset({"__init__", "__new__", "__call__", "__subclasses__"})
_ASKING = frozenset(
    f"builtins.{name}"
    for name in (
        "isinstance",
        "issubclass",
        "super",
        "getattr",
        "hasattr",
        "setattr",
        "id",
        "print",
    )
)


def mentions(
    node: ast.ClassDef, home: SourceFile, project: ProjectIndex
) -> Iterator[tuple[SourceFile, ast.Name | ast.Attribute]]:
    """The places that name a class and do more than to inherit from it, to ask whether something
    is one of it, or to annotate. Raises TooManyError.
    """
    for module in modules_with(project, node.name, home):
        named = module.carrying(node.name)
        renamed = {each.asname for each in named if isinstance(each, ast.alias) and each.asname}
        for word in {node.name, *renamed}:
            for each in module.carrying(word):
                if (
                    isinstance(each, ast.Name | ast.Attribute)
                    and isinstance(each.ctx, ast.Load)
                    and not _is_other(each, module, node, project)
                    and not makes_nothing(each, module)
                ):
                    yield module, each


def makes_nothing(node: ast.expr, module: SourceFile) -> bool:
    """Whether a class is named and no object made of it: a base, an annotation, ``isinstance``,
    a part of a message.
    """
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript):
        return isinstance(parent.ctx, ast.Load)
    if isinstance(parent, ast.ClassDef | ast.arg | ast.Attribute | ast.ExceptHandler):
        return not (isinstance(parent, ast.Attribute) and parent.attr in _MAKING)
    if isinstance(parent, ast.AnnAssign) and parent.annotation is node:
        return True
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and parent.returns is node:
        return True
    if isinstance(parent, ast.Tuple):
        parts, parent = parent, module.parents.get(parent)
        if isinstance(parent, ast.Subscript) and parent.slice is parts:  # ``Union[Net, None]``
            return isinstance(parent.ctx, ast.Load)
    if isinstance(parent, ast.Call):
        if isinstance(parent.func, ast.Attribute) and parent.func.attr == "__new__":
            return node is not parent.func  # ``super().__new__(cls)``: for whoever calls the class
        callee = module.bindings.qualified(parent.func)
        return node is not parent.func and callee in _ASKING
    return isinstance(parent, ast.Compare | ast.FormattedValue)


def _is_other(
    node: ast.Name | ast.Attribute, module: SourceFile, of: ast.ClassDef, project: ProjectIndex
) -> bool:
    """Whether the name certainly stands for another thing."""
    meanings = module.bindings.possible(node)
    if meanings and "" not in meanings:
        nodes = [
            each.node for meaning in meanings for each in project.definitions(meaning, module.path)
        ]
        return of not in nodes and all(each.node is not of for each in _own(node, module))
    return isinstance(node, ast.Attribute) and module.bindings.class_of_self(node.value) is not None


def _own(node: ast.expr, module: SourceFile) -> tuple[Definition, ...]:
    return module.bindings.definitions(node) if isinstance(node, ast.Name) else ()
