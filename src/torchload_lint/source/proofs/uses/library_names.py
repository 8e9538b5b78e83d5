"""Names of libraries that are harmless in some uses only: is this one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.proofs.known.harmless import (
    CONVERTING,
    MAKING_CLASSES,
    MARKING,
    MODES,
    OF_NEW_MODULES,
)
from torchload_lint.source.proofs.uses.annotations import takes_names_of_fields
from torchload_lint.source.proofs.uses.fixed_values import (
    is_above_definition,
    is_compared,
    is_given_new_module,
    is_given_numbers,
    is_held_open,
)

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.names.source_file import SourceFile


def misused(name: str, node: ast.expr, home: SourceFile) -> str:
    """What a harmless name is used for there that is not; empty where it may be used so."""
    for names, is_in_order, why in _USES:
        if name in names and not is_in_order(node, home):
            return f"{name}{why}"
    return ""


_USES = (
    (CONVERTING, is_given_numbers, " of what may say where numpy shall read"),
    (MARKING, is_above_definition, ", which changes what it is given"),
    (MODES, is_held_open, ", which holds for the whole program"),
    (MAKING_CLASSES, is_compared, ", which makes classes"),
    (OF_NEW_MODULES, is_given_new_module, " of a module that is not made there"),
    ({"dataclasses.fields"}, takes_names_of_fields, " for more than the names of fields"),
)
