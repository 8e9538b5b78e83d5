"""Whether a program asks what a loaded value is before it uses it as an object."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_ASK_FOR_TYPES = frozenset(
    {"builtins.isinstance", "builtins.hasattr", "builtins.type", "builtins.callable"}
)


def is_asked_before(use: ast.AST, names: frozenset[str], module: SourceFile) -> bool:
    """Whether the program asks what the value is, or does without it where that fails. ``names``:
    those that the value has, or a part of it; only what leads to this use is asked about for it.
    """
    leading = _leading_to(use, names, module)
    scope = module.function(use) or module.tree
    if not leading.isdisjoint(_names_asked_about(scope, module)):
        return True
    around = module.parents.get(use)
    while around is not None and around is not scope:
        test = getattr(around, "test", None) if not isinstance(around, ast.Assert) else None
        if isinstance(around, ast.Try) or not leading.isdisjoint(_names_in(test)):
            return True
        around = module.parents.get(around)
    return False


def _names_asked_about(scope: ast.AST, module: SourceFile) -> frozenset[str]:
    """The names in what ``isinstance`` and the like are asked about; looked for once."""

    def find() -> frozenset[str]:
        calls = (node for node in ast.walk(scope) if isinstance(node, ast.Call) and node.args)
        asking = (one for one in calls if module.bindings.qualified(one.func) in _ASK_FOR_TYPES)
        return frozenset().union(*(_names_in(one.args[0]) for one in asking))

    return module.remember(("names asked about", scope), find)


def _leading_to(use: ast.AST, names: frozenset[str], module: SourceFile) -> frozenset[str]:
    """Of some names those that the value has on its way to one use; all, where that is not seen."""
    found: set[str] = set()
    pending = [use]
    while pending:
        for name in ast.walk(pending.pop()):
            if not isinstance(name, ast.Name) or name.id not in names - found:
                continue
            found.add(name.id)
            values = [each.value for each in module.bindings.definitions(name)]
            if not values or None in values:
                return names
            pending += filter(None, values)
    return frozenset(found) or names


def _names_in(node: ast.expr | None) -> set[str]:
    nodes = ast.walk(node) if node is not None else ()
    return {each.id for each in nodes if isinstance(each, ast.Name)}
