"""The options that several commands share, and how they become settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from torchload_lint.config import READERS, ConfigError, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.reports.union import Stored

F = TypeVar("F", bound="Callable[..., Any]")

LISTS = ("select", "ignore", "extend_select", "extend_ignore", "fixable", "unfixable", "exclude",
         "extend_exclude")  # fmt: skip


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
        return super().convert(value, param, ctx)


def configuration(function: F) -> F:
    """``--config``, ``--isolated``, ``--target-torch``."""
    for option in reversed(
        (
            click.option(
                "--target-torch",
                metavar="VERSIONS",
                help='The torch that the code must run on: ">=2.1,<2.9", or 2.6 (and newer).',
            ),
            click.option(
                "--config",
                "config_file",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Use this pyproject.toml or torchload-lint.toml for every file.",
            ),
            click.option("--isolated", is_flag=True, help="Ignore all configuration files."),
        )
    ):
        function = option(function)
    return function


def remote(function: F) -> F:
    """``--remote``."""
    return click.option(
        "--remote",
        is_flag=True,
        help="Read checkpoints at addresses, too (s3://, gs://, az://, https://, hf:// …).",
    )(function)


def interpreter(function: F) -> F:
    """``--python``."""
    return click.option(
        "--python",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="PATH",
        help="The interpreter whose packages are read and whose torch is asked (default: that of "
        "the active environment, or the project's).",
    )(function)


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
    from torchload_lint.reports.union import read_stored  # noqa: PLC0415 - few runs are given one

    try:
        return read_stored(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error


def settings_from(config_file: Path | None, isolated: bool, flags: dict[str, Any]) -> Settings:
    """Settings from flags; a flag that was not given (None) changes nothing.

    Raises ConfigError for a value that the configuration would refuse too.
    """
    if config_file and isolated:
        raise ConfigError("--isolated and --config exclude each other")
    overrides: dict[str, Any] = {}
    for name, value in flags.items():
        if value is None or value == ():
            continue
        key = name.replace("_", "-")
        given = _listed(value) if name in LISTS else value
        try:
            overrides[name] = READERS[key](given)
        except ValueError as error:
            raise ConfigError(f"--{key} {error}") from None
    return Settings(config_file, isolated, overrides)


def _listed(values: tuple[str, ...]) -> list[str]:
    """``--select A,B --select C`` is three selectors."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def per_file_ignores(values: tuple[str, ...]) -> dict[str, list[str]] | None:
    """``--per-file-ignores 'tests/*:TLL102'``, several of them."""
    table: dict[str, list[str]] = {}
    for value in values:
        glob, colon, codes = value.rpartition(":")
        if not colon:
            raise ConfigError(f"--per-file-ignores must be GLOB:CODES, not {value!r}")
        table.setdefault(glob, []).extend(_listed((codes,)))
    return table or None
