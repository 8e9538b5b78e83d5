"""Dynaconf: ``settings = Dynaconf(settings_files=[…])``, its files laid over one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Constant,
    Record,
    Sequence,
    Text,
    Values,
    lift,
    unknown,
)
from torchload_lint.source.libraries import config_files
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known

_READ = (".toml", ".yaml", ".yml", ".json")
_FILES = ("settings_files", "settings_file", "SETTINGS_FILE_FOR_DYNACONF")
_DEFAULT_ENVIRONMENT = "development"


class AnyCase(Mapping[str, Values]):
    """Entries as Dynaconf looks for them: in any case, ``model.path`` through both levels."""

    def __init__(self, entries: Mapping[str, Values]) -> None:
        self._entries = entries
        self._lower = {key.lower(): values for key, values in entries.items()}

    def __getitem__(self, key: str) -> Values:
        found = self._lower.get(key.lower())
        if found is not None:
            return found
        first, dot, rest = key.partition(".")
        inner = self._lower.get(first.lower(), ()) if dot else ()
        if len(inner) != 1 or not isinstance(inner[0], Record):
            raise KeyError(key)
        return inner[0].entries[rest]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    __eq__, __hash__ = object.__eq__, object.__hash__


def _settings(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``Dynaconf(settings_files=["settings.toml", …], environments=True)``."""
    given = arguments(evaluator, call, frame)
    named = next((given.named[name] for name in _FILES if name in given.named), ())
    environment = _environment(given.named.get("environments", ()), given.named.get("env", ()))
    merged: dict[str, object] = {}
    is_read = False
    for file in _files(named):
        path = config_files.located(evaluator.project, file, frame)
        is_known = path is not None and path.endswith(_READ)
        content = config_files.content(evaluator.project, path) if path and is_known else None
        if not isinstance(content, dict):
            evaluator.leave_open(config_files.why_unread("the settings file", file.text, path))
            continue
        is_read = True
        evaluator.hop(None, path or "", "is read by Dynaconf")
        for part in _sections(content, environment):
            _replace(merged, part)
    if not is_read:
        return unknown("Dynaconf's settings are not in the project")
    evaluator.leave_open("an environment variable of Dynaconf's may say otherwise")
    return lift(_in_any_case(config_files.values(merged, merged)), Rung.CONFIG_FILE)


def _files(named: Values) -> Iterator[Text]:
    """The files of ``settings_files``: a list, or one text with commas or semicolons."""
    for value in named:
        if isinstance(value, Sequence):
            for item in value.items:
                yield from _files(item)
        elif isinstance(value, Text):
            for part in value.text.replace(";", ",").split(","):
                yield value.changed(text=part.strip())


def _environment(environments: Values, env: Values) -> str | None:
    """The section of each file that holds beside ``default``; None where files have no sections."""
    on = any(not isinstance(each, Constant) or each.value for each in environments)
    if not on:
        return None
    named = env[0] if len(env) == 1 else None
    return named.text if isinstance(named, Text) and not named.why else _DEFAULT_ENVIRONMENT


def _sections(content: dict[str, object], environment: str | None) -> Iterator[dict[str, object]]:
    if environment is None:
        yield content
        return
    sections = {str(key).lower(): value for key, value in content.items()}
    for name in ("default", environment.lower(), "global"):
        section = sections.get(name)
        if isinstance(section, dict):
            yield section


def _replace(into: dict[str, object], new: dict[str, object]) -> None:
    """Keys of a later file replace those of an earlier one, in whatever case they are written."""
    written = {key.lower(): key for key in into}
    for key, value in new.items():
        into.pop(written.get(str(key).lower(), ""), None)
        into[str(key)] = value


def _in_any_case(values: Values) -> Values:
    return tuple(
        value.changed(entries=AnyCase({key: _in_any_case(of) for key, of in value.entries.items()}))
        if isinstance(value, Record)
        else unknown("it is converted by Dynaconf")[0]
        if isinstance(value, Text) and value.text.startswith("@")
        else value
        for value in values
    )


CALLS: dict[str, Known] = dict.fromkeys(
    ("dynaconf.Dynaconf", "dynaconf.LazySettings", "dynaconf.base.LazySettings"), _settings
)
