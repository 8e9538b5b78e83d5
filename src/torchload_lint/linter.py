"""Facts and a context in, diagnostics out; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules import RULES
from torchload_lint.rules.accounting import account_of
from torchload_lint.rules.assessing import assess
from torchload_lint.rules.selection import default_codes
from torchload_lint.source.loaders.collect import every_load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic, LoadAccount
    from torchload_lint.rules.base import Rule
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module


def lint(
    module: Module, context: Context, enabled: Collection[str] | None = None
) -> list[Diagnostic]:
    """All diagnostics of one file, sorted by place; ``enabled`` names the rules (codes), by
    default those that are on where nothing is selected.
    """
    return examine(module, context, enabled)[0]


def examine(
    module: Module, context: Context, enabled: Collection[str] | None = None
) -> tuple[list[Diagnostic], LoadAccount]:
    """The same, with the account of the file's loads."""
    chosen = default_codes(RULES) if enabled is None else enabled
    rules = [rule for rule in RULES if rule.code in chosen]
    loads = every_load(module, context.project)
    situations = [assess(load, module, context) for load in loads]
    found = sorted(_findings(module, context, rules, situations), key=_order)
    return _without_surplus_notes(found), account_of(situations)


def _findings(
    module: Module,
    context: Context,
    rules: Collection[Rule],
    situations: Sequence[Situation],
) -> Iterator[Diagnostic]:
    for rule in rules:
        if rule.check_load:
            for situation in situations:
                yield from rule.check_load(situation, context)
        if rule.check_module:
            yield from rule.check_module(module, situations, context)


def _without_surplus_notes(found: list[Diagnostic]) -> list[Diagnostic]:
    """One finding for one cause: a note on how to write a load is left out beside a finding."""
    notes = {rule.code for rule in RULES if rule.note_only_alone}
    taken = {one.span for one in found if one.code not in notes}
    return [one for one in found if not (_is_note(one, notes) and one.span in taken)]


def _is_note(diagnostic: Diagnostic, notes: Collection[str]) -> bool:
    return diagnostic.code in notes and diagnostic.severity is Severity.INFO


def _order(diagnostic: Diagnostic) -> tuple[object, ...]:
    return (diagnostic.span, diagnostic.code, diagnostic.message)
