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
    is_special = any(_is_special(*level) for level in lineage)
    if is_changed or is_special or not any(base.startswith("enum.") for base in bases):
        return frozenset()
    node, module = lineage[0]
    kinds = tuple(
        kind for kind, known in ((int, _OF_INTEGERS), (str, _OF_TEXTS)) if known.issuperset(bases)
    )
    assigned = _assigned(node)
    is_counted = int in kinds and not any(isinstance(one, ast.AnnAssign) for one in node.body)
    if is_counted and all(_is_automatic(value, module) for value in assigned):
        return frozenset(range(1, len(assigned) + 1))
    literals = (value.value for value in assigned if isinstance(value, ast.Constant))
    return frozenset(value for value in literals if isinstance(value, kinds))


def _is_special(node: ast.ClassDef, module: SourceFile) -> bool:
    """Whether a metaclass or a decorator may make another class of it."""
    others = (one for one in node.decorator_list if module.bindings.qualified(one) != "enum.unique")
    return bool(node.keywords) or any(others)


def _assigned(node: ast.ClassDef) -> list[ast.expr]:
    """What is assigned to names of members, in order; to two at once, it is one member."""
    return [
        each.value
        for each in node.body
        if isinstance(each, ast.Assign)
        if any(isinstance(one, ast.Name) and not one.id.startswith("_") for one in each.targets)
    ]


def _is_automatic(value: ast.expr, module: SourceFile) -> bool:
    return isinstance(value, ast.Call) and module.bindings.qualified(value.func) == "enum.auto"
