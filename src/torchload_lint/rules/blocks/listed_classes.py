"""The classes that lists in the code allow as they are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

    Lookup = Callable[[GlobalName], ClassFacts | None]

_LOADING_NOTHING = ("builtins.", "os.", "pathlib.", "torch.")
_MAY_WAIT = (ast.Await, ast.Yield, ast.YieldFrom, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor)


def listed_classes(allowlist: Allowlist, lookup: Lookup) -> Iterator[ClassFacts]:
    """What is known of the classes in a list, but for those under ``restore_only``."""
    for entry in allowlist.entries:
        is_plain = entry.obj is not None and not isinstance(entry.node, ast.Call)
        facts = lookup(entry.obj) if is_plain else None  # type: ignore[arg-type]
        if facts is not None:
            yield facts


def listed_beside(
    load: LoadCall, module: Module, project: ProjectIndex, lookup: Lookup
) -> list[ClassFacts]:
    """The classes that lists of a load's own file allow while it runs."""
    apart = module.remember(
        "lists that hold elsewhere",
        lambda: {one.node: one for one in module.allowlists if holds_elsewhere(one, module)},
    )
    found = project.remember(
        ("classes of lists that hold elsewhere", module),
        lambda: [facts for one in apart.values() for facts in listed_classes(one, lookup)],
    )
    around = [one for one in load.allowlists if one.node not in apart]
    return [*found, *(facts for one in around for facts in listed_classes(one, lookup))]


def classes_elsewhere(
    project: ProjectIndex, lookup_in: Callable[[Module], Lookup]
) -> Iterator[ClassFacts]:
    """The classes that a list elsewhere allows while some load runs: for the whole process, or in
    a block that calls what may load (torch takes what all open blocks allow together).
    """
    for path in project.holding("safe_globals"):
        module = project.module_at(path)
        for allowlist in module.allowlists if module is not None else ():
            if module is not None and holds_elsewhere(allowlist, module):
                yield from listed_classes(allowlist, lookup_in(module))


def holds_elsewhere(allowlist: Allowlist, module: Module) -> bool:
    """Whether a load that does not stand in a list's block may run while the list holds."""
    block = allowlist.statement
    is_block = isinstance(block, ast.With) and any(
        item.context_expr is allowlist.node for item in block.items
    )
    if allowlist.kind is not AllowlistKind.BLOCK or not is_block:
        return allowlist.kind is not AllowlistKind.DECORATOR
    inside = [node for statement in block.body for node in ast.walk(statement)]  # type: ignore[union-attr]
    return any(isinstance(node, (*_MAY_WAIT, *FUNCTIONS)) for node in inside) or any(
        not (module.bindings.qualified(node.func) or "").startswith(_LOADING_NOTHING)
        for node in inside
        if isinstance(node, ast.Call)
    )
