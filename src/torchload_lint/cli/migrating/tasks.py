"""Many migrations: which files, where to, and what a project's source says of their classes."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import Verdict, inspect_file
from torchload_lint.cli.terminal import warn
from torchload_lint.late_patterns import late_pattern
from torchload_lint.migrate import (
    TargetFormat,
    is_copy,
    migrate_file,
    put_in_place,
    summary_data,
)
from torchload_lint.migrate.manifest import ManifestRow, refuse_checkpoint, write
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import GlobalName
from torchload_lint.workspace.on_disk.checkpoint_names import is_checkpoint_name
from torchload_lint.workspace.on_disk.own_places import OwnPlaces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.checkpoint import CheckpointReport
    from torchload_lint.config import Settings
    from torchload_lint.migrate import MigrationOptions, MigrationResult
    from torchload_lint.names import ClassFacts
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.workspace.projects import Project

_LIBRARIES = frozenset("argparse builtins collections copyreg numpy pathlib torch _codecs".split())
"""What checkpoints name most; none of it is a project's own."""

_ENDINGS = {TargetFormat.TORCH: ".migrated.pt", TargetFormat.SAFETENSORS: ".safetensors"}
_BACKUP = ".bak"
_KEPT = late_pattern(r"\.bak\d*\Z")
"""How the names of kept files end."""
_ANY_PICKLE = (
    "it is not called like a checkpoint, and any program may have written this pickle; "
    "name it itself to have it migrated"
)
_BROKEN = frozenset({"truncated", "damaged", "empty"})
"""What is told of files whose download or last write did not finish."""


class Task(NamedTuple):
    """One checkpoint, and where its new file goes."""

    source: Path
    target: Path
    backup: Path | None = None
    """Where the checkpoint is kept, if the new file takes its place."""
    top: Path | None = None
    """The folder that was given for the new files; folders in it may have to be made."""


def tasks(
    given: Sequence[Path],
    kind: TargetFormat,
    out_dir: Path | None,
    plain: list[Path],
    *,
    in_place: bool,
    force: bool,
) -> Iterator[Task]:
    """The files, and of the folders those files that do not load plainly; ``plain`` gets those
    that do.

    With ``force`` a file kept before stays: the next is called ``.bak2``. Below ``out_dir``
    a file that was found in a folder lies as it does in there.
    """
    ending = _ENDINGS[kind]
    for path in given:
        is_folder = path.is_dir()
        for source in _in_folder(path, kind, plain) if is_folder else [path]:
            if in_place:
                yield Task(source, source, _backup(source, force=force))
            elif out_dir is None:
                yield Task(source, source.with_name(source.stem + ending))
            else:
                inside = source.relative_to(path) if is_folder else Path(source.name)
                suffix = inside.suffix if kind is TargetFormat.TORCH else ending
                yield Task(source, out_dir / inside.with_suffix(suffix), top=out_dir)


def _backup(source: Path, *, force: bool) -> Path:
    """Where a file is kept that a new one replaces."""
    backup = source.with_name(source.name + _BACKUP)
    number = 1
    while force and os.path.lexists(backup) and not is_copy(backup, source):
        number += 1
        backup = source.with_name(f"{source.name}{_BACKUP}{number}")
    return backup


def _in_folder(folder: Path, kind: TargetFormat, plain: list[Path]) -> Iterator[Path]:
    """The checkpoints of a folder that are to be migrated; others are left out, and added to
    ``plain`` where they load as they are.
    """
    from torchload_lint.workspace.inspection import (  # noqa: PLC0415 - not for a single file
        checkpoints_in,
    )
    from torchload_lint.workspace.on_disk.beginnings import begins_like_one  # noqa: PLC0415

    own = OwnPlaces([folder])

    def begins(found: Path) -> bool:
        return not own.leads_out(found) and begins_like_one(found)

    for source in list(checkpoints_in(folder, begins)):
        if own.leads_out(source):
            warn(f"{source}: a link leads out of {folder} here, and is not followed")
        elif source.is_file() and not _is_kept(source):
            report = inspect_file(source)
            why_not = _why_not(source, report, kind)
            if why_not is None:
                yield source
            elif report.verdict is Verdict.LOADS and not source.name.endswith(_ENDINGS[kind]):
                plain.append(source)
            elif why_not:
                warn(f"{source} is not migrated: {why_not}")


def _is_kept(source: Path) -> bool:
    """Whether a file is what a run kept of the one beside it."""
    ending = _KEPT.search(source.name)
    return ending is not None and source.with_name(source.name[: ending.start()]).exists()


def _why_not(source: Path, report: CheckpointReport, kind: TargetFormat) -> str | None:
    """Why a file in a folder is not migrated: empty where nothing has to be said, None if it is."""
    if report.verdict is Verdict.LOADS and (
        kind is TargetFormat.TORCH
        or report.container == "safetensors"
        or source.name.endswith(_ENDINGS[TargetFormat.TORCH])
    ):
        return ""
    is_named = is_checkpoint_name(source.name)
    if _is_broken(report):
        return None if is_named else report.problems[0].message
    if report.verdict is Verdict.UNREADABLE:
        return report.problems[0].message if is_named else ""
    return None if is_named or report.container != "pickle" else _ANY_PICKLE


def _is_broken(report: CheckpointReport) -> bool:
    """Whether a file was a checkpoint, and is none that can be read any more."""
    return any(problem.code in _BROKEN for problem in report.problems)


def carry_out(task: Task, options: MigrationOptions, lookup: ProjectClasses) -> MigrationResult:
    """Migrate one file. Raises MigrationError, OSError."""
    if task.backup is None:
        with _folder_for(task):
            return migrate_file(task.source, task.target, options, lookup)
    with put_in_place(task.source, task.backup) as new:
        return migrate_file(task.source, new, options, lookup)


@contextmanager
def _folder_for(task: Task) -> Iterator[None]:
    """Make the folder of a new file, if it may be; what holds nothing in the end is taken back."""
    folder = task.target.parent
    made = [one for one in (folder, *folder.parents) if task.top and not one.exists()]
    if task.top:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:  # also the end of the program
        with suppress(OSError):  # something is in it by now
            for one in made:
                one.rmdir()
        raise


def refuse_manifest(path: Path, todo: Sequence[Task]) -> None:
    """Say that a manifest cannot be written, before anything else is.

    Raises OSError, and MigrationError where a checkpoint would be replaced.
    """
    folder = path.resolve().parent
    made = [parent for one in todo if one.top for parent in one.target.resolve().parents]
    if not folder.is_dir() and folder not in made:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    if folder.is_dir() and not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    for task in todo:
        refuse_checkpoint(path, (task.source, task.target, task.backup))


def write_manifest(path: Path, done: Sequence[tuple[Task, MigrationResult]]) -> None:
    """What became of which file. Raises OSError, and MigrationError where one would be replaced."""
    rows = []
    for task, result in done:
        summary = summary_data(result.plan, task.target, result.size)
        rows.append(ManifestRow(task.source, task.target, task.backup, summary))
    write(path, rows)


class ProjectClasses:
    """The project's classes, read from their source, where the checkpoint lies in a project.

    What reads sources is imported for the first class that may be the project's, since it takes
    as long as copying a gigabyte.
    """

    def __init__(self, checkpoint: Path, settings: Settings) -> None:
        self._checkpoint = checkpoint
        self._settings = settings

    def __call__(self, name: GlobalName) -> ClassFacts | None:
        """What is known of a class; None where it is not the project's. Raises ConfigError."""
        if name.module.partition(".")[0] in _LIBRARIES:
            return None
        renamed = self._renames.get(str(name))
        from torchload_lint.source.proofs import class_lookup  # noqa: PLC0415 - asked for few

        return class_lookup.find(self._index, GlobalName.parse(renamed) if renamed else name)

    @cached_property
    def _project(self) -> Project:
        from torchload_lint.workspace import Projects  # noqa: PLC0415

        return Projects(self._settings).project_of(self._checkpoint)

    @cached_property
    def _renames(self) -> dict[str, str]:
        return dict(self._project.config.renames)

    @cached_property
    def _index(self) -> ProjectIndex:
        from torchload_lint.source.project.index import ProjectIndex  # noqa: PLC0415

        return ProjectIndex(self._project.files, self._project.config.src)
