"""``torchload-lint [check] PATHS``: the command of click."""

from __future__ import annotations

from typing import Any

import click

from torchload_lint.cli.arguments.check_options import OPTIONS
from torchload_lint.cli.arguments.options import NamedPath, click_option

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
        "min_severity", "error_on", "exit_zero", "exit_non_zero_on_fix", "tracked_modules",
    ),
    "Adopting it": (
        "add_noqa", "noqa_reason", "baseline", "update_baseline", "no_baseline", "no_suppressions",
    ),
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
        function = click_option(option)(function)
    return function


@click.command(
    name="check",
    cls=CheckCommand,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("paths", nargs=-1, type=NamedPath(allow_dash=True))
@_options
def command(**flags: Any) -> None:  # noqa: ANN401
    """Find the torch.load calls under PATHS, and fix what can be fixed with --fix."""
    from torchload_lint.cli.checking import Flags, run_check  # noqa: PLC0415 - not for --help

    raise click.exceptions.Exit(run_check(Flags(**flags)))
