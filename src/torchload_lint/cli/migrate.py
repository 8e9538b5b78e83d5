"""``torchload-lint migrate CHECKPOINT``."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli.options import configuration, settings_from
from torchload_lint.cli.terminal import CLEAN, FINDINGS, fail, say
from torchload_lint.config import ConfigError, Settings
from torchload_lint.migrate import (
    Arrays,
    MigrationError,
    MigrationOptions,
    NoteKind,
    TargetFormat,
    as_json,
    as_text,
    migrate_file,
    plan,
)
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.workspace.projects import Project

_LIBRARIES = frozenset("argparse builtins collections copyreg numpy pathlib torch _codecs".split())
"""What checkpoints name most; none of it is a project's own."""

_ENDINGS = {TargetFormat.TORCH: ".migrated.pt", TargetFormat.SAFETENSORS: ".safetensors"}


@click.command(name="migrate", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("checkpoint", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "-o",
    "--output-file",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="The new file (default: beside the checkpoint, NAME.migrated.pt).",
)
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
@click.option("--force", is_flag=True, help="Replace OUT where it is there already.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
@configuration
def command(  # noqa: PLR0913, PLR0917 - one for each option
    checkpoint: Path,
    out: Path | None,
    to: str,
    numpy_arrays: str,
    numpy_scalars: str,
    only: tuple[str, ...],
    encoding: str,
    dry_run: bool,
    force: bool,
    output_format: str,
    config_file: Path | None,
    isolated: bool,
    **flags: Any,  # noqa: ANN401
) -> None:
    """Rewrite CHECKPOINT as plain data that loads with weights_only=True and no allowlist.

    Nothing of it is run, and it is not changed. A model becomes its state dict. Ends with 1 where
    something had to be left out, 2 where nothing was written.
    """
    options = MigrationOptions(
        TargetFormat(to), Arrays(numpy_arrays), numpy_scalars == "tensor", only, encoding
    )  # fmt: skip
    target = out or checkpoint.with_name(checkpoint.stem + _ENDINGS[options.format])
    if target.exists() and not (force or dry_run):
        fail(f"{target} is there already; --force replaces it, -o FILE writes another")
    try:
        lookup = _ProjectClasses(checkpoint, settings_from(config_file, isolated, flags))
        if dry_run:
            planned, size = plan(checkpoint, options, lookup), None
        else:
            result = migrate_file(checkpoint, target, options, lookup)
            planned, size = result.plan, result.size
    except (MigrationError, ConfigError) as error:
        fail(f"{checkpoint}: {error}")
    except LookupError as error:  # an unknown encoding
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or checkpoint}: {error.strerror or error}")
    if output_format == "json":
        say(as_json(planned, target, size))
    else:
        say(as_text(planned, target, size, trees=dry_run))
    raise click.exceptions.Exit(FINDINGS if planned.of_kind(NoteKind.LEFT_OUT) else CLEAN)


class _ProjectClasses:
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
