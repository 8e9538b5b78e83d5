"""Settings as an editor sends them: keys of the configuration, in camel or kebab case."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from torchload_lint.config import READERS, ConfigError, Settings
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.rules import RULES
from torchload_lint.rules.selection import codes_for

CLIENT_SECTION = "torchload-lint"
FILE = "configuration"
"""A configuration file to use in place of the closest one."""
OF_A_RUN = frozenset("extend output-format error-on respect-gitignore force-exclude".split())
"""Keys that mean something in a file, or to a run over files, only."""
SELECTORS = frozenset("select ignore extend-select extend-ignore fixable unfixable".split())


class Read(NamedTuple):
    """What a client's settings say, and what is wrong with them, as sentences."""

    settings: Settings
    wrong: tuple[str, ...] = ()


def own_part(given: Any, *, is_ours: bool = False) -> dict[str, Any] | None:  # noqa: ANN401 - JSON
    """The settings of this tool among what a client sends; None where it only sends others'.

    Nothing at all means that nothing is set. ``is_ours``: whether they are for this server alone,
    so that they need not stand below its name.
    """
    given = {} if given is None else given
    if not isinstance(given, dict):
        return {}
    for section in (CLIENT_SECTION, "settings"):
        if section in given:
            inner = given[section]
            return dict(inner) if isinstance(inner, dict) else {}
    known = any(_key(str(name)) in {FILE, *READERS} for name in given)
    return dict(given) if known or is_ours or not given else None


def read_settings(given: dict[str, Any]) -> Read:
    """Read settings; what is wrong is left out, and named as the user has written it."""
    overrides: dict[str, Any] = {}
    wrong: list[str] = []
    file: Path | None = None
    for name, value in given.items():
        if value is None:
            continue
        key = _key(name)
        try:
            if key == FILE:
                file = _file(value)
            else:
                overrides[key.replace("-", "_")] = _value(name, key, value)
        except (ValueError, ConfigError) as error:
            wrong.append(str(error))
    return Read(Settings(file, overrides=overrides), tuple(wrong))


def _file(value: object) -> Path | None:
    if not isinstance(value, str):
        raise ValueError(f"{FILE} must be the path of a file")
    return Path(value) if value else None


def _value(name: str, key: str, value: object) -> object:
    """The value of one setting. Raises ValueError or ConfigError, which name it."""
    reader = READERS.get(key)
    if reader is None or key in OF_A_RUN:
        raise ValueError(f"unknown setting {name!r}{_suggestion(name)}")
    try:
        known = reader(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    if key in SELECTORS and isinstance(known, tuple):
        codes_for(known, RULES, name)
    return known


def _suggestion(name: str) -> str:
    known = [_camel(key) for key in READERS if key not in OF_A_RUN]
    close = get_close_matches(name, [*known, FILE], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _key(name: str) -> str:
    """``extendSelect``, ``extend_select`` or ``extend-select`` as the configuration spells it."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).replace("_", "-")


def _camel(key: str) -> str:
    first, *rest = key.split("-")
    return first + "".join(word.capitalize() for word in rest)
