"""pyproject.toml, torchload-lint.toml and flags → one frozen Config.

Precedence: default, then the closest configuration file, then flags. The closest file above a
source file holds for it; another one counts only where it says so (`extend`).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.config import READERS, SECTION, Config, ConfigError, parse_toml
from torchload_lint.line_lengths import stated_line_length
from torchload_lint.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWN_FILES = ("torchload-lint.toml", ".torchload-lint.toml")
PROJECT_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_AT_THE_TOP = ("readme", "license", "copying", "requirements", "environment.y", "env.y", "pipfile")
"""How names begin, in small letters, in the top folder of what somebody has published."""
_TELLING_NAMES = frozenset((*OWN_FILES, *PROJECT_MARKERS))


def find_config(folder: Path) -> Path | None:
    """The configuration file that lies in a folder, if there is one."""
    for name in (*OWN_FILES, "pyproject.toml"):
        candidate = os.path.join(folder, name)
        if os.path.isfile(candidate) and _has_section(Path(candidate)):
            return Path(candidate)
    return None


def may_hold_config(folder: str) -> bool:
    """Whether ``find_config`` or ``is_root`` may find something: one question instead of seven."""
    try:
        return not _TELLING_NAMES.isdisjoint(map(os.path.normcase, os.listdir(folder)))
    except OSError:
        return True


def is_root(folder: Path) -> bool:
    """Whether a folder without configuration is the root of a project.

    A package with a ``setup.py`` inside (numpy's, BasicSR's) is a part of one.
    """
    found = [one for one in PROJECT_MARKERS if os.path.exists(os.path.join(folder, one))]
    inside = set(found) <= {"setup.py", "setup.cfg"}
    return bool(found) and not (inside and os.path.exists(os.path.join(folder, "__init__.py")))


def load_config(file: Path, *, is_named: bool = False) -> Config:
    """Read one configuration file, and those that it builds on.

    ``is_named``: whether the user has named it, so that those may lie outside of its repository.
    Raises ConfigError for a file that cannot be read or parsed, an unknown key or a wrong type.
    """
    config = _with_line_length(Config(root=file.resolve().parent, file=file))
    settings = _settings_in(file)
    if "extend" not in settings:
        return config._replace(**settings)
    from torchload_lint import extending  # noqa: PLC0415 - few configurations do

    layers = extending.layers(file, settings, _settings_in, is_named=is_named)
    return config._replace(**extending.joined(layers))


def config_for(start: Path, *, isolated: bool = False, named: Sequence[str] = ()) -> Config:
    """The configuration that holds for a folder: the closest file above it, else defaults.

    Without any file, the root is the closest folder with a marker (``.git``, ``setup.py`` …);
    without a marker, one of those that were ``named`` on the command line, or the current folder.
    Raises ConfigError.
    """
    above = (start, *start.parents)
    if not isolated and (file := next(filter(None, map(find_config, above)), None)):
        return load_config(file)
    root = next(filter(is_root, above), None) or _unmarked_root(above, named)
    config = Config(root=root)
    return config if isolated else _with_line_length(config)


def _unmarked_root(above: Sequence[Path], named: Sequence[str]) -> Path:
    """The root of a folder (the first) that no marker lies above.

    The topmost folder that was named, and is a part of the current folder only where nothing says
    that it is a whole: ``lint src`` means the program here, ``lint clones/yolact`` that one.
    """
    here = Path.cwd()
    top = next((one for one in reversed(above) if str(one) in named), None)
    if here not in above or top in here.parents:
        return top or above[0]
    return top if top and _looks_whole(top) and not _looks_whole(here) else here


def _looks_whole(folder: Path) -> bool:
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(name.lower().startswith(_AT_THE_TOP) and not name.endswith(".py") for name in names)


def _with_line_length(config: Config) -> Config:
    return config._replace(line_length=stated_line_length(config.root) or config.line_length)


def _has_section(file: Path) -> bool:
    """Own files always count; pyproject.toml only with our table (found before parsing it)."""
    if file.name != "pyproject.toml":
        return True
    try:
        data = read_regular(file)
    except OSError as error:
        return error.errno == errno.EFBIG  # whoever reads it says so
    return SECTION.encode() in data and _own_table(file) is not None


def _own_table(file: Path) -> Any:  # noqa: ANN401 - what a stranger has written
    """What a file says, of a pyproject.toml our table alone. Raises ConfigError."""
    try:
        found = parse_toml(read_regular(file).decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # a wrong encoding, or TOMLDecodeError
        raise ConfigError(f"{file}: is not valid TOML: {error}") from error
    if file.name != "pyproject.toml":
        return found
    if not isinstance(tools := found.get("tool", {}), dict):
        raise ConfigError(f"{file}: tool is not a table")
    return tools.get(SECTION)


def _settings_in(file: Path) -> dict[str, Any]:
    """What one file says itself, by the fields of Config. Raises ConfigError."""
    table = _own_table(file)
    if not isinstance(table, dict | None):
        raise ConfigError(f"{file}: tool.{SECTION} is not a table")
    return _settings(table or {}, file)


def _settings(table: Mapping[str, Any], file: Path) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value in table.items():
        reader = READERS.get(key)
        if reader is None:
            raise ConfigError(f"{file}: unknown key {key!r}{_suggest(key, READERS)}")
        try:
            settings[key.replace("-", "_")] = reader(value)
        except ValueError as error:
            raise ConfigError(f"{file}: {key} {error}") from None
    return settings


def _suggest(word: str, known: Mapping[str, object]) -> str:
    import difflib  # noqa: PLC0415 - only for a wrong word

    close = difflib.get_close_matches(word, list(known), n=1)
    return (
        f" (did you mean {close[0]!r}?)" if close else f"; known keys: {', '.join(sorted(known))}"
    )
