"""Allowlists that may be in force where a load runs, although they stand elsewhere."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.helper_module import NAME
from torchload_lint.rules.blocks.unread_allowances import unread_allowance
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_OTHERS = frozenset({"torch", "builtins", "os", "io", "pathlib", "pickle"})
"""Packages whose functions run none of a project's."""


def may_allow_elsewhere(project: ProjectIndex) -> bool:
    """Whether some list of the project may hold at loads that do not stand in its block: one for
    the process, or a block that calls something that may load. The word alone allows nothing.
    """
    return project.remember(
        ("allowed elsewhere",),
        lambda: bool(unread_allowance(project)) or any(_far_allowances(project)),
    )


def _far_allowances(project: ProjectIndex) -> Iterator[Allowlist]:
    for path in project.holding("safe_globals"):
        module = project.module_at(path)
        if module is not None and module.name.rpartition(".")[2] != NAME:
            yield from (
                one for one in module.allowlists if not _holds_here_alone(one, module, project)
            )


def _holds_here_alone(allowlist: Allowlist, module: Module, project: ProjectIndex) -> bool:
    """Whether a block calls nothing of the project: it holds for the loads that stand in it."""
    block = allowlist.statement
    if allowlist.kind is not AllowlistKind.BLOCK or not isinstance(block, ast.With | ast.AsyncWith):
        return False
    calls = (node for part in block.body for node in ast.walk(part) if isinstance(node, ast.Call))
    return not any(_may_load(call, module, project) for call in calls)


def _may_load(call: ast.Call, module: Module, project: ProjectIndex) -> bool:
    if call in module.load_nodes:
        return False
    meaning = module.bindings.qualified(call.func)
    if meaning is not None and meaning.partition(".")[0] in _OTHERS:
        return False
    if not isinstance(call.func, ast.Attribute):
        return True  # a function or class by its name
    name = last_name(call.func)
    return any(project.holding(f"{word} {name}") for word in ("def", "class"))
