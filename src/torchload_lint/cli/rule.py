"""``torchload-lint rule CODE``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from torchload_lint.cli.terminal import fail, say
from torchload_lint.config import ConfigError
from torchload_lint.rules import RULES
from torchload_lint.rules.selection import codes_for

if TYPE_CHECKING:
    from torchload_lint.rules.base import Rule


def _completed(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Codes and names that begin so."""
    words = [(word, rule.summary) for rule in RULES for word in (rule.code, rule.name)]
    return [
        CompletionItem(word, help=help_) for word, help_ in words if word.startswith(incomplete)
    ]


@click.command(name="rule", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("rules", nargs=-1, metavar="CODE...", shell_complete=_completed)
@click.option("--all", "every", is_flag=True, help="Explain every rule.")
@click.option("--output-format", type=click.Choice(["text", "markdown", "json"]), default="text")
def command(rules: tuple[str, ...], every: bool, output_format: str) -> None:
    """Explain rules, by code, prefix or name."""
    if not rules and not every:
        say(_list())
        return
    try:
        codes = codes_for(("ALL",) if every else rules, RULES, "rule")
    except ConfigError as error:
        fail(str(error))
    chosen = [rule for rule in RULES if rule.code in codes]
    if output_format == "json":
        say(json.dumps([_as_data(rule) for rule in chosen], indent=2) + "\n")
    else:
        say("\n".join(page(rule) for rule in chosen))


def _list() -> str:
    width = max(len(rule.name) for rule in RULES)
    return "".join(f"{rule.code}  {rule.name:<{width}}  {rule.summary}\n" for rule in RULES)


def page(rule: Rule) -> str:
    """The rule's page, as Markdown with a title."""
    return f"# {rule.name} ({rule.code})\n\n{rule.doc.strip()}\n"


def _as_data(rule: Rule) -> dict[str, str]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "summary": rule.summary,
        "explanation": rule.doc.strip(),
        "url": rule.url,
    }
