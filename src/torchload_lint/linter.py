"""Facts and a context in, diagnostics out; pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import Crash, Severity
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.notes import milder_in_tests
from torchload_lint.rules import RULES
from torchload_lint.rules.accounting import account_of
from torchload_lint.rules.assessing import assess_or_crash
from torchload_lint.rules.selection import default_codes
from torchload_lint.source.loaders.collect import every_load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic, LoadAccount
    from torchload_lint.rules.base import Rule
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module


class Examined(NamedTuple):
    """What was found in one file."""

    diagnostics: list[Diagnostic]
    """Sorted by place."""
    loads: LoadAccount
    crashes: tuple[Crash, ...] = ()
    """Where this tool failed: at a load, which then counts as unknown, or in a rule."""
    untold: tuple[Diagnostic, ...] = ()
    """What was found and the settings leave out (``per-file-ignores``, a severity)."""


def lint(
    module: Module, context: Context, enabled: Collection[str] | None = None
) -> list[Diagnostic]:
    """All diagnostics of one file, sorted by place; ``enabled`` names the rules (codes), by
    default those that are on where nothing is selected.
    """
    return examine(module, context, enabled).diagnostics


def examine(module: Module, context: Context, enabled: Collection[str] | None = None) -> Examined:
    """The same, with the account of the file's loads.

    An exception while one load is followed, or in a rule, costs that load or that rule's findings
    there, and nothing else.
    """
    chosen = default_codes(RULES) if enabled is None else enabled
    rules = [rule for rule in RULES if rule.code in chosen]
    crashes: list[Crash] = []
    loads = every_load(module, context.project)
    assessed = [assess_or_crash(load, module, context) for load in loads]
    situations = [situation for situation, _ in assessed]
    crashes += [crash for _, crash in assessed if crash is not None]
    found = sorted(_findings(module, context, rules, situations, crashes), key=_order)
    return Examined(_without_surplus_notes(found), account_of(situations), tuple(crashes))


def _findings(
    module: Module,
    context: Context,
    rules: Collection[Rule],
    situations: Sequence[Situation],
    crashes: list[Crash],
) -> Iterator[Diagnostic]:
    for rule in rules:
        if rule.check_load:
            for situation in situations:
                judge = partial(rule.check_load, situation, context)
                row = situation.load.span.start.row
                told = _told(judge, f"{rule.code} could not judge this load", row, crashes)
                is_milder = rule.note_in_tests and not situation.missing
                yield from _in_tests(told, module) if is_milder else told
        if rule.check_module:
            judge = partial(rule.check_module, module, situations, context)
            told = _told(judge, f"{rule.code} could not judge this file", 0, crashes)
            yield from _in_tests(told, module) if rule.note_in_tests else told


def _in_tests(told: Iterable[Diagnostic], module: Module) -> Iterator[Diagnostic]:
    return (milder_in_tests(one, module.path, module.text) for one in told)


def _told(
    judge: Callable[[], Iterable[Diagnostic]], failure: str, row: int, crashes: list[Crash]
) -> list[Diagnostic]:
    """What a rule says; nothing where it fails, which is noted, so that the others are asked."""
    try:
        return list(judge())
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is
        crashes.append(Crash.of(error, failure, row))
        return []


def _without_surplus_notes(found: list[Diagnostic]) -> list[Diagnostic]:
    """One finding for one cause: a note on how to write a load is left out beside a finding."""
    notes = {rule.code for rule in RULES if rule.note_only_alone}
    taken = {one.span for one in found if one.code not in notes}
    return [one for one in found if not (_is_note(one, notes) and one.span in taken)]


def _is_note(diagnostic: Diagnostic, notes: Collection[str]) -> bool:
    return diagnostic.code in notes and diagnostic.severity is Severity.INFO


def _order(diagnostic: Diagnostic) -> tuple[object, ...]:
    return (diagnostic.span, diagnostic.code, diagnostic.message)
