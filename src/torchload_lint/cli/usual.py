"""Usual command lines of ``check``, read without click: its import takes longer than a small check.

They are read from the table that click has its options from, and understood as click does. All
else is click's: help, mistakes, other commands, options that few give.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.cli.arguments.check_options import OPTIONS
from torchload_lint.cli.arguments.declared import ANY_PATH, COUNT, FILE
from torchload_lint.cli.commands import COMMANDS, DEFAULT
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torchload_lint.cli.arguments.declared import Declared

COMPLETION = "_TORCHLOAD_LINT_COMPLETE"
"""Set where a shell asks for completions, which click gives."""


class UnusualError(Exception):
    """A command line that is left to click."""


class _Name(NamedTuple):
    """What one name of an option stands for."""

    field: str
    settings: Mapping[str, Any]
    is_flag: bool
    value: bool = True
    """What a flag stores; not for others."""


def usual_flags(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The fields of ``Flags`` for a command line; None for one that is click's to read."""
    if os.name == "nt" or os.environ.get(COMPLETION):  # on Windows click expands patterns
        return None
    words = list(arguments)
    if words[:1] == [DEFAULT] and len(words) > 1:
        del words[0]
    elif words and words[0] in COMMANDS:
        return None
    try:
        return _read(words)
    except (UnusualError, OSError, ValueError):  # no current folder; a zero byte in a path
        return None


def _read(words: list[str]) -> dict[str, Any]:
    os.getcwd()  # noqa: PTH109 - only asked whether there is one
    known: dict[str, _Name] = {}
    found: dict[str, Any] = {}
    for option in OPTIONS:
        _add(option, known, found)
    paths: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word == "--":
            paths += waiting
        elif word == "-" or not word.startswith("-"):
            paths.append(word)
        else:
            _take(word, waiting, known, found)
    if any("://" in path for path in paths):
        raise UnusualError
    return {"paths": tuple(map(_named, paths)), **found}


def _add(option: Declared, known: dict[str, _Name], found: dict[str, Any]) -> None:
    """Note the names of an option, and what it is where it is not given."""
    settings = option.settings
    if os.environ.get(settings.get("envvar", "")):
        raise UnusualError
    names = [name for group in option.names for name in group.split("/")]
    plain = [name for name in names if not name.startswith("-")]
    long = [name for name in names if name.startswith("--")]
    field = (plain or long)[0].lstrip("-").replace("-", "_")
    is_flag = settings.get("is_flag", False) or "/" in option.names[0]
    off = option.names[0].partition("/")[2]
    for name in names:
        known[name] = _Name(field, settings, is_flag, name != off)
    if settings.get("expose_value", True):
        absent = False if is_flag else () if settings.get("multiple") else None
        found[field] = settings.get("default", absent)


def _take(
    word: str, waiting: Iterator[str], known: dict[str, _Name], found: dict[str, Any]
) -> None:
    """Read an option, with its value. Raises UnusualError."""
    spelled, equals, text = word.partition("=")
    name = known.get(spelled)
    if name is None or (equals and (name.is_flag or not spelled.startswith("--"))):
        raise UnusualError
    value: Any = name.value
    if not name.is_flag:
        value = _converted(text if equals else next(waiting, "-"), name.settings.get("type"))
    if not name.settings.get("expose_value", True):
        return
    if name.settings.get("multiple"):
        value = (*found[name.field], value)
    found[name.field] = value


def _converted(text: str, takes: str | tuple[str, ...] | None) -> object:
    """The value of an option that is not a flag. Raises UnusualError."""
    if text.startswith("-"):
        raise UnusualError
    if takes is None or (isinstance(takes, tuple) and text in takes):
        return text
    if takes == COUNT and text.isascii() and text.isdigit():
        return int(text)
    if takes == ANY_PATH or (takes == FILE and not Path(text).is_dir()):
        return _named(text)
    raise UnusualError


def _named(text: str) -> Path:
    """A path that is there and can be read, or is not there at all. Raises UnusualError."""
    is_plain = text == "-" or os.access(text, os.R_OK) or not os.path.lexists(text)
    if not text or not is_plain:
        raise UnusualError
    return Path(text)
