"""Names of a load's file that other files may give another meaning (``__main__.Net = Other``)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.source.project.changes import reflection
from torchload_lint.source.project.changes.attribute_stores import stores_of
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.proofs.replacing.own_objects import finds_module

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex


def is_given_from_outside(name: str, module: Module, project: ProjectIndex) -> bool:
    """Whether a place of the project sets a name of a file, as an attribute of its module."""
    key = ("given from outside", module.path, name)
    return project.remember(key, lambda: _is_given(name, module, project))


def _is_given(name: str, module: Module, project: ProjectIndex) -> bool:
    stores = ((target.value, home) for home, target, _ in stores_of({name}, project))
    changes = (
        (change.receiver, change.module)
        for change in reflection.changes_in(program_files(project), project)
        if change.kind == "attribute" and change.name in {None, name}
    )
    return any(
        receiver is not None and _is_module(receiver, home, module)
        for receiver, home in chain(stores, changes)
    )


def _is_module(receiver: ast.expr, home: SourceFile, module: Module) -> bool:
    named = {"__main__", module.name}
    return finds_module(receiver, home) or not named.isdisjoint(home.bindings.possible(receiver))
