"""What a project does with a class where it names it: makes an object, or hands it about."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.project.mentions import modules_with
from torchload_lint.source.text.candidates import carrying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import Definition

_MAKING = frozenset({"__init__", "__new__", "__call__", "__subclasses__"})
_ASKING = frozenset({"builtins.isinstance", "builtins.issubclass", "builtins.super"})


def mentions(
    node: ast.ClassDef, home: SourceFile, project: ProjectIndex
) -> Iterator[tuple[SourceFile, ast.Name | ast.Attribute]]:
    """The places that name a class and do more than to inherit from it, to ask whether something
    is one of it, or to annotate. Raises TooManyError.
    """
    for module in modules_with(project, node.name, home):
        words = {node.name}
        for each in carrying(module.tree, module.lines, words)[node.name]:
            if isinstance(each, ast.alias) and each.asname:
                words.add(each.asname)
        for places in carrying(module.tree, module.lines, words).values():
            for each in places:
                if (
                    isinstance(each, ast.Name | ast.Attribute)
                    and isinstance(each.ctx, ast.Load)
                    and not _is_plain(each, module, node, project)
                ):
                    yield module, each


def _is_plain(
    node: ast.Name | ast.Attribute, module: SourceFile, of: ast.ClassDef, project: ProjectIndex
) -> bool:
    """Whether a name of a class makes no object: a base, an annotation, ``isinstance``, or the
    name of another thing.
    """
    if _is_other(node, module, of, project):
        return True
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
        parent = module.parents.get(parent)
    if isinstance(parent, ast.Call):
        callee = module.bindings.qualified(parent.func)
        return node is not parent.func and callee in _ASKING
    return isinstance(parent, ast.Compare)


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
