"""Whether another file sets what a constant of a module or of a class is believed to be."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.project.mentions import TooManyError, modules_with
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_SETTING = ("setattr", "__setattr__", "delattr", "__delattr__")
_OWN = ("self", "cls")


def set_elsewhere(project: ProjectIndex, module: SourceFile, node: ast.expr) -> str:
    """In words, who may set a name of the module or of a class that an expression looks up; empty
    where no other file does, and where it looks up local names alone.
    """
    for name in dict.fromkeys(_shared_names(module, node)):
        try:
            others = [one for one in modules_with(project, name, module) if one is not module]
        except TooManyError as error:
            return str(error)
        for other in others:
            for carrier in other.carrying(name):
                if _sets(other, carrier, name):
                    return (
                        f"{other.path}:{other.span(other.statement(carrier)).start.row} sets {name}"
                    )
    return ""


def _shared_names(module: SourceFile, node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Name):
            made = module.bindings.definitions(part)
            if any(module.bindings.scope(one.node) is module.tree for one in made):
                yield part.id


def _sets(module: SourceFile, carrier: ast.AST, name: str) -> bool:
    """Whether it is ``thing.NAME = …`` or ``setattr(thing, "NAME", …)``; what a class sets of its
    own objects is another class's.
    """
    if isinstance(carrier, ast.Attribute) and not isinstance(carrier.ctx, ast.Load):
        own = isinstance(carrier.value, ast.Name) and carrier.value.id in _OWN
        return carrier.attr == name and not own
    call = module.parents.get(carrier)
    if not (isinstance(carrier, ast.Constant) and carrier.value == name):
        return False
    return isinstance(call, ast.Call) and last_name(call.func) in _SETTING
