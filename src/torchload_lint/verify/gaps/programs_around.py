"""The files of a program: which may run before a load of one, and which of them a proof runs."""

from __future__ import annotations

import ast
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.notes import is_test_file
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name, text_of
from torchload_lint.verify.gaps.conditional_classes import is_same_in_each_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_MOST_FILES = 400
"""Files of a program that are looked at, the nearest first."""


class ProgramFile(NamedTuple):
    """A file of a program."""

    module: Module
    is_run: bool
    """Whether a proof runs what stands outside of its functions."""

    def unseen(self) -> Iterator[ast.AST]:
        """The nodes that a proof does not run, and the program may: also what stands below a test
        that another run may answer in another way.
        """
        waiting: list[tuple[ast.AST, bool]] = [(self.module.tree, not self.is_run)]
        while waiting:
            node, is_unseen = waiting.pop()
            if is_unseen:
                yield node
            inside = is_unseen or isinstance(node, FUNCTIONS) or self._is_choice(node)
            waiting += [(one, inside) for one in reversed(list(ast.iter_child_nodes(node)))]

    def _is_choice(self, node: ast.AST) -> bool:
        test = getattr(node, "test", None)
        return isinstance(test, ast.expr) and not is_same_in_each_run(test, self.module)


def program_around(module: Module, project: ProjectIndex) -> tuple[ProgramFile, ...]:
    """The files that may run before a load of one: what it imports, what imports it, and what
    these import; itself first. Tests are left out.
    """
    others = project.remember(("program", module.path), lambda: tuple(_others(module, project)))
    return (ProgramFile(module, is_run=False), *others)


def _others(module: Module, project: ProjectIndex) -> Iterator[ProgramFile]:
    at_top = list(_imported(module, project, module.tree.body))
    run = _closure(at_top, lambda one: _all_imported(one, project))
    above = _closure([module], lambda one: _importing(one, project))
    every = _closure(above.values(), lambda one: _all_imported(one, project))
    for path, one in every.items():
        if path != module.path:
            yield ProgramFile(one, is_run=path in run)
    yield from (ProgramFile(one, is_run=False) for one in _fixtures(module, project))


def _fixtures(module: Module, project: ProjectIndex) -> Iterator[Module]:
    """The ``conftest.py`` files that pytest runs before a test."""
    folder = module.path if is_test_file(module.path, module.text) else ""
    while folder:
        folder = dirname(folder)
        path = f"{folder}/conftest.py".removeprefix("/")
        found = project.module_at(path) if project.files.exists(path) else None
        if found is not None and found is not module:
            yield found


def _closure(
    first: Iterable[Module], nearby: Callable[[Module], Iterable[Module]]
) -> dict[str, Module]:
    known = {one.path: one for one in first}
    waiting = list(known.values())
    while waiting and len(known) < _MOST_FILES:
        for other in nearby(waiting.pop(0)):
            if other.path not in known and not is_test_file(other.path, other.text):
                known[other.path] = other
                waiting.append(other)
    return known


def _all_imported(module: Module, project: ProjectIndex) -> tuple[Module, ...]:
    return project.remember(("imported by", module.path), lambda: tuple(_imported(module, project)))


def _imported(
    module: Module, project: ProjectIndex, body: Iterable[ast.AST] | None = None
) -> Iterator[Module]:
    """The files of the project that a file imports, with the packages that they lie in."""
    for part in (module.tree,) if body is None else body:
        is_function = isinstance(part, FUNCTIONS)
        for node in ast.walk(part) if not is_function else ():
            for name in _names_of_modules(node):
                found, _ = project.split(name, module.path)
                if found is not None and found is not module:
                    yield found
                    yield from _packages_of(found, project)


def _packages_of(module: Module, project: ProjectIndex) -> Iterator[Module]:
    folder = dirname(module.path)
    while folder and project.files.exists(f"{folder}/__init__.py"):
        package = project.module_at(f"{folder}/__init__.py")
        if package is not None and package is not module:
            yield package
        folder = dirname(folder)


def _names_of_modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        yield base
        for alias in node.names:
            yield base + "." * bool(node.module) + alias.name
    elif isinstance(node, ast.Call) and last_name(node.func) in {"import_module", "__import__"}:
        yield from filter(None, map(text_of, node.args[:1]))


def _importing(module: Module, project: ProjectIndex) -> Iterator[Module]:
    """The files of the project that import a file."""
    word = module.name.rpartition(".")[2]
    for path in project.holding(word) if word else ():
        other = project.module_at(path) if path != module.path else None
        if other is None or is_test_file(path, other.text):
            continue
        if any(one.path == module.path for one in _all_imported(other, project)):
            yield other
