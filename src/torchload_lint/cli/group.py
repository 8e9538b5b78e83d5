"""The root command: ``torchload-lint [OPTIONS] [PATHS]...`` checks, other words are commands."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from torchload_lint import __version__
from torchload_lint.cli.commands import COMMANDS, DEFAULT
from torchload_lint.cli.terminal import INTERRUPTED, fail, tell_interrupted


class LazyGroup(click.Group):
    """Commands are imported when they are called; anything else is an argument of ``check``.

    A path that is called like a command is written ``./inspect`` or after ``--``.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"torchload_lint.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run the command; click would end an interrupted one with the status for findings."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            tell_interrupted()
            raise click.exceptions.Exit(INTERRUPTED) from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``check`` before arguments that do not begin with a command."""
        own = {"--help", "-h", "--version", "-V"}
        if len(args) == 1 and args[0] in COMMANDS and Path(args[0]).exists():
            note = f"note: {args[0]!r} is a command here; the path is written ./{args[0]}"
            click.echo(note, err=True)
        completing = ctx.resilient_parsing and not args
        if not completing and (not args or args[0] not in {*COMMANDS, *own}):
            args.insert(0, DEFAULT)
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, the options of ``check`` and files."""
        found = super().shell_complete(ctx, incomplete)
        if not incomplete.startswith("-"):  # files first: in bash they replace what came before
            return [CompletionItem(incomplete, type="file"), *found]
        check = self.get_command(ctx, DEFAULT)
        assert check is not None
        return [
            *found,
            *check.shell_complete(click.Context(check, **check.context_settings), incomplete),
        ]

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The short form, and the long one."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] [PATHS]...")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of ``check``, then the other commands."""
        check = self.get_command(ctx, DEFAULT)
        assert check is not None
        check.format_options(click.Context(check, **check.context_settings), formatter)
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=LazyGroup,
    name="torchload-lint",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="torchload-lint %(version)s")
def root() -> None:
    """Find torch.load calls, learn what each checkpoint needs, and allow exactly that.

    PATHS are files or folders (default: the current folder); "-" is standard input.
    """
    try:
        Path.cwd()
    except OSError:
        fail("the current folder is not there any more; change to one that is")
