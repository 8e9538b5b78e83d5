"""Which rules a word means."""

from __future__ import annotations

import pytest

from torchload_lint.config import ConfigError
from torchload_lint.rules import RULES
from torchload_lint.rules.selection import codes_for, default_codes, selected_codes

OPT_IN = {rule.code for rule in RULES if rule.opt_in}


def test_a_code_a_prefix_and_a_name() -> None:
    assert codes_for(["TLL101"], RULES, "--select") == {"TLL101"}
    assert codes_for(["weights-only-disabled"], RULES, "--select") == {"TLL101"}
    assert codes_for(["tll5"], RULES, "--select") == {
        rule.code for rule in RULES if rule.code.startswith("TLL5")
    }
    assert codes_for(["ALL"], RULES, "--select") == {rule.code for rule in RULES}


def test_a_prefix_leaves_alone_what_has_to_be_asked_for() -> None:
    assert OPT_IN
    assert not selected_codes(["TLL1"], RULES, "--select") & OPT_IN
    assert not default_codes(RULES) & OPT_IN
    code = min(OPT_IN)
    assert selected_codes([code], RULES, "--select") == {code}


@pytest.mark.parametrize(
    ("word", "meant"),
    [("weights-only-disable", "weights-only-disabled"), ("no-such-thing", "lists them")],
)
def test_an_unknown_word_is_an_error_that_names_its_origin(word: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=meant) as raised:
        codes_for([word], RULES, "--select")
    assert str(raised.value).startswith(f"--select: unknown rule {word!r}")
