"""The options that several commands share, in the form of click."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from torchload_lint.cli.arguments import declared
from torchload_lint.config import ConfigError
from torchload_lint.regular_files import read_regular_text
from torchload_lint.remote.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.reports.checkpoints.union import Stored

F = TypeVar("F", bound="Callable[..., Any]")


class NamedPath(click.Path):
    """A path that somebody has named: ``torchload-lint --fix "$UNSET"`` is not meant for the
    current folder.
    """

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, allow_dash=allow_dash)

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's own signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401
        """The path; an empty one is refused."""
        if value == "":
            self.fail("a path is empty; the current folder is '.'", param, ctx)
        if is_address(value):
            inspect = f"`torchload-lint inspect --remote {value}` reads checkpoints there"
            self.fail(f"{value} is an address, not a file here; {inspect}", param, ctx)
        return super().convert(value, param, ctx)


_TYPES: dict[str, Any] = {
    declared.FILE: click.Path(path_type=Path, dir_okay=False),
    declared.EXISTING_FILE: click.Path(path_type=Path, exists=True, dir_okay=False),
    declared.ANY_PATH: click.Path(path_type=Path),
    declared.SECONDS: click.FloatRange(min=1),
    declared.COUNT: click.IntRange(min=0),
}


def click_option(option: declared.Declared) -> Callable[[F], F]:
    """Click's own form of a declared option."""
    settings = dict(option.settings)
    takes = settings.pop("type", None)
    if takes is not None:
        settings["type"] = click.Choice(takes) if isinstance(takes, tuple) else _TYPES[takes]
    return click.option(*option.names, **settings)


def configuration(function: F) -> F:
    """``--config``, ``--isolated``, ``--target-torch``."""
    for option in reversed(declared.CONFIGURATION):
        function = click_option(option)(function)
    return function


def remote(function: F) -> F:
    """``--remote``."""
    return click_option(declared.REMOTE)(function)


def interpreter(function: F) -> F:
    """``--python``."""
    return click_option(declared.INTERPRETER)(function)


def since(function: F) -> F:
    """``--since``, for ``--union``."""
    return click.option(
        "--since",
        "since_file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="With --union: say what is new since FILE, an earlier --union --output-format json.",
    )(function)


def stored_list(path: Path | None) -> Stored | None:
    """The list that ``--since`` names. Raises ConfigError where it is none."""
    if path is None:
        return None
    from torchload_lint.reports.checkpoints.union import read_stored  # noqa: PLC0415 - few runs are given one

    try:
        return read_stored(read_regular_text(path))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
