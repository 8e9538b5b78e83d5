"""Code that allows something for torch in a way that is not read.

A block that ends takes its names from torch's list, whoever has added them (torch 2.13,
``_weights_only_unpickler.py``, ``_safe_globals.__exit__``). Where it is not known what else is
allowed, and when, a new block may so break a load that works.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from torchload_lint.helper_module import NAME
from torchload_lint.source.names.references import find
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_ALLOW = ("torch.serialization.safe_globals", "torch.serialization.add_safe_globals")
_PRIVATE = ("_add_safe_globals", "_marked_safe_globals_set", "clear_safe_globals")
"""What else changes torch's list (torch 2.13, ``_weights_only_unpickler.py``)."""
_BY_NAME = frozenset({"getattr", "attrgetter", "methodcaller"})


def unread_allowance(project: ProjectIndex) -> str:
    """The first such place, as ``file:row``; empty where there is none."""
    return project.remember(("unread allowance",), lambda: next(_places(project), ""))


def _places(project: ProjectIndex) -> Iterator[str]:
    for module in filter(None, map(project.module_at, project.holding("safe_globals"))):
        if module.name.rpartition(".")[2] != NAME:
            yield from (f"{module.path}:{node.lineno}" for node in _unread(module))


def _unread(module: Module) -> Iterator[ast.expr | ast.stmt]:
    read = {allowlist.node.func for allowlist in module.allowlists}
    for target in _ALLOW:
        for reference in find(module, target.rpartition(".")[2], frozenset({target})):
            if reference.node not in read and not _gives_a_name(reference.node, module):
                yield reference.node
    yield from (node for node in ast.walk(module.tree) if _changes_unseen(node))


def _changes_unseen(node: ast.AST) -> TypeGuard[ast.expr | ast.stmt]:
    if isinstance(node, ast.Call):
        return last_name(node.func) in _BY_NAME and _names_one(node)
    if isinstance(node, ast.Name | ast.Attribute):
        return last_name(node) in _PRIVATE
    return isinstance(node, ast.ClassDef) and "safe_globals" in map(last_name, node.bases)


def _gives_a_name(node: ast.expr, module: Module) -> bool:
    """Whether a reference only gets another name, under which it is looked for."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Assign):
        return all(isinstance(target, ast.Name) for target in parent.targets)
    return isinstance(parent, (ast.alias, *FUNCTIONS))


def _names_one(call: ast.Call) -> bool:
    texts = [part.value for part in ast.walk(call) if isinstance(part, ast.Constant)]
    return any(isinstance(text, str) and text.endswith("safe_globals") for text in texts)
