"""What was given on the command line, as settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchload_lint.config import READERS, ConfigError, Settings

if TYPE_CHECKING:
    from pathlib import Path

LISTS = ("select", "ignore", "extend_select", "extend_ignore", "fixable", "unfixable", "exclude",
         "extend_exclude")  # fmt: skip


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
