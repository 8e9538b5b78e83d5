"""``torchload-lint migrate CHECKPOINT...``."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli.arguments.options import configuration
from torchload_lint.cli.arguments.overrides import settings_from
from torchload_lint.cli.migrating.in_source import source_changes, where_they_load
from torchload_lint.cli.migrating.tasks import (
    ProjectClasses,
    Task,
    carry_out,
    refuse_manifest,
    tasks,
    write_manifest,
)
from torchload_lint.cli.terminal import (
    CLEAN,
    FAILED,
    FINDINGS,
    Progress,
    complain,
    ended_by_signals,
    fail,
    say,
    warn,
)
from torchload_lint.config import ConfigError
from torchload_lint.escaping import printable
from torchload_lint.migrate import (
    Arrays,
    MigrationError,
    MigrationOptions,
    NoteKind,
    TargetFormat,
    is_copy,
    may_be_file,
    plan,
    summary_data,
    summary_of_many,
    summary_text,
)
from torchload_lint.migrate.manifest import may_be_manifest
from torchload_lint.plurals import number_of
from torchload_lint.regular_files import refuse_leading_out
from torchload_lint.remote.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.config import Settings
    from torchload_lint.migrate import MigrationResult


class _Checkpoint(click.Path):
    """A file or a folder; an empty word is no name for the current one."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - as click has it
        """See click."""
        if not os.fspath(value):
            self.fail("a name is empty (a variable that is not set?)", param, ctx)
        if is_address(os.fspath(value)):
            self.fail(f"{value} is an address: fetch the file first", param, ctx)
        return super().convert(value, param, ctx)


@click.command(name="migrate", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "checkpoints",
    nargs=-1,
    required=True,
    type=_Checkpoint(path_type=Path),
    metavar="CHECKPOINT...",
)
@click.option("-o", "--output-file", "out", type=click.Path(path_type=Path, dir_okay=False),
              metavar="OUT", help="The new file (default: NAME.migrated.pt there).")  # fmt: skip
@click.option("--to", type=click.Choice([one.value for one in TargetFormat]), default="torch",
              help="What to write; safetensors takes dense tensors only.")  # fmt: skip
@click.option("--numpy-arrays", type=click.Choice([one.value for one in Arrays]), default="tensor",
              help="What numpy arrays become.")  # fmt: skip
@click.option("--numpy-scalars", type=click.Choice(["number", "tensor"]), default="number",
              help="What numpy scalars become.")  # fmt: skip
@click.option("--only", multiple=True, metavar="KEY",
              help="Migrate what lies under this key (again: under that one).")  # fmt: skip
@click.option("--encoding", default="utf-8", metavar="NAME",
              help="How strings of Python 2 are read (utf-8, latin1).")  # fmt: skip
@click.option("-n", "--dry-run", is_flag=True,
              help="Write nothing; show the object before and after.")  # fmt: skip
@click.option("--out-dir", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write the new files there, as they lie in the folders given.")  # fmt: skip
@click.option("--in-place", is_flag=True,
              help="Put each new file in its checkpoint's place, kept as NAME.bak.")  # fmt: skip
@click.option("--manifest", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write down what became of which file, with digests, as JSON.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@click.option("--large", is_flag=True,
              help="Also write files many times as large as their checkpoints.")  # fmt: skip
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
@configuration
def command(  # noqa: PLR0913, PLR0917 - one for each option
    checkpoints: tuple[Path, ...],
    out: Path | None,
    to: str,
    numpy_arrays: str,
    numpy_scalars: str,
    only: tuple[str, ...],
    encoding: str,
    dry_run: bool,
    out_dir: Path | None,
    in_place: bool,
    manifest: Path | None,
    force: bool,
    large: bool,
    output_format: str,
    config_file: Path | None,
    isolated: bool,
    **flags: Any,  # noqa: ANN401
) -> None:
    """Rewrite CHECKPOINTs as plain data that loads with weights_only=True and no allowlist.

    Nothing of them is run, and they are not changed. A model becomes its state dict. Of a folder,
    the checkpoints are taken that do not load plainly (for safetensors, all). Lines of the
    project's source that load a migrated file are shown as they should be then. Ends with 1 where
    something had to be left out, 2 where a file could not be written.
    """
    options = MigrationOptions(
        TargetFormat(to), Arrays(numpy_arrays), numpy_scalars == "tensor", only, encoding,
        large=large, replaces=force,
    )  # fmt: skip
    _refuse_contradictions(checkpoints, out, out_dir, in_place=in_place)
    if manifest is not None and not (
        may_be_manifest(manifest) or (force and may_be_file(manifest))
    ):
        fail(f"{manifest} is there and is not a manifest of migrate; --manifest FILE names another")
    settings = _settings(config_file, isolated, flags)
    with ended_by_signals():
        plain: list[Path] = []
        found = tasks(checkpoints, options.format, out_dir, plain, in_place=in_place, force=force)
        todo = list(found)
        todo = [task._replace(target=out) if out else task for task in todo]
        if manifest is not None and not dry_run:
            _refuse_manifest(manifest, todo)
        run = _Run(options, settings, output_format == "json", dry_run)
        run.left_alone = len(plain)
        run.is_short = len(todo) > FEW and not dry_run
        run.sources = {os.path.realpath(task.source): task.source for task in todo}
        with Progress("checkpoints") as progress:
            for task in progress.counting(todo, len(todo)):
                run.do(task)
    run.tell_end()
    if manifest is not None and not dry_run:
        _write_manifest(manifest, run)
    raise click.exceptions.Exit(run.status)


def _settings(config_file: Path | None, isolated: bool, flags: dict[str, Any]) -> Settings:
    try:
        return settings_from(config_file, isolated, flags)
    except ConfigError as error:
        fail(str(error))


def _refuse_contradictions(
    given: tuple[Path, ...], out: Path | None, out_dir: Path | None, *, in_place: bool
) -> None:
    if out is not None and (len(given) > 1 or given[0].is_dir()):
        fail("-o names one file; for several use --out-dir or --in-place")
    if sum((out is not None, out_dir is not None, in_place)) > 1:
        fail("-o, --out-dir and --in-place exclude each other")


@contextmanager
def _manifest_faults(path: Path) -> Iterator[None]:
    """Inside, what stands in the way of a manifest ends the program."""
    try:
        yield
    except MigrationError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or path}: {error.strerror or error}")


def _refuse_manifest(path: Path, todo: list[Task]) -> None:
    with _manifest_faults(path):
        refuse_manifest(path, todo)


def _write_manifest(path: Path, run: _Run) -> None:
    with _manifest_faults(path):
        write_manifest(path, run.done)


def _refuse_links_out(task: Task) -> None:
    """A link may stand for a file of another program, such as one of a cache, and a folder of the
    new files may hold links. Raises MigrationError, OSError.
    """
    if task.backup is not None:
        refuse_leading_out(task.target)
    if task.top is not None:
        top, folder = (os.path.realpath(one) for one in (task.top, task.target.parent))
        if not Path(folder).is_relative_to(top):
            raise MigrationError(f"{task.target}: a link leads out of {task.top} there")


def _refuse_unasked(task: Task, there: Path) -> None:
    """What takes ``--force``. Raises MigrationError."""
    if task.backup and is_copy(there, task.source):
        warn(
            f"{there} holds what {task.source} does, as a run leaves it that is killed: it is kept"
        )
    elif os.path.lexists(there):
        way = "keeps this one under another name" if task.backup else "replaces it"
        raise MigrationError(f"{there} is there already; --force {way}, -o FILE writes another")
    if task.backup and task.source.exists() and not task.source.stat().st_mode & 0o222:
        raise MigrationError(f"it is read-only; --force replaces it, and keeps it as {there}")


def _ways_to(path: Path) -> list[object]:
    """What a file is known by: its path, and its number, since some disks take ``A`` for ``a``."""
    try:
        found = path.stat()
    except OSError:
        return [os.path.realpath(path)]
    return [os.path.realpath(path), (found.st_dev, found.st_ino)]


FEW = 3
"""Of more files than these each is told on one line, and what is different once for all."""


class _Run:
    """The migrations of one command, reported one by one."""

    def __init__(
        self, options: MigrationOptions, settings: Settings, as_json: bool, dry_run: bool
    ) -> None:
        self.done: list[tuple[Task, MigrationResult]] = []
        self.status = CLEAN
        self._options = options
        self._settings = settings
        self._as_json = as_json
        self._dry_run = dry_run
        self._written: dict[object, Path] = {}
        """Path → the checkpoint that was written there, or kept there."""
        self._done: list[dict[str, object]] = []
        self._number = 0
        self.is_short = False
        self.left_alone = 0
        """How many files of the folders load as they are."""
        self.sources: dict[str, Path] = {}
        """Path → the checkpoint that lies there, of all that are to be migrated."""
        self._failed: dict[str, str] = {}
        """Why a file could not be migrated → the first of which that was said."""

    def do(self, task: Task) -> None:
        """Migrate one file, and say what came of it; an error is said, and the others go on."""
        self._number += 1
        source, target = task.source, task.target
        try:
            self._refuse(task)
            lookup = ProjectClasses(source, self._settings)
            if self._dry_run:
                planned, size = plan(source, self._options, lookup), None
            else:
                result = carry_out(task, self._options, lookup)
                planned, size = result.plan, result.size
                self.done.append((task, result))
                ways = _ways_to(target)  # a kept file's number is also that of its hard links
                ways += [os.path.realpath(task.backup)] if task.backup else []
                self._written.update(dict.fromkeys(ways, source))
        except (MigrationError, ConfigError) as error:
            self._fail(f"{source}", f"{error}")
        except OSError as error:
            self._fail(f"{error.filename or source}", error.strerror or f"{error}")
        else:
            if planned.of_kind(NoteKind.LEFT_OUT) and self.status == CLEAN:
                self.status = FINDINGS
            if self._as_json:
                self._done.append(summary_data(planned, target, size))
            elif self.is_short:
                left = len(planned.of_kind(NoteKind.LEFT_OUT))
                kept = f", kept as {task.backup}" if task.backup else ""
                missing = f"; {number_of(left, 'thing')} left out" if left else ""
                say(printable(f"{source} is now {target}{kept}{missing}") + "\n")
            else:
                gap = "" if self._number == 1 else "\n"
                said = summary_text(planned, target, size, trees=self._dry_run)
                if task.backup and size is not None:
                    said += printable(f"    kept as {task.backup}") + "\n"
                say(gap + said)

    def _refuse(self, task: Task) -> None:
        for path in filter(None, (task.target, task.backup)):
            other = next(filter(None, map(self._written.get, _ways_to(path))), None)
            if other is not None:
                raise MigrationError(f"{path} has just been written, for {other}; -o names another")
        if task.backup is None and (other := self.sources.get(os.path.realpath(task.target))):
            raise MigrationError(
                f"the new file would replace the checkpoint {other}; -o names another"
            )
        _refuse_links_out(task)
        there = task.backup or task.target
        with suppress(FileNotFoundError):
            there.lstat()  # says of a name what is wrong with it: it may be too long
        if not may_be_file(there):
            raise MigrationError(f"{there} is not a regular file; -o FILE names one")
        if not (self._options.replaces or self._dry_run):
            _refuse_unasked(task, there)

    def _fail(self, path: str, why: str) -> None:
        """Say it; in a row of many what has been said of one file is not said of the next."""
        self.status = FAILED
        known = self._failed.setdefault(why, path)
        same = self.is_short and known != path
        complain(f"{path}: as {known}" if same else f"{path}: {why}")

    def tell_end(self) -> None:
        """What is printed when all is done: the JSON, and the lines of source that go with it."""
        if self._as_json:
            shown: object = self._done[0] if self._number == 1 and self._done else self._done
            say(json.dumps(shown, indent=2) + "\n")
        elif not self._number:
            warn("there is no checkpoint that has to be migrated")
        elif self.done:
            if self.is_short:
                say(summary_of_many([result.plan for _, result in self.done]))
                failed = self._number - len(self.done)
                not_ = f", {failed:,} not" if failed else ""
                say(f"\n{number_of(len(self.done), 'file')} migrated{not_}.\n")
            for line in source_changes(self.done, self._settings, self._options):
                say(line)
            for line in where_they_load(self.done, self._settings, self._options):
                say(line, err=True)
        if self.left_alone and not self._as_json:
            count = number_of(self.left_alone, "file")
            one = self.left_alone == 1
            left = "loads as it is, and is" if one else "load as they are, and are"
            say(f"note: {count} there {left} left alone\n", err=True)
