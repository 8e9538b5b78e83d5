"""The public functions: ``torchload_lint.check``, ``inspect`` and ``fix``.

They are what the command line calls. Their signatures, and the records that they return, change
only with a major version.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.workspace import Options, Projects, Run, Settings, check_bytes, discover
from torchload_lint.workspace import check as check_files
from torchload_lint.workspace.checkpoint_names import is_checkpoint_name

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from torchload_lint.workspace.inspection import Inspection


def check(
    paths: Iterable[str | os.PathLike[str]],
    *,
    settings: Settings | None = None,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Check files and folders, and with ``Options(fix=True, write=True)`` mend them.

    The result holds a ``FileResult`` for each file with something to report; a file that fails is
    such a result too, and a path that is not there is in ``errors``. ``progress`` is called with
    the number of files done, and of all. Raises ``config.ConfigError``.
    """
    projects = Projects(settings or Settings())
    return check_in(projects, [Path(path) for path in paths], options or Options(), progress)


def check_in(
    projects: Projects,
    paths: list[Path],
    options: Options,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """The same, for projects that are there already."""
    files, missing = discover(paths, projects.config_of)
    named = [file for file in files if is_checkpoint_name(file)]
    files = [file for file in files if file not in named]
    if len(paths) == 1 and paths[0].is_dir():
        projects.know(paths[0], files)
    run = check_files(files, projects, options, progress)
    gone = tuple(f"{path}: no such file or folder" for path in missing)
    given = tuple(
        f"{path}: a checkpoint, not Python source; `torchload-lint inspect {path}` reads it"
        for path in named
    )
    return Run(run.results, run.names, (*gone, *given, *run.errors))


def inspect(path: str | os.PathLike[str], *, settings: Settings | None = None) -> Inspection:
    """Read one checkpoint, without running it, and judge what it needs.

    Never raises for what the file is: a file that is missing or damaged gives a report that says
    so. Raises ``config.ConfigError`` for a wrong configuration.
    """
    from torchload_lint.workspace.inspection import inspect_path  # noqa: PLC0415

    found = Path(path)
    return inspect_path(found, Projects(settings or Settings()).project_of(found))


def fix(
    source: str,
    filename: str | os.PathLike[str] = "source.py",
    *,
    unsafe: bool = False,
    settings: Settings | None = None,
) -> str:
    """The source with the safe fixes applied (``unsafe``: the others too), as if it lay at
    ``filename``; the same text where there is nothing to mend. Nothing is written.
    """
    projects = Projects(settings or Settings())
    options = Options(fix=True, unsafe=unsafe)
    _, fixed = check_bytes(source.encode(), Path(filename), projects, options)
    return fixed.decode()
