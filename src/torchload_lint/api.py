"""The public functions: ``torchload_lint.check``, ``inspect``, ``inspect_source`` and ``fix``.

They are what the command line calls. Their signatures, and the records that they return, change
only with a major version.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from torchload_lint.config import READERS, ConfigError
from torchload_lint.workspace import (
    Options,
    Projects,
    Run,
    Settings,
    check_bytes,
    check_files,
    discover,
)
from torchload_lint.workspace.on_disk.checkpoint_names import part_checkpoints

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.workspace.inspection import Inspection

T = TypeVar("T")
_READERS = {
    key.replace("-", "_"): reader for key, reader in sorted(READERS.items()) if key != "extend"
}
_OF_ENTRIES = ("checkpoints", "loads", "renames", "per_file_ignores")
"""Keys that a file gives as tables, and ``Config`` holds as tuples of entries."""


def check(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    settings: Settings | None = None,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Check files and folders, and with ``Options(fix=True, write=True)`` fix what they find.

    ``paths`` is one path, or several; a text is one path. The result holds a ``FileResult`` for
    each file with something to report; a file that fails is such a result too, and a path that is
    not there is in ``errors``. ``progress`` is called with the number of files done, and of all.

    ``Settings(overrides={"select": ["TLL1"]})`` says what flags would; values are those of the
    configuration's keys. Raises ``config.ConfigError``, TypeError for what is not a path (option,
    a function) and ValueError for an empty one, before anything is looked at.
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, not {type(progress).__name__}")
    chosen = _options(options)
    return check_in(_projects(settings), _paths(paths), chosen, progress)


def check_in(
    projects: Projects,
    paths: list[Path],
    options: Options,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """The same, for projects that are there already."""
    projects.are_named(paths)
    files, missing = discover(paths, projects.config_of)
    files, named = part_checkpoints(files)
    if len(paths) == 1 and paths[0].is_dir():
        projects.know(paths[0], files)
    run = check_files(files, projects, options, progress)
    gone = tuple(f"{path}: no such file or folder" for path in missing)
    return run._replace(errors=(*gone, *named, *projects.recording_problems(), *run.errors))


def inspect(path: str | os.PathLike[str], *, settings: Settings | None = None) -> Inspection:
    """Read one checkpoint, without running it, and judge what it needs.

    Never raises for what the file is: a file that is missing or damaged gives a report that says
    so. Raises ``config.ConfigError`` for a wrong configuration, TypeError for what is not a path
    and ValueError for an empty one.
    """
    from torchload_lint.workspace.inspection import inspect_path  # noqa: PLC0415

    found = _path(path)
    return inspect_path(found, _projects(settings).project_of(found))


def inspect_source(
    source: ByteSource,
    name: str,
    *,
    depth: Literal["whole", "shallow"] = "whole",
    settings: Settings | None = None,
) -> Inspection:
    """The same for any source of bytes: an object with ``size`` and ``read_at(offset, count)``,
    which gives fewer bytes only at the end, and raises OSError where it cannot.

    ``shallow`` reads little of a file at any size, and does not see damage in tensors; the report's
    ``depth`` says which it was. ``name`` is shown, and its ending counts, as in torch. Raises what
    ``inspect`` raises, and ValueError for another depth.
    """
    from torchload_lint.checkpoint import DEFAULT_LIMITS  # noqa: PLC0415
    from torchload_lint.workspace.inspection import FEW_READS, inspect_remote  # noqa: PLC0415

    limits = {"whole": DEFAULT_LIMITS, "shallow": FEW_READS}.get(depth)
    if limits is None:
        raise ValueError(f"depth must be 'whole' or 'shallow', not {depth!r}")
    project = _projects(settings).project_of(Path("checkpoint"))
    return inspect_remote(source, name, project, limits)


def fix(
    source: str,
    filename: str | os.PathLike[str] = "source.py",
    *,
    unsafe: bool = False,
    settings: Settings | None = None,
) -> str:
    """The source with the safe fixes applied (``unsafe``: the others too), as if it lay at
    ``filename``; the same text where there is nothing to fix. Nothing is written.

    A notebook (``filename`` ends in ``.ipynb``) is given and comes back as its JSON. Raises
    ``config.ConfigError``, TypeError for what is neither a text nor a path, and ValueError for a
    text that no file can hold (half of a surrogate pair).
    """
    if not isinstance(source, str):
        raise TypeError(f"source must be a str, not {type(source).__name__}")
    path = _path(filename)
    options = _options(Options(fix=True, unsafe=unsafe))
    _, fixed = check_bytes(_encoded(source), path, _projects(settings), options)
    return fixed.decode()


def _encoded(source: str) -> bytes:
    try:
        return source.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(source[error.start]):04X}"
        raise ValueError(
            f"source holds half of a surrogate pair ({half}, at {error.start}), which no file can"
        ) from None


def _paths(given: object) -> list[Path]:
    """One path or several. A text is one path, not its letters."""
    if isinstance(given, (str, os.PathLike)):
        return [_path(given)]
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise TypeError(f"paths must be paths (str or os.PathLike), not {type(given).__name__}")
    return [_path(path) for path in given]


def _path(given: object) -> Path:
    """One path. An empty one would be the current folder, which nobody has named."""
    name = os.fspath(given) if isinstance(given, (str, os.PathLike)) else given
    if not isinstance(name, str):
        raise TypeError(f"a path must be a str or os.PathLike, not {type(given).__name__}")
    if not name:
        raise ValueError("a path is empty; the current folder is '.'")
    return Path(name)


def _projects(given: object) -> Projects:
    settings = _of_type(Settings, given, "settings")
    if not isinstance(settings.overrides, Mapping):
        raise TypeError(f"overrides must be a mapping, not {type(settings.overrides).__name__}")
    return Projects(
        settings._replace(
            config_file=None if settings.config_file is None else _path(settings.config_file),
            python=None if settings.python is None else _path(settings.python),
            overrides={name: _override(name, value) for name, value in settings.overrides.items()},
        )
    )


def _override(name: object, value: object) -> object:
    """The value of one key, read as from a file; what is a tuple of entries already stays so."""
    reader = _READERS.get(name) if isinstance(name, str) else None
    if reader is None:
        raise ConfigError(f"overrides: unknown key {name!r}; known keys: {', '.join(_READERS)}")
    if isinstance(value, tuple):
        value = list(value)
        if not all(isinstance(item, str) for item in value) and name in _OF_ENTRIES:
            return tuple(value)
    try:
        return reader(value)
    except ValueError as error:
        raise ConfigError(f"overrides: {name} {error}") from None


def _options(given: object) -> Options:
    """Options of the right types: ``fix="no"`` is not to write anything."""
    options = _of_type(Options, given, "options")
    for name, value, usual in zip(options._fields, options, Options(), strict=True):
        if type(value) is not type(usual):
            wanted, found = type(usual).__name__, type(value).__name__
            raise TypeError(f"{name} must be of type {wanted}, not {found}")
    if options.jobs < 0:
        raise ValueError(f"jobs must not be negative, as {options.jobs} is")
    return options


def _of_type(kind: type[T], given: object, name: str) -> T:
    """An argument of one type, or that type's default for None."""
    if given is None:
        return kind()
    if not isinstance(given, kind):
        wanted = f"torchload_lint.workspace.{kind.__name__}"
        raise TypeError(f"{name} must be a {wanted}, not {type(given).__name__}")
    return given
