"""The pages that are made from the code: rules, configuration, command line, public functions.

    python docs/make_pages.py

They are written beside the other pages just before the site is built, and are not kept in git.
"""

from __future__ import annotations

import ast
import inspect
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click
from configuration_schema import EXAMPLES, URL, as_toml
from loaders_page import loaders_page

from torchload_lint import api, config
from torchload_lint.cli.group import COMMANDS, root
from torchload_lint.diagnostic import Diagnostic, FileResult, Fix
from torchload_lint.rules import RULES
from torchload_lint.workspace import Options, Run, Settings
from torchload_lint.workspace.inspection import Inspection

if TYPE_CHECKING:
    from torchload_lint.rules.base import Rule

DOCS = Path(__file__).parent
MADE = "<!-- made by docs/make_pages.py -->\n\n"
BAR = r"\|"


def pages() -> dict[str, str]:
    """Every made page: its path below ``docs``, and its text."""
    made = {f"rules/{rule.name}.md": rule_page(rule) for rule in RULES}
    made["rules/index.md"] = rules_page()
    made["configuration.md"] = configuration_page()
    made["command-line.md"] = command_line_page()
    made["api.md"] = api_page()
    made["loaders.md"] = MADE + loaders_page()
    made["changelog.md"] = (DOCS.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    return made


def rule_page(rule: Rule) -> str:
    facts = f"`{rule.code}` · {rule.severity.value}"
    text, options, rest = rule.doc.strip().partition("\n## Options\n")
    linked = re.sub(r"`([\w-]+)`", _link_to_setting, rest)
    return f"{MADE}# {rule.name}\n\n{facts}\n\n{text}{options}{linked}\n"


def _link_to_setting(found: re.Match[str]) -> str:
    key = found[1]
    return f"[`{key}`](../configuration.md#{key})" if key in config.READERS else found[0]


def rules_page() -> str:
    rows = [
        f"| {rule.code} | [{rule.name}]({rule.name}.md) | {rule.severity.value} | {rule.summary} |"
        for rule in RULES
    ]
    return (
        f"{MADE}# Rules\n\n"
        "All rules but TLL109 are on by default. `torchload-lint rule CODE` prints a rule's page. "
        "A severity may differ from the one given here where the "
        "[target](../configuration.md#target-torch) or the checkpoint decides.\n\n"
        "| code | name | severity | |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def configuration_page() -> str:
    explained = explained_fields(config.Config)
    lines = [
        f"{MADE}# Configuration\n",
        "In `pyproject.toml` under `[tool.torchload-lint]`, or the same keys at the top level of "
        "`torchload-lint.toml` or `.torchload-lint.toml`. The closest file above a source file "
        "holds for it; another one counts only where it says so ([`extend`](#extend)). Flags of "
        "the [command line](command-line.md) win over the file. An unknown key or a wrong type is "
        "refused, with the file and the key. `torchload-lint show-settings PATH` prints what "
        "holds for a path. Editors that know JSON schemas complete the keys with "
        "[this one](torchload-lint.schema.json): `#:schema "
        f"{URL}` as the first line of `torchload-lint.toml` (Even Better TOML, taplo).\n",
        example(),
    ]
    for key, reader in config.READERS.items():
        default = config.Config._field_defaults[key.replace("-", "_")]
        kind = (inspect.getdoc(reader) or "").rstrip(".").removeprefix("A ").removeprefix("The ")
        lines += [f"## {key}\n", f"{explained[key]}\n", f"*{kind}*, default {_shown(default)}\n"]
        lines.append(f"```toml\n{as_toml(key, EXAMPLES[key])}```\n")
        if key == "output-format":
            lines.append("One of " + ", ".join(f"`{one}`" for one in config.OUTPUT_FORMATS) + ".\n")
    return "\n".join(lines)


def example() -> str:
    """The example of a configuration, which the README has."""
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    block = readme.partition("## Configuration")[2].partition("```toml")[2].partition("```")[0]
    return f"```toml{block}```\n"


def explained_fields(kind: type) -> dict[str, str]:
    """The docstring below each field, by the key in the configuration."""
    (body,) = (
        node.body
        for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(kind))))
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    explained = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            text = " ".join(ast.literal_eval(below.value).split())
            explained[ast.unparse(field.target).replace("_", "-")] = text.replace("``", "`")
    return explained


def _shown(default: object) -> str:
    if default in (None, "", ()):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return ", ".join(f"`{item}`" for item in default)
    return f"`{default}`"


def command_line_page() -> str:
    lines = [
        f"{MADE}# Command line\n",
        "`torchload-lint [OPTIONS] [PATHS]...` checks; the other commands are named first. A path "
        "that is called like a command is written `./inspect`, or after `--`.\n",
        "| exit status | |\n|---|---|\n"
        "| 0 | nothing to report |\n"
        "| 1 | something reported (left over, with `--fix`; a change, with `--diff`) |\n"
        "| 2 | used or configured wrongly, or the work could not be done |\n",
        "Colours follow `--color`, then `NO_COLOR`, `FORCE_COLOR` and `CLICOLOR_FORCE`, then "
        "whether a terminal listens. `TORCHLOAD_LINT_OUTPUT_FORMAT` sets the format. Shell "
        'completion: `eval "$(_TORCHLOAD_LINT_COMPLETE=bash_source torchload-lint)"` (or '
        "`zsh_source`, `fish_source`).\n",
    ]
    parent = click.Context(root, info_name="torchload-lint", **root.context_settings)
    for name in COMMANDS:
        command = root.get_command(parent, name)
        context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
        lines += [f"## {name}\n", f"```console\n$ {_usage(command, context)}\n```\n"]
        lines.append(inspect.cleandoc(command.help or "") + "\n")
        options = [_option(p) for p in command.get_params(context) if isinstance(p, click.Option)]
        lines.append("| option | meaning |\n|---|---|\n" + "\n".join(options) + "\n")
    return "\n".join(lines)


def _usage(command: click.Command, context: click.Context) -> str:
    return f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    metavar = "" if option.is_flag or option.count else f" {_metavar(option)}"
    text = (option.help or "").replace("|", "\\|")
    return f"| {names}{metavar} | {text} |"


def _metavar(option: click.Option) -> str:
    if option.metavar:
        return f"`{option.metavar}`"
    if isinstance(option.type, click.Choice):
        return " or ".join(f"`{choice}`" for choice in option.type.choices)
    return f"`{option.type.name.upper()}`"


def api_page() -> str:
    lines = [f"{MADE}# Public functions\n", inspect.getdoc(api).replace("``", "`") + "\n"]
    lines.append(
        "```python\nimport torchload_lint\n\n"
        'run = torchload_lint.check(["src"])\n'
        "for result in run.results:\n"
        "    for found in result.diagnostics:\n"
        "        print(result.path, found.span.start.row, found.code, found.message)\n\n"
        'print(torchload_lint.inspect("weights/model.pt").report.verdict)\n'
        'print(torchload_lint.fix(open("predict.py").read(), "predict.py"))\n```\n'
    )
    for name in ("check", "inspect", "fix"):
        function = getattr(api, name)
        lines += [
            f"## {name}\n",
            f"```python\ntorchload_lint.{name}{_signature(function)}\n```\n",
            f"{inspect.getdoc(function)}\n".replace("``", "`"),
        ]
    lines.append("## What goes in and comes back\n")
    for kind in (Settings, Options, Run, FileResult, Diagnostic, Fix, Inspection):
        lines += [f"### {kind.__name__}\n", _fields_table(kind)]
    return "\n".join(lines)


def _signature(function: object) -> str:
    parameters = str(inspect.signature(function)).replace("os.PathLike[str]", "PathLike")
    return re.sub(r"(?<=[:>] )'([^']*)'", r"\1", parameters)


def _fields_table(kind: type) -> str:
    explained = {key.replace("-", "_"): text for key, text in explained_fields(kind).items()}
    rows = [
        f"| `{name}` | `{_told(annotation).replace('|', BAR)}` | {explained.get(name, '')} |"
        for name, annotation in inspect.get_annotations(kind).items()
    ]
    about = (inspect.getdoc(kind) or "") + "\n\n"
    return about + "| field | type | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _told(annotation: object) -> str:
    """An annotation as it is written; NamedTuple wraps it into a ForwardRef."""
    return str(getattr(annotation, "__forward_arg__", annotation))


def main() -> None:
    for name, text in pages().items():
        path = DOCS / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
