"""Which rules are on: ``--select TLL1``, ``--ignore weights-only-disabled``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.rules.base import Rule

ALL = "ALL"
CODE = late_pattern(r"TLL\d{0,3}")


def default_codes(rules: Sequence[Rule]) -> frozenset[str]:
    """The rules that are on where nothing is selected."""
    return frozenset(rule.code for rule in rules if not rule.opt_in)


def selected_codes(selectors: Sequence[str], rules: Sequence[Rule], origin: str) -> frozenset[str]:
    """The codes that selectors turn on: a prefix leaves rules alone that have to be asked for.

    Raises ConfigError as ``codes_for`` does.
    """
    opt_in = {rule.code for rule in rules if rule.opt_in}
    return codes_for(selectors, rules, origin) - (opt_in - named_codes(selectors, rules))


def named_codes(selectors: Iterable[str], rules: Sequence[Rule]) -> frozenset[str]:
    """The codes of rules that are selected by a whole code, a name or ``ALL``, not by a prefix."""
    words = {selector.lower() for selector in selectors}
    return frozenset(
        rule.code
        for rule in rules
        if not words.isdisjoint({ALL.lower(), rule.code.lower(), rule.name})
    )


def codes_for(selectors: Iterable[str], rules: Sequence[Rule], origin: str) -> frozenset[str]:
    """The codes that selectors name: a code, a prefix of codes, a rule's name, or ``ALL``.

    Raises ConfigError, naming ``origin`` (an option, or a file and key) and the closest known
    name, for a selector that matches no rule.
    """
    chosen: set[str] = set()
    for selector in selectors:
        matched = {rule.code for rule in rules if _matches(selector, rule)}
        if not matched:
            raise ConfigError(f"{origin}: unknown rule {selector!r}{_suggestion(selector, rules)}")
        chosen |= matched
    return frozenset(chosen)


def _matches(selector: str, rule: Rule) -> bool:
    if selector.upper() == ALL or selector.lower() == rule.name:
        return True
    prefix = selector.upper()
    return CODE.fullmatch(prefix) is not None and rule.code.startswith(prefix)


def _suggestion(selector: str, rules: Sequence[Rule]) -> str:
    import difflib  # noqa: PLC0415 - only for a wrong word

    known = [word for rule in rules for word in (rule.code, rule.name)]
    close = difflib.get_close_matches(selector.lower(), [word.lower() for word in known], n=1)
    if not close:
        return " (`torchload-lint rule` lists them)"
    return f" (did you mean {next(word for word in known if word.lower() == close[0])!r}?)"
