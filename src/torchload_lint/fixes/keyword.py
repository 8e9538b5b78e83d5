"""Write ``weights_only=True`` into a call that is not torch.load itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.fixes.arguments import add_argument, is_constant, replace_value
from torchload_lint.fixes.edits import source_of
from torchload_lint.fixes.repair import NotRepaired, Repaired

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.facts.module import Module


def write_keyword(module: Module, call: ast.Call, given: ast.expr | None) -> Repaired | NotRepaired:
    """Add the keyword, or replace the constant that is ``given`` for it."""
    source = source_of(module.text)
    if given is not None:
        if not is_constant(given):
            return NotRepaired("weights_only is decided elsewhere")
        return Repaired(source.edits([replace_value(source, given)]), "keyword")
    if any(keyword.arg is None for keyword in call.keywords):
        return NotRepaired("weights_only may already be among the unpacked keywords")
    return Repaired(source.edits(add_argument(source, call, "weights_only=True")), "keyword")
