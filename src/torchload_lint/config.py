"""What can be set: one frozen Config, and what reads the value of each key.

`configuration_files.py` finds and reads the files.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECTION = "torchload-lint"
DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox",
    ".pytest_cache", ".ruff_cache", ".svn", ".tox", ".torchload_lint_cache", ".venv", "__pycache__",
    "__pypackages__", "build", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
OUTPUT_FORMATS = (
    "concise", "full", "grouped", "json", "json-lines", "sarif", "github", "gitlab", "rdjson",
    "junit", "pylint", "azure", "html",
)  # fmt: skip
TEXT_FORMATS = frozenset({"concise", "full", "grouped"})
"""Formats for people: a summary line may follow them on the same stream."""

SEVERITIES = ("error", "warning", "info")


class ConfigError(Exception):
    """A configuration that cannot be used; the message names the file, the key and the way out."""

    extended: tuple[Path, ...] = ()
    """The files that it builds on, which may be what is wrong, or missing."""


class CheckpointEntry(NamedTuple):
    """``[tool.torchload-lint.checkpoints]``: what a file needs, or where it lies."""

    pattern: str
    safe_globals: tuple[str, ...] = ()
    path: str = ""
    """Where the file is to be read instead; empty for the place the pattern names."""


class LoadEntry(NamedTuple):
    """``[tool.torchload-lint.loads]``: what a call site reads, or what it needs."""

    site: str
    """The key (``rules/reading/sites.py`` says what it may be)."""
    checkpoints: tuple[str, ...] = ()
    safe_globals: tuple[str, ...] = ()


class Config(NamedTuple):
    """All settings of one project."""

    root: Path = Path()
    """The project's root: the folder of the configuration file, or of the closest marker."""
    file: Path | None = None
    """The configuration file, where there is one."""
    extend: str = ""
    """Another configuration file on which this one builds, by its path from the folder of this one.
    Its keys hold as if they stood here: paths and patterns start at this project's root. A key of
    this file takes the place of the other's; tables are joined entry by entry, and `extend-select`,
    `extend-ignore` and `extend-exclude` add up. The file must lie in the same repository (below
    the closest `.git`; where there is none, below the folder of this file), unless this file is
    named by `--config`."""
    extended: tuple[Path, ...] = ()
    """The files that `extend` leads to, the nearest first."""
    shared: frozenset[str] = frozenset()
    """Keys of `loads` and `renames` that those give: they may be meant for other projects."""
    target_torch: str | None = None
    """The torch versions that the code must run on, such as ">=2.1,<2.9"; one version, such as
    "2.6", means that and newer. Default: what the project's requirements state (pyproject.toml,
    setup.py, requirements.txt, environment.yml …; else lock files, base images, CI, which give
    the oldest one, and newer ones count as well, except for the lock file of an application),
    else the newest torch that the tool knows. For the files of a folder, what it states itself
    counts besides what stands above it, up to the next pyproject.toml, setup.py or setup.cfg
    that names torch."""
    src: tuple[str, ...] = ("src", ".")
    """Folders, from the root, in which first-party modules live. Their classes may be allowed."""
    checkpoint_roots: tuple[str, ...] = (".",)
    """Folders in which a relative path of a checkpoint may start."""
    trusted: tuple[str, ...] = ()
    """Globals that may be allowed besides first-party and vetted classes; `*` matches anything.
    What runs code must be named exactly."""
    trust_installed: bool | tuple[str, ...] = True
    """Whether classes of installed libraries may be allowed where their own source shows that they
    are harmless: those of every library that the project depends on, of none, or of the
    distributions in a list."""
    guard_arrays: bool = False
    """Whether a fix also holds files to what numpy itself writes of arrays, by the module
    `restore_only`. Run on torch 2.13; a torch that works otherwise refuses every array."""
    checkpoints: tuple[CheckpointEntry, ...] = ()
    """What a checkpoint file needs, or where it lies: a pattern of its path, and a list of globals
    or a table with `safe-globals` and `path`."""
    loads: tuple[LoadEntry, ...] = ()
    """What a call reads or needs, where its code does not say: a key, and a table with
    `checkpoints` and `safe-globals`. A checkpoint may be a pattern. The key is
    `module:qualified.name`, or `path/to/file.py:qualified.name` where files share a name; `*` in it
    matches anything, `#2` behind it is the second load of that function; or the key is the path
    expression itself, as the code writes it (`args.resume`). A key that could mean several files,
    or several loads of one function that read different things, is not used, and that is said; so
    is one that names no load."""
    renames: tuple[tuple[str, str], ...] = ()
    """Classes that have moved since files were saved: the old name in the file, and the new one."""
    select: tuple[str, ...] = ()
    """Rules to turn on: codes, prefixes of codes, names, or `ALL`. Empty means all."""
    ignore: tuple[str, ...] = ()
    """Rules to turn off."""
    extend_select: tuple[str, ...] = ()
    """Rules to turn on besides `select`."""
    extend_ignore: tuple[str, ...] = ()
    """Rules to turn off besides `ignore`."""
    fixable: tuple[str, ...] = ()
    """Rules whose fixes may be applied. Empty means all."""
    unfixable: tuple[str, ...] = ()
    """Rules whose fixes may not be applied."""
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Rules that are off in some files: a pattern of the path from the root or of the file's name
    (with `!` before it, of all other files), and the rules."""
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    """Files and folders to leave out. A pattern without a slash matches any part of the path below
    the root; one with a slash matches the path from the root. `**` is any number of folders, or
    none, and `!` takes back what a pattern before it excludes, as in .gitignore."""
    extend_exclude: tuple[str, ...] = ()
    """Files and folders to leave out besides `exclude`."""
    respect_gitignore: bool = True
    """Whether to leave out what git ignores."""
    force_exclude: bool = False
    """Whether excludes hold for files that are named outright, too."""
    unsafe_fixes: bool = False
    """Whether unsafe fixes count as fixable and are applied by `--fix`."""
    output_format: str = "concise"
    """How to report."""
    line_length: int = 88
    """How long a row of a fix may be before it is split; only what a fix writes is concerned.
    Default: what the project's settings of ruff, black or flake8 say, else 88."""
    min_severity: str | None = None
    """The least severity that is reported: `error`, `warning` or `info`. Default: `warning`, and
    the notes (`info`) of rules that are selected by their own code or name, or by `ALL`, and of
    TLL801 and TLL108; the last lines of a run count the other notes."""
    error_on: str = "warning"
    """The least severity that makes the exit status 1: `error`, `warning` or `info`."""
    baseline: str = ""
    """A file of known findings, from the root; only others are reported."""


class Settings(NamedTuple):
    """Where configuration comes from, and what the command line says over it."""

    config_file: Path | None = None
    isolated: bool = False
    overrides: Mapping[str, Any] = {}
    """Fields of Config that flags have set."""
    python: Path | None = None
    """The interpreter whose installed packages count, where one is named."""
    remote: bool = False
    """Whether the network may be used. No key of a file can say that: files are others' words."""
    named: tuple[str, ...] = ()
    """The folders to be looked at (absolute paths), each of which may be a project as a whole."""


def parse_toml(text: str) -> dict[str, Any]:
    """The content of a TOML document, without the byte-order mark that editors of Windows put
    before it. Raises ValueError.
    """
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only needed where a configuration file exists
    else:
        import tomli as tomllib  # noqa: PLC0415
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:  # before Python 3.13, at some hundred arrays in each other
        raise ValueError("its values are nested too deep") from error


def _string(value: object) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {_kind(value)}")
    if "\0" in value:
        raise ValueError("must not hold the character U+0000")
    return value


def _strings(value: object) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"must be a list of strings, not {_kind(value)}")
    return tuple(map(_string, value))


def _dotted_names(value: object) -> tuple[str, ...]:
    names = _strings(value)
    from torchload_lint.names import is_dotted_name  # noqa: PLC0415 - only to read such a table

    for name in names:
        if not is_dotted_name(name):
            raise ValueError(f'must hold dotted names such as "myapp.models.Net", not {name!r}')
    return names


def _flag(value: object) -> bool:
    """A true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_kind(value)}")
    return value


def _flag_or_strings(value: object) -> bool | tuple[str, ...]:
    """A true or false, or a list of strings."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"must be true, false or a list of strings, not {_kind(value)}")
    return _strings(value)


def _length(value: object) -> int:
    """A positive integer."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"must be a positive integer, not {value!r}")
    return value


_VERSION = late_pattern(r"\s*\d{1,9}(\.\d{1,9})*\s*")
_SPECIFIERS = late_pattern(r"\s*(>=|<=|==|~=|!=|>|<)\s*\d{1,9}(\.\d{1,9})*(\.\*)?\s*")


def _versions(value: object) -> str:
    """A version, or specifiers, as a string."""
    text = _string(value)
    parts = text.split(",")
    if not _VERSION.fullmatch(text) and not all(map(_SPECIFIERS.fullmatch, parts)):
        raise ValueError(
            f'must be a version such as "2.6" (that and newer) or a range such as ">=2.1,<2.9", '
            f"not {text!r}"
        )
    return text


def _format(value: object) -> str:
    """The name of a format."""
    text = _string(value)
    if text not in OUTPUT_FORMATS:
        raise ValueError(f"must be one of {', '.join(OUTPUT_FORMATS)}, not {text!r}")
    return text


def _severity(value: object) -> str:
    """A severity."""
    text = _string(value)
    if text not in SEVERITIES:
        raise ValueError(f"must be one of {', '.join(SEVERITIES)}, not {text!r}")
    return text


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"must be a table, not {_kind(value)}")
    return value


def _checkpoints(value: object) -> tuple[CheckpointEntry, ...]:
    """A table of lists or tables."""
    entries = []
    for pattern, given in _table(value).items():
        if isinstance(given, list):
            entries.append(CheckpointEntry(pattern, _named(pattern, _dotted_names, given)))
            continue
        if not isinstance(given, dict):
            wanted = "a list of globals or a table"
            if isinstance(given, str):
                raise ValueError(f'[{pattern!r}] must be {wanted}: {{ path = "{given}" }}')
            raise ValueError(f"[{pattern!r}] must be {wanted}, not {_kind(given)}")
        table = _known(pattern, given, ("safe-globals", "path"))
        names = _named(pattern, _dotted_names, table.get("safe-globals", []))
        path = _named(pattern, _string, table.get("path", ""))
        entries.append(CheckpointEntry(pattern.removeprefix("file://"), names, path))
    return tuple(entries)


def _loads(value: object) -> tuple[LoadEntry, ...]:
    """A table of tables."""
    entries = []
    for site, given in _table(value).items():
        if not isinstance(given, dict):
            raise ValueError(f"[{site!r}] must be a table, not {_kind(given)}")
        table = _known(site, given, ("checkpoints", "safe-globals"))
        files = _named(site, _strings, table.get("checkpoints", []))
        names = _named(site, _dotted_names, table.get("safe-globals", []))
        entries.append(LoadEntry(site, files, names))
    return tuple(entries)


def _known(where: str, table: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    for key in table:
        if key not in keys:
            raise ValueError(f"[{where!r}] has the unknown key {key!r}; known: {', '.join(keys)}")
    return table


def _named(where: str, reader: Callable[[object], Any], value: object) -> Any:  # noqa: ANN401
    try:
        return reader(value)
    except ValueError as error:
        raise ValueError(f"[{where!r}] {error}") from None


def _renames(value: object) -> tuple[tuple[str, str], ...]:
    """A table of strings."""
    return tuple((old, _named(old, _string, new)) for old, new in _table(value).items())


def _per_file(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A table of lists of strings."""
    return tuple((glob, _named(glob, _strings, codes)) for glob, codes in _table(value).items())


def _kind(value: object) -> str:
    words = {bool: "a boolean", int: "an integer", float: "a float", str: "a string"}
    words |= {list: "a list", dict: "a table"}
    return words.get(type(value), type(value).__name__)


READERS: dict[str, Callable[[object], object]] = {
    "extend": _string,
    "target-torch": _versions,
    "src": _strings,
    "checkpoint-roots": _strings,
    "trusted": _strings,
    "trust-installed": _flag_or_strings,
    "guard-arrays": _flag,
    "checkpoints": _checkpoints,
    "loads": _loads,
    "renames": _renames,
    "select": _strings,
    "ignore": _strings,
    "extend-select": _strings,
    "extend-ignore": _strings,
    "fixable": _strings,
    "unfixable": _strings,
    "per-file-ignores": _per_file,
    "exclude": _strings,
    "extend-exclude": _strings,
    "respect-gitignore": _flag,
    "force-exclude": _flag,
    "unsafe-fixes": _flag,
    "output-format": _format,
    "line-length": _length,
    "min-severity": _severity,
    "error-on": _severity,
    "baseline": _string,
}
"""Every key of the configuration, and what reads its value (ValueError: a wrong type)."""


def settings_of(config: Config) -> dict[str, object]:
    """The settings as plain data, for ``show-settings``."""
    return {key.replace("_", "-"): _plain(value) for key, value in config._asdict().items()}


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (CheckpointEntry, LoadEntry)):
        return {key.replace("_", "-"): _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
