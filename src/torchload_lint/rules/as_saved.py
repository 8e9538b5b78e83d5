"""A load of which no file tells, as if it read what a save is seen to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.rules.assessing import (
    allowed_here,
    find_class,
    judged_needs,
    needed_by_name,
)
from torchload_lint.rules.reading.evidence import Evidence

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def as_saved(situation: Situation, context: Context) -> Situation:
    """The same load with the needs of ``saved_besides``, which the saves show and no file."""
    load, module = situation.load, situation.module

    def lookup(name: GlobalName) -> ClassFacts | None:
        return find_class(name, module, context)

    needed = [needed_by_name(name, lookup, context) for name in situation.saved_besides]
    needs = judged_needs(needed, set(), lookup, module.path, context)
    missing = tuple(need for need in needs if not allowed_here(need.needed, load, context, module))
    everywhere = as_saved(situation.everywhere, context) if situation.everywhere else None
    return situation._replace(
        evidence=Evidence.INFERRED, needs=needs, missing=missing, everywhere=everywhere
    )
