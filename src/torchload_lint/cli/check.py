"""``torchload-lint [check] PATHS``: the options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli.options import NamedPath, configuration, interpreter, remote
from torchload_lint.cli.terminal import ended_by_signals, fail
from torchload_lint.config import OUTPUT_FORMATS, SEVERITIES, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable


def _codes(name: str, help_text: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", multiple=True, metavar="CODES", help=help_text)


def _globs(name: str, help_text: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", multiple=True, metavar="GLOBS", help=help_text)


def _flag(name: str, help_text: str, **more: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    return click.option(f"--{name}", is_flag=True, help=help_text, **more)


def _severity(name: str, help_text: str) -> Callable[[Any], Any]:
    return click.option(
        f"--{name}", type=click.Choice(SEVERITIES), metavar="SEVERITY", help=help_text
    )


_FILE = click.Path(path_type=Path, dir_okay=False)

OPTIONS = (
    click.option("--fix/--no-fix", default=False, help="Apply the safe fixes."),
    click.option(
        "--unsafe-fixes/--no-unsafe-fixes", default=None, help="Count and apply unsafe fixes too."
    ),
    _flag("fix-only", "Apply fixes, report nothing that is left."),
    _flag("diff", "Print the change instead of writing it."),
    _flag("show-fixes", "List what was fixed."),
    click.option(
        "--account",
        type=_FILE,
        metavar="FILE",
        help="Write a Markdown account of the run there, for whoever reviews its changes.",
    ),
    _codes("select", "Rules to turn on: codes, prefixes or names, comma-separated; ALL."),
    _codes("ignore", "Rules to turn off."),
    _codes("extend-select", "Rules to turn on besides the selected ones."),
    _codes("extend-ignore", "Rules to turn off besides the ignored ones."),
    _codes("fixable", "Rules whose fixes may be applied (default ALL)."),
    _codes("unfixable", "Rules whose fixes may not be applied."),
    click.option(
        "--per-file-ignores", multiple=True, metavar="GLOB:CODES", help="Rules off for some files."
    ),
    click.option(
        "--output-format",
        type=click.Choice(OUTPUT_FORMATS),
        envvar="TORCHLOAD_LINT_OUTPUT_FORMAT",
        metavar="FORMAT",
        help=f"{', '.join(OUTPUT_FORMATS)} (default concise).",
    ),
    click.option("-o", "--output-file", type=_FILE, metavar="FILE", help="Write the report there."),
    configuration,
    remote,
    _globs("exclude", "Replace the default excludes."),
    _globs("extend-exclude", "Exclude more."),
    click.option(
        "--respect-gitignore/--no-respect-gitignore",
        default=None,
        help="Skip what git ignores (default).",
    ),
    _flag("force-exclude", "Exclude files that are named outright, too.", default=None),
    click.option(
        "--stdin-filename",
        "--stdin-display-name",
        metavar="NAME",
        help="What to call standard input.",
    ),
    _severity("min-severity", "Report nothing that is less severe (default info)."),
    _severity("error-on", "Exit with 1 for what is at least this severe (default warning)."),
    _flag("exit-zero", "Exit with 0 even where something is found."),
    _flag("exit-non-zero-on-fix", "Exit with 1 if anything was fixed."),
    _flag(
        "verify", "Apply a fix only if real torch loads the checkpoint with it (imports modules)."
    ),
    interpreter,
    click.option(
        "--timeout",
        type=click.FloatRange(min=1),
        default=120.0,
        metavar="SECONDS",
        help="How long one load of --verify may take.",
    ),
    _flag("statistics", "Count the findings by rule."),
    _flag("add-noqa", "Silence what is found with noqa comments."),
    click.option(
        "--noqa-reason", metavar="TEXT", default="", help="What --add-noqa writes behind the codes."
    ),
    click.option("--baseline", type=_FILE, metavar="FILE", help="Report only what is not in it."),
    _flag("no-suppressions", "Report what comments and the baseline would hide, too."),
    _flag("update-baseline", "Write what is found to the baseline."),
    click.option(
        "--explain-load", metavar="FILE:LINE", help="Show all that is known of the load there."
    ),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="When to write colours.",
    ),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Worker processes (0: as needed).",
    ),
    # There is no cache; ruff's words for it are taken, so that a hook which gives them works.
    _flag("no-cache", "Changes nothing: there is no cache.", expose_value=False, hidden=True),
    click.option("--cache-dir", type=click.Path(), expose_value=False, hidden=True),
    click.option("-q", "--quiet", is_flag=True, help="Print findings only."),
    click.option("-v", "--verbose", is_flag=True, help="Print the notes of each finding too."),
)

SECTIONS = {
    "Fixing": (
        "fix", "unsafe_fixes", "fix_only", "diff", "show_fixes", "account", "verify", "timeout",
    ),
    "Rules": (
        "select", "ignore", "extend_select", "extend_ignore", "fixable", "unfixable",
        "per_file_ignores",
    ),
    "Files": (
        "exclude", "extend_exclude", "respect_gitignore", "force_exclude", "stdin_filename",
    ),
    "Settings": ("target_torch", "config_file", "isolated", "python", "remote"),
    "Report": (
        "output_format", "output_file", "statistics", "explain_load", "color", "quiet", "verbose",
    ),
    "Severity and exit status": (
        "min_severity", "error_on", "exit_zero", "exit_non_zero_on_fix",
    ),
    "Adopting it": ("add_noqa", "noqa_reason", "baseline", "update_baseline", "no_suppressions"),
    "Other": ("jobs", "help"),
}  # fmt: skip
"""The sections of ``--help``, each with the parameters that stand there."""


class CheckCommand(click.Command):
    """The command, with its options in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each section, without what is hidden."""
        shown = {str(one.name): one.get_help_record(ctx) for one in self.get_params(ctx)}
        for heading, names in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([record for name in names if (record := shown.get(name))])


def _options(function: Any) -> Any:  # noqa: ANN401
    for option in reversed(OPTIONS):
        function = option(function)
    return function


@click.command(
    name="check",
    cls=CheckCommand,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("paths", nargs=-1, type=NamedPath(allow_dash=True))
@_options
def command(**flags: Any) -> None:  # noqa: ANN401
    """Find every torch.load under PATHS, and fix what can be fixed with --fix."""
    from torchload_lint.cli.checking import Flags, run  # noqa: PLC0415 - not needed for --help

    try:
        with ended_by_signals():
            status = run(Flags(**flags))
    except ConfigError as error:
        fail(str(error))
    raise click.exceptions.Exit(status)
