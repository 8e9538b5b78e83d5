"""Calls of enumerations: what they make, or add to what the whole program shares.

``Kind(1)`` looks a member up. ``Kind(1, "A B")`` makes a class, and a flag keeps each combination
that somebody asks it for (``Flags(6)``, ``6 in Flags``) among its members.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import base_expressions
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.proofs.uses.fixed_values import is_compared

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_FLAGS = frozenset({"enum.Flag", "enum.IntFlag"})


def makes_members(
    use: ast.AST, home: SourceFile, node: ast.AST, module: SourceFile, project: ProjectIndex
) -> bool:
    """Whether a use of a class may make members of an enumeration, or an enumeration."""
    if not isinstance(node, ast.ClassDef) or not isinstance(use, ast.expr):
        return False
    bases = {
        owner.bindings.qualified(base) or ""
        for level, owner in ancestry(node, module, project)
        for base in base_expressions(level)
    }
    if not any(base.startswith("enum.") for base in bases):
        return False
    user = home.parents.get(use)
    if isinstance(user, ast.Compare) and use in user.comparators:
        return not _FLAGS.isdisjoint(bases)  # ``x in Flags``
    if isinstance(user, ast.Attribute | ast.Subscript | ast.For | ast.comprehension):
        return False
    if not isinstance(user, ast.Call):
        return not is_compared(use, home)
    if user.func is not use:
        return not (is_compared(use, home) or _is_gone_through(user, home))
    is_plain = len(user.args) == 1 and not user.keywords
    return not is_plain or isinstance(user.args[0], ast.Starred) or not _FLAGS.isdisjoint(bases)


def _is_gone_through(call: ast.Call, home: SourceFile) -> bool:
    is_builtin = isinstance(call.func, ast.Name) and not home.bindings.definitions(call.func)
    return is_builtin and len(call.args) == 1 and call.func.id in _GOING_THROUGH  # type: ignore[attr-defined]


_GOING_THROUGH = frozenset("enumerate iter len list reversed set sorted tuple".split())
