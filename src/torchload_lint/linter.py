"""Facts and a context in, diagnostics out; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.rules import RULES
from torchload_lint.rules.assessing import assess

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.base import Rule
    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.module import Module


def lint(
    module: Module, context: Context, enabled: Collection[str] | None = None
) -> list[Diagnostic]:
    """All diagnostics of one file, sorted by place; ``enabled`` limits the rules (codes)."""
    rules = [rule for rule in RULES if enabled is None or rule.code in enabled]
    return sorted(_findings(module, context, rules), key=_order)


def _findings(module: Module, context: Context, rules: Collection[Rule]) -> Iterator[Diagnostic]:
    situations = [assess(load, module, context) for load in module.loads] if rules else []
    for rule in rules:
        if rule.check_load:
            for situation in situations:
                yield from rule.check_load(situation, context)
        if rule.check_module:
            yield from rule.check_module(module, situations, context)


def _order(diagnostic: Diagnostic) -> tuple[object, ...]:
    return (diagnostic.span, diagnostic.code, diagnostic.message)
