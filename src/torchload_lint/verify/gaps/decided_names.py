"""Names that a module binds in more than one way: each run may decide anew what they lead to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import COMPREHENSIONS, FUNCTIONS
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.conditional_classes import is_same_in_each_run
from torchload_lint.verify.gaps.proof_gaps import names_given_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_MOST_MODULES = 8
"""Modules that a name is followed through, from import to import."""
_NOT_INSTALLED = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError"})
"""What is raised in each run, or in none, as long as what is installed stays."""


def decided_anew(whole: str, module: Module, project: ProjectIndex) -> str:
    """Where a run decides what a name of an allowlist leads to; empty where it does not."""
    waiting = [(whole, module)]
    seen: set[tuple[str, str]] = set()
    while waiting and len(seen) < _MOST_MODULES:
        dotted, near = waiting.pop()
        home, names = project.split(dotted, near.path) if "." in dotted else (None, [])
        if home is None or not names or (home.path, names[0]) in seen:
            continue
        seen.add((home.path, names[0]))
        bound = list(_bindings_of(names[0], home))
        for node in bound if len(bound) > 1 else ():
            if row := _row_of_choice(node, home):
                return f"{home.path}:{row} decides in each run anew what {names[0]} is"
        waiting += [(one, home) for node in bound for one in _imported_as(node, names[0])]
    return ""


def _bindings_of(name: str, home: Module) -> Iterator[ast.AST]:
    """The nodes outside of functions and classes that give a name its meaning."""
    waiting: list[ast.AST] = list(home.tree.body)
    while waiting:
        node = waiting.pop()
        if name in names_given_by(node):
            yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)):
            waiting += ast.iter_child_nodes(node)


def _row_of_choice(node: ast.AST, home: Module) -> int:
    """The row of what may leave out a statement that binds a name, or bind it; 0 for none."""
    for parent in ancestors(home, node):
        test = getattr(parent, "test", None)
        is_choice = isinstance(parent, (ast.For, ast.AsyncFor, ast.Match)) or (
            isinstance(test, ast.expr) and not is_same_in_each_run(test, home)
        )
        if is_choice or (isinstance(parent, ast.Try) and not _asks_what_is_installed(parent)):
            return int(getattr(parent, "lineno", 0))
    return 0


def _asks_what_is_installed(tried: ast.Try) -> bool:
    for handler in tried.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if not all(kind is not None and last_name(kind) in _NOT_INSTALLED for kind in kinds):
            return _only_imports(tried)
    return True


def _only_imports(tried: ast.Try) -> bool:
    """Whether nothing is tried but to import, whatever that may raise."""
    return all(isinstance(one, (ast.Import, ast.ImportFrom)) for one in tried.body)


def _imported_as(node: ast.AST, name: str) -> Iterator[str]:
    """What a statement imports under a name."""
    if isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                yield base + "." * bool(node.module) + alias.name
