"""Allowlists that may be in force where a load runs, although they stand elsewhere."""

from __future__ import annotations

import ast
import re
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
        lambda: bool(unread_allowance(project)) or any(far_allowances(project)),
    )


def far_allowances(project: ProjectIndex) -> Iterator[tuple[Allowlist, Module]]:
    """The lists that may hold at loads that do not stand in their blocks, and their files."""
    for path in project.holding("safe_globals"):
        module = project.module_at(path)
        if module is not None and module.name.rpartition(".")[2] != NAME:
            yield from (
                (one, module)
                for one in module.allowlists
                if not _holds_here_alone(one, module, project)
            )


def _holds_here_alone(allowlist: Allowlist, module: Module, project: ProjectIndex) -> bool:
    """Whether a block calls nothing of the project: it holds for the loads that stand in it."""
    block = allowlist.statement
    if allowlist.kind is not AllowlistKind.BLOCK or not isinstance(block, ast.With | ast.AsyncWith):
        return False
    nodes = (node for part in block.body for node in ast.walk(part))
    return not any(_may_lead_to_a_load(node, module, project) for node in nodes)


def _may_lead_to_a_load(node: ast.AST, module: Module, project: ProjectIndex) -> bool:
    """Whether something of the project may be called: by its name, since it is handed on, to
    ``map``, say, or is imported; anything may, while the block's function is suspended. A load
    itself leads to no other, nor does a name that is given a value.
    """
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Yield | ast.YieldFrom | ast.Await):
        return True
    if isinstance(node, ast.Call) and node not in module.load_nodes:
        return not isinstance(node.func, ast.Attribute) and not _is_of_another(node.func, module)
    if not isinstance(node, ast.Name | ast.Attribute) or _is_of_another(node, module):
        return False
    is_given = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    return not is_given and _is_defined(last_name(node), project)


def _is_defined(name: str, project: ProjectIndex) -> bool:
    """Whether a function or a class of the project has this name, and not only begins with it."""
    definition = re.compile(rf"\b(?:def|class)\s+{re.escape(name)}\b")
    holding = [path for word in ("def", "class") for path in project.holding(f"{word} {name}")]
    return any(definition.search(project.files.text(path) or "") for path in holding)


def _is_of_another(node: ast.expr, module: Module) -> bool:
    meaning = module.bindings.qualified(node)
    return meaning is not None and meaning.partition(".")[0] in _OTHERS
