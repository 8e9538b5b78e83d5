"""Keywords that reach what a file has chosen to be called.

By itself a weights-only load hands over positions alone. Code that says ``self.kind(**given)``
lets a file call what torch always allows in ways that torch does not mean for it: ``allocator`` and
``cdata`` make an ``UntypedStorage`` and a ``Tensor`` use memory at the address that is given (torch
2.13), and a ``Counter`` that is given a mapping and keywords adds what both hold.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.source.names.source_file import SourceFile

_POINTERS = frozenset({"allocator", "cdata"})
"""Keywords of torch that take an address."""
_COUNTERS = frozenset({"collections.Counter", "typing.Counter"})
_PARTIAL = "functools.partial"
"""Its positions may come later."""


def gives_keywords(
    node: ast.AST, home: SourceFile, is_known: Callable[[ast.expr, SourceFile], bool]
) -> bool:
    """Whether a call hands keywords of the file to what the file may have chosen, too.

    ``is_known``: whether an expression gives a plain value, whatever the file says.
    """
    if not isinstance(node, ast.Call) or _is_of_base_or(is_known, node.func, home):
        return False
    meanings = home.bindings.possible(node.func) or {""}
    may_be_chosen = "" in meanings or not meanings.isdisjoint(_COUNTERS | {_PARTIAL})
    adds = bool(node.args) or _PARTIAL in meanings
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in _POINTERS:
            if may_be_chosen or any(one.startswith("torch.") for one in meanings):
                return True
        elif adds and may_be_chosen and not is_known(keyword.value, home):
            return True
    return False


def _is_of_base_or(
    is_known: Callable[[ast.expr, SourceFile], bool], function: ast.expr, home: SourceFile
) -> bool:
    """Whether it is a method of ``super()``, which no attribute hides, or of a plain value."""
    if not isinstance(function, ast.Attribute):
        return False
    of = function.value
    is_base = isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super"
    return is_base or is_known(of, home)
