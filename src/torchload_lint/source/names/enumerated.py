"""The values of an enumeration's members, as far as class bodies say them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import member

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from torchload_lint.source.names.source_file import SourceFile

_OF_INTEGERS = frozenset({"enum.Enum", "enum.IntEnum", "builtins.int"})
_OF_TEXTS = frozenset({"enum.Enum", "enum.StrEnum", "builtins.str"})
_CHANGING = ("_generate_next_value_", "_ignore_", "__new__", "__init__")
"""What gives members other values than those that are written."""


def member_values(
    lineage: Sequence[tuple[ast.ClassDef, SourceFile]], bases: Collection[str]
) -> frozenset[int | str]:
    """The values with which a call of an enumeration surely finds a member.

    ``lineage`` is the class with its bases in the project, ``bases`` are all the others.
    """
    is_changed = any(member(level, name) is not None for level, _ in lineage for name in _CHANGING)
    if is_changed or not any(base.startswith("enum.") for base in bases):
        return frozenset()
    node, module = lineage[0]
    kinds = tuple(
        kind for kind, known in ((int, _OF_INTEGERS), (str, _OF_TEXTS)) if known.issuperset(bases)
    )
    assigned = _assigned(node)
    if int in kinds and all(_is_automatic(value, module) for value in assigned):
        return frozenset(range(1, len(assigned) + 1))
    literals = (value.value for value in assigned if isinstance(value, ast.Constant))
    return frozenset(value for value in literals if isinstance(value, kinds))


def _assigned(node: ast.ClassDef) -> list[ast.expr]:
    """What is assigned to the names of members, in order."""
    return [
        each.value
        for each in node.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name) and not target.id.startswith("_")
    ]


def _is_automatic(value: ast.expr, module: SourceFile) -> bool:
    return isinstance(value, ast.Call) and module.bindings.qualified(value.func) == "enum.auto"
