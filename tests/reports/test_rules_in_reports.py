"""What reports say of rules agrees with the rules."""

from __future__ import annotations

import json

import jsonschema
import pytest
import report_schemas

from torchload_lint.config import OUTPUT_FORMATS
from torchload_lint.reports import FORMATS, render
from torchload_lint.reports.run_report import rule_url
from torchload_lint.rules import RULES


def test_sarif_describes_every_rule(results, options):
    found = [one for one in results[1].diagnostics if one.code in {rule.code for rule in RULES}]
    assert found
    told = [results[1]._replace(diagnostics=tuple(found))]
    log = json.loads(render("sarif", told, RULES, options))
    jsonschema.validate(log, report_schemas.SARIF)
    described = log["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in described] == [rule.code for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_addresses_agree(rule):
    assert rule_url(rule.name) == rule.url


def test_the_command_line_offers_these_formats():
    assert set(OUTPUT_FORMATS) == set(FORMATS)


def test_scores_are_of_rules_about_running_code():
    """A rule with a score becomes a security alert; the ones about failing loads must not."""
    failing = {"TLL001", "TLL002", "TLL103", "TLL104", "TLL202", "TLL204", "TLL205", "TLL502"}
    scored = {rule.code for rule in RULES if rule.security_severity}
    assert not failing & scored
    assert {"TLL101", "TLL107", "TLL201", "TLL501"} <= scored
