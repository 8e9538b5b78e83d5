"""What may come to a load, or allow something: code of the project, by the names that it calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

MOST_NAMES = 200
"""Names that are followed from one call; where there are more, it may lead to a load."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_Definition: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef"
_WORDS = ("torch", "safe_globals")
"""What a file holds that loads, or allows something."""


def may_load(project: ProjectIndex, name: str) -> bool:
    """Whether code of the project that goes by a name may load, or allow something, itself or
    through what it calls. Names are taken as they are spelled.
    """
    return project.remember(("may load", name), lambda: _leads_to_load(project, name))


def is_property(project: ProjectIndex, name: str) -> bool:
    """Whether an attribute of this name may run code of the project: a property of some class."""
    return project.remember(("property", name), lambda: _is_property(project, name))


def _is_property(project: ProjectIndex, name: str) -> bool:
    decorators = (
        decorator
        for _, definition in _definitions(project, name)
        for decorator in definition.decorator_list
    )
    return any("property" in ast.unparse(decorator) for decorator in decorators)


def leads_to_function(project: ProjectIndex, name: str, wanted: tuple[ast.AST, ...]) -> bool:
    """Whether code of the project that goes by a name is, or may call, one of some definitions."""
    key = ("may call", name, wanted)
    return project.remember(key, lambda: _leads_to(project, name, lambda _, one: one in wanted))


def calls_in(nodes: Iterable[ast.AST], module: Module) -> Iterator[ast.Call]:
    """The calls that some statements make, but for the loads and the allowlists of the file."""
    own = module.remember(
        "nodes of loads and allowlists",
        lambda: {load.node for load in module.loads} | {each.node for each in module.allowlists},
    )
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Call) and each not in own:
                yield each


def _leads_to_load(project: ProjectIndex, name: str) -> bool:
    return _leads_to(
        project,
        name,
        lambda module, one: any(_stands_in(module, node, one) for node in _loading(module)),
    )


def _leads_to(
    project: ProjectIndex, name: str, is_wanted: Callable[[Module, ast.AST], bool]
) -> bool:
    """Whether a definition with this name, or one that it may call, is wanted."""
    waiting, seen = [name], {name}
    while waiting:
        for module, definition in _definitions(project, waiting.pop()):
            if is_wanted(module, definition):
                return True
            further = _names_used(project, definition) - seen
            seen |= further
            waiting += further
        if len(seen) > MOST_NAMES:
            return True
    return False


def _definitions(project: ProjectIndex, name: str) -> Iterator[tuple[Module, _Definition]]:
    """The functions and classes of the project with this name."""
    paths = [*project.holding(f"def {name}"), *project.holding(f"class {name}")]
    for path in dict.fromkeys(paths):
        module = project.module_at(path)
        if module is not None:
            yield from ((module, node) for node in _by_name(project, module).get(name, ()))


def _by_name(project: ProjectIndex, module: Module) -> dict[str, list[_Definition]]:
    """The functions and classes of a file by their names, at any depth."""

    def find() -> dict[str, list[_Definition]]:
        found: dict[str, list[_Definition]] = {}
        for node in ast.walk(module.tree):
            if isinstance(node, _DEFINITIONS):
                found.setdefault(node.name, []).append(node)
        return found

    return project.remember_of("definitions by name", module.path, module.tree, find)


def _names_used(project: ProjectIndex, definition: _Definition) -> frozenset[str]:
    """What a function or class calls, hands over or derives from, by the last part of its name."""

    def find() -> frozenset[str]:
        calls = (node for node in ast.walk(definition) if isinstance(node, ast.Call))
        bases = definition.bases if isinstance(definition, ast.ClassDef) else []
        return frozenset({*names_in(calls), *map(last_name, bases)} - {""})

    return project.remember(("names used", definition), find)


def _loading(module: Module) -> Iterator[ast.AST]:
    if any(word in module.text for word in _WORDS):
        yield from (load.node for load in module.loads)
        yield from (allowlist.node for allowlist in module.allowlists)


def _stands_in(module: Module, node: ast.AST | None, definition: ast.AST) -> bool:
    while node is not None and node is not definition:
        node = module.parents.get(node)
    return node is definition


def names_in(calls: Iterable[ast.Call]) -> Iterator[str]:
    """What is called, and what is handed over, which may be called there."""
    for call in calls:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        yield from filter(None, map(last_name, [call.func, *given]))
