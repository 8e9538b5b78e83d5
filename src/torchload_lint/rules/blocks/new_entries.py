"""The entries of a block that a fix writes: how each is named, and where it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.fixes.repair import Allow
from torchload_lint.policy import Trust
from torchload_lint.rules import safety
from torchload_lint.rules.installed import is_hidden_module
from torchload_lint.source.facts.scripts import imports_at_top, needs_more_first
from torchload_lint.source.project.imports import closes_circle, is_imported_with

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation


def entry_for(need: Need, situation: Situation, context: Context) -> Allow:
    """The entry that a load needs."""
    facts = need.facts
    own = facts if facts is not None and not facts.read_from else None
    module = need.needed.spelling.module
    return Allow(
        spelling=need.needed.spelling,
        key=str(need.name) if safety.is_paired(need, situation) else None,
        defined_in=own.path if own else "",
        installed=bool(facts and facts.read_from),
        restore_only=need.judgement.trust is Trust.RESTORE_ONLY,
        calls=need.needed.held if need.judgement.trust is Trust.ONLY_WITH else (),
        at_load=own is not None and _may_do_without(own, situation, context),
        not_at_top=own is not None and _is_too_early(own, situation, context),
        hidden=is_hidden_module(module, situation.module.path, context),
    )


def _may_do_without(own: ClassFacts, situation: Situation, context: Context) -> bool:
    """Whether a program may run the load's file and not the one that defines a class. What that
    does, or whether it is there at all, then counts only where the load is reached.
    """
    at_margin = situation.load.statement in situation.module.tree.body
    return not (at_margin or is_imported_with(context.project, situation.module.path, own.path))


def _is_too_early(own: ClassFacts, situation: Situation, context: Context) -> bool:
    """Whether a class may not be there yet at the top of the load's file."""
    defining = own.defined_as.module
    return closes_circle(context.project, situation.module.path, defining) or needs_more_first(
        defining, situation.module
    )


def is_new_import(need: Need, situation: Situation) -> bool:
    """Whether a file is to import an installed library that it does not import yet: where that is
    not installed, the whole file would fail.
    """
    installed = need.facts is not None and bool(need.facts.read_from)
    root = need.needed.spelling.module.partition(".")[0]
    return installed and not imports_at_top(situation.module, root)
