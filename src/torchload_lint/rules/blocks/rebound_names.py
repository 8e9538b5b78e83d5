"""Names of a load's file that other files may give another meaning (``__main__.Net = Other``)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.project.changes import reflection
from torchload_lint.source.project.changes.attribute_stores import stores_of
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.proofs.replacing.own_objects import finds_module

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_MAIN = "__main__"
_NOT_QUOTED = late_pattern(rf"(?<![\"']){_MAIN}")


def is_given_from_outside(name: str, module: Module, project: ProjectIndex) -> bool:
    """Whether a place of the project sets a name of a file, as an attribute of its module."""
    key = ("given from outside", module.path, name)
    return project.remember(key, lambda: _is_given(name, module, project))


def _is_given(name: str, module: Module, project: ProjectIndex) -> bool:
    holding = _may_name(module, project)
    stores = ((target.value, home) for home, target, _ in stores_of({name}, project, holding))
    changes = (
        (change.receiver, change.module)
        for change in reflection.changes_within(_of_program(holding, project), project)
        if change.kind == "attribute" and change.name in {None, name}
    )
    return any(
        receiver is not None and _is_module(receiver, home, module)
        for receiver, home in chain(stores, changes)
    )


def _is_module(receiver: ast.expr, home: SourceFile, module: Module) -> bool:
    named = {_MAIN, module.name}
    return finds_module(receiver, home) or not named.isdisjoint(home.bindings.possible(receiver))


def _may_name(module: Module, project: ProjectIndex) -> set[str]:
    """The files that spell a module's own name, import ``__main__`` or find modules by name."""
    found = {*project.holding("sys")} & {*project.holding("modules")}
    words = (module.name.rpartition(".")[2], "import_module", "__import__")
    importing = (one for one in project.holding(_MAIN) if _imports_main(one, project))
    return found.union(*map(project.holding, words), importing)


def _imports_main(path: str, project: ProjectIndex) -> bool:
    """Whether ``__main__`` stands in a file otherwise than as a text of its own."""
    return _NOT_QUOTED.search(project.files.text(path) or "") is not None


def _of_program(paths: set[str], project: ProjectIndex) -> Iterator[str]:
    return (path for path in program_files(project) if path in paths)
