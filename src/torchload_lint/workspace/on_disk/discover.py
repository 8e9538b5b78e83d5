"""Paths → the Python files and notebooks to look at."""

from __future__ import annotations

import os
import stat
from collections import deque
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.config import DEFAULT_EXCLUDE
from torchload_lint.configuration_files import is_root
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.path_globs import PathGlob
from torchload_lint.source.text.command_lines import COMMAND_FILES, LAUNCH_FILE
from torchload_lint.source.text.settings_files import is_settings_file
from torchload_lint.workspace.on_disk.git_files import files_known, is_in_git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from torchload_lint.config import Config

SUFFIXES = (".py", ".pyi", ".ipynb")
SETTINGS_PATTERNS = tuple(
    """
    *.sh *.bash *.zsh *Dockerfile* *.dockerfile Containerfile *.yml *.yaml *.env .env* *.ini *.cfg
    *.toml Makefile *.mk *.service justfile
    """.split()
)
"""What may set environment variables; ``source.settings_files`` has the last word."""
MOST_NEAR = 1_000
"""How many files are looked at around one that lies in no project (a home, ``/tmp``)."""
_MOST_EXCLUDED = 1_000
"""How many excluded Python files are asked who calls what; an environment holds more."""


def discover(
    paths: Iterable[Path], config_of: Callable[[Path], Config]
) -> tuple[list[str], list[Path]]:
    """All files to check under ``paths``, sorted, each once; and the paths that do not exist.

    Files are texts: to make a Path of each takes a fifth of the time that it takes to find them.

    A folder is searched for Python files and notebooks, as git sees it (ignored files are left
    out) or, outside of git, whole; the configured excludes hold. A file given by name is taken
    whatever it is called, unless ``force-exclude`` is on. ``config_of`` gives the configuration
    for a folder. Raises ConfigError.
    """
    found: set[str] = set()
    missing: list[Path] = []
    for path in paths:
        if not os.path.lexists(path):
            missing.append(path)
        elif path.is_dir():
            start = "" if str(path) == "." else os.path.join(path, "")
            found.update(start + name for name in _in_folder(path, config_of(path)))
        elif not is_forced_out(path, config_of(path.parent)):
            found.add(str(path))
    return sorted(found), missing


def is_forced_out(path: Path, config: Config) -> bool:
    """Whether a file that is named outright is left out all the same."""
    return config.force_exclude and is_excluded(path, config)


def _is_looked_at(name: str) -> bool:
    return name.endswith(SUFFIXES) or is_settings_file(name)


LOOKED_AT = (*(f"*{suffix}" for suffix in SUFFIXES), *SETTINGS_PATTERNS)


def _in_folder(
    folder: Path,
    config: Config,
    patterns: tuple[str, ...] = LOOKED_AT,
    wanted: Callable[[str], bool] = _is_looked_at,
    *,
    repositories: bool = True,
) -> Iterator[str]:
    """The files to look at below a folder, relative to it. ``patterns``, for git, and ``wanted``,
    where there is none, say the same of a file's name. Outside of git, other repositories below it
    are only looked at with ``repositories``.
    """
    asked = ("--cached", "--others", "--exclude-standard", "--", *patterns)
    listed = files_known(folder, *asked) if config.respect_gitignore else None
    excluded = Excludes(config)
    inside = os.path.join(os.path.commonpath(map(os.path.realpath, (folder, config.root))), "")
    start = os.path.join(os.path.abspath(folder), "")
    if listed is None:
        yield from _walk(start, inside, excluded, wanted, repositories=repositories)
        return
    for name in listed:
        path = start + name
        if not excluded.match_absolute(path) and _is_own_file(path, inside):
            yield name


def _is_own_file(path: str, inside: str) -> bool:
    """Whether it is a file, or a link that stays below ``inside``.

    A link that leads elsewhere is another project's file: it is not looked at unawares, and above
    all never rewritten. Devices and pipes are left out.
    """
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    if not stat.S_ISLNK(mode):
        return stat.S_ISREG(mode)
    target = os.path.realpath(path)
    if not target.startswith(inside):
        return False
    # Of links that lead nowhere only those that should be Python are worth a word.
    return os.path.isfile(target) or (path.endswith(SUFFIXES) and not os.path.lexists(target))


def _walk(
    start: str,
    inside: str,
    excluded: Excludes,
    wanted: Callable[[str], bool],
    *,
    repositories: bool,
) -> Iterator[str]:
    """The files to look at below ``start``, relative to it, the nearest first; links to folders are
    not followed.
    """
    is_out = excluded.match_absolute(start.rstrip(os.sep), is_folder=True)
    waiting = deque([] if is_out else [""])
    while waiting:
        folder = waiting.popleft()
        held = entries(start + folder)
        if folder and not repositories and any(entry.name == ".git" for entry in held):
            continue
        for entry in held:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if not excluded.match_entry(entry):
                    waiting.append(folder + name + os.sep)
            elif (
                wanted(name)
                and not excluded.match_entry(entry)
                and (
                    entry.is_file(follow_symlinks=False)
                    or (entry.is_symlink() and _is_own_file(entry.path, inside))
                )
            ):
                yield folder + name


def entries(folder: str | Path) -> list[os.DirEntry[str]]:
    """What a folder holds; nothing, where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def project_files(root: Path, config: Config) -> tuple[list[str], bool]:
    """The Python, notebook and settings files of a project, relative to its root; and whether
    there may be more: of a folder that nothing marks as a project only the nearest are listed.
    """
    found = list(_of_project(root, config))
    return found, not _is_project(root, config) and len(found) == MOST_NEAR


def command_files(root: Path, config: Config) -> list[str]:
    """Every script and document of a project that may hold command lines, and the Python files
    that the configuration excludes, relative to its root with ``/``, sorted.
    """

    def wanted(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in COMMAND_FILES)

    found = {name.replace(os.sep, "/") for name in _of_project(root, config, COMMAND_FILES, wanted)}
    if _is_own_file(os.path.join(root, LAUNCH_FILE), os.path.join(os.path.realpath(root), "")):
        found.add(LAUNCH_FILE)
    found.update(name.replace(os.sep, "/") for name in _excluded_files(root, config))
    return sorted(found)


def _excluded_files(root: Path, config: Config) -> list[str]:
    """The Python files that the configuration's own patterns leave out; none, where they are so
    many that it is no part of the project that is left out.
    """
    if config.exclude == DEFAULT_EXCLUDE and not config.extend_exclude:
        return []
    every = config._replace(exclude=DEFAULT_EXCLUDE, extend_exclude=())
    excluded = Excludes(config)
    found = (
        name
        for name in _of_project(root, every)
        if name.endswith(".py")
        and excluded.match_absolute(os.path.join(os.path.abspath(root), name))
    )
    first = list(islice(found, _MOST_EXCLUDED + 1))
    return first if len(first) <= _MOST_EXCLUDED else []


def settings_files(root: Path, config: Config) -> list[str]:
    """Every file of a project besides Python that may set environment variables, relative to its
    root with ``/``, sorted.
    """
    names = {*_of_project(root, config)}
    if _is_own_file(os.path.join(root, ".env"), os.path.join(os.path.realpath(root), "")):
        names.add(".env")  # mostly ignored by git, and read all the same
    found = (name for name in names if is_settings_file(os.path.basename(name)))
    return sorted(name.replace(os.sep, "/") for name in found)


def _of_project(
    root: Path,
    config: Config,
    patterns: tuple[str, ...] = LOOKED_AT,
    wanted: Callable[[str], bool] = _is_looked_at,
) -> Iterator[str]:
    """The files of one project. The repositories that somebody keeps in a folder, such as a home,
    are projects of their own: there may be hundreds, and none is read for a file beside them.
    """
    found = _in_folder(root, config, patterns, wanted, repositories=False)
    return found if _is_project(root, config) else islice(found, MOST_NEAR)


def _is_project(root: Path, config: Config) -> bool:
    return config.file is not None or is_root(root)


def of_one_project(root: Path, names: Iterable[str]) -> Iterator[str]:
    """Those of the names, relative to a root, that do not lie in another repository below it."""
    if is_in_git(root):
        yield from names
        return
    own = {"": True}

    def is_own(folder: str) -> bool:
        if folder not in own:
            above = is_own(os.path.dirname(folder))
            own[folder] = above and not os.path.lexists(os.path.join(root, folder, ".git"))
        return own[folder]

    yield from (name for name in names if is_own(os.path.dirname(name)))


class _Said(NamedTuple):
    """One of several patterns of which the last that fits a path decides."""

    glob: PathGlob
    excludes: bool
    folders: bool
    """Whether it speaks of folders alone."""


class Excludes:
    """The ``exclude`` patterns of a configuration, with the meaning that they have in .gitignore.

    A pattern without a slash matches any part of the path below the root; one with a slash
    matches the path from the root, or a folder above it; ``**`` is any number of folders, or none.
    ``!`` before a pattern takes back what one before it excludes, but nothing inside of a folder
    that is excluded.
    """

    def __init__(self, config: Config) -> None:
        self._root = os.path.join(os.path.abspath(config.root), "")
        patterns = (*config.exclude, *config.extend_exclude)
        has_exceptions = any(pattern.startswith("!") for pattern in patterns)
        self._in_order = [
            _Said(
                PathGlob(pattern.removeprefix("!").removeprefix("./")),
                excludes=not pattern.startswith("!"),
                folders=pattern.endswith("/"),
            )
            for pattern in (patterns if has_exceptions else ())
            if pattern.strip("/!")
        ]
        self._names = frozenset(p for p in patterns if not any(c in p for c in "*?[/"))
        others = (p.removeprefix("./") for p in patterns if p not in self._names)
        self._globs = [PathGlob(pattern) for pattern in others if pattern.strip("/")]

    def match(self, path: Path) -> bool:
        """Whether the path, or a folder above it inside the root, is excluded."""
        return self.match_absolute(os.path.abspath(path))

    def match_absolute(self, absolute: str, *, is_folder: bool = False) -> bool:
        """The same for an absolute path without ``..``."""
        inside = absolute.startswith(self._root)
        relative = absolute[len(self._root) :] if inside else absolute
        relative = relative.replace(os.sep, "/").lstrip("/")
        if self._in_order:
            return self._is_excluded_last(relative, is_folder=is_folder)
        if not self._names.isdisjoint(relative.split("/")):
            return True
        return any(glob.match(relative) for glob in self._globs)

    def _is_excluded_last(self, relative: str, *, is_folder: bool) -> bool:
        """Whether the last pattern that fits a path, or a folder above it, excludes it."""
        parts = relative.split("/")
        for size in range(1, len(parts) + 1):
            path, leads_on = "/".join(parts[:size]), is_folder or size < len(parts)
            said = [
                each.excludes
                for each in self._in_order
                if (leads_on or not each.folders) and each.glob.match_itself(path)
            ]
            if said and said[-1]:
                return True
        return False

    def match_entry(self, entry: os.DirEntry[str]) -> bool:
        """The same for what lies in a folder that is not excluded."""
        if self._in_order:
            return self.match_absolute(entry.path, is_folder=entry.is_dir(follow_symlinks=False))
        return entry.name in self._names or (bool(self._globs) and self.match_absolute(entry.path))


def is_excluded(path: Path, config: Config) -> bool:
    """Whether one path is excluded by the configuration."""
    return Excludes(config).match(path)
