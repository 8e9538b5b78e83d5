"""``torchload-lint server``."""

from __future__ import annotations

import click

from torchload_lint.cli.terminal import fail


@click.command(name="server", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Run the language server on standard input and output (an editor starts it)."""
    try:
        from torchload_lint.editors.lsp import serve  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        if error.name not in {"pygls", "lsprotocol"}:
            raise
        fail("the language server needs pygls: pip install 'torchload-lint[lsp]'")
    raise click.exceptions.Exit(serve())
