"""Imports in functions: a file decides whether they run, and they run whole files."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.proofs.known.harmless import is_imported_freely
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

    _Import = ast.Import | ast.ImportFrom


def imported_late(node: _Import, home: Module, project: ProjectIndex) -> Iterator[str]:
    """What an import in a function may import that nothing has imported before."""
    before: set[str] | None = None
    for name in _imported(node, home):
        own = project.layout.locate(name.partition(".")[0], home.path)
        if own is None and is_imported_freely(name):
            continue
        if before is None:
            before = {one for other in _at_import(home.tree) for one in _imported(other, home)}
            before |= {home.name}
        if not any(f"{one}.".startswith(f"{name}.") for one in before):
            yield name


def _imported(node: _Import, home: Module) -> Iterator[str]:
    """The modules of an import; of ``from package import name`` the package, and the name, which
    may be a module of it.
    """
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
        return
    for one in node.names:
        yield _absolute(node, one.name, home)


def _absolute(node: ast.ImportFrom, name: str, home: Module) -> str:
    package = home.name.split(".")
    if node.level:
        keep = len(package) - node.level + (home.path.endswith("__init__.py"))
        inside = package[: max(keep, 0)]
    else:
        inside = []
    return ".".join((*inside, *filter(None, (node.module or "",)), name))


def _at_import(tree: ast.Module) -> Iterator[_Import]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.If)):
            waiting += ast.iter_child_nodes(node)
