"""``torchload-lint loads [PATHS]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from torchload_lint.audit import reported
from torchload_lint.cli import hints
from torchload_lint.cli.arguments.options import (
    NamedPath,
    configuration,
    interpreter,
    remote,
    since,
    stored_list,
)
from torchload_lint.cli.arguments.overrides import settings_from
from torchload_lint.cli.terminal import (
    CLEAN,
    FAILED,
    FINDINGS,
    Progress,
    complain,
    fail,
    say,
    tell_crashes,
    warn,
)
from torchload_lint.config import ConfigError
from torchload_lint.escaping import printable
from torchload_lint.reports.survey import as_csv, as_markdown, as_table, loads_as_json
from torchload_lint.streams import terminal_width, use_color
from torchload_lint.workspace import Projects, discover
from torchload_lint.workspace.on_disk.checkpoint_names import part_checkpoints
from torchload_lint.workspace.survey import SurveyedLoad, survey

_FOR_PROGRAMS = {"json": loads_as_json, "csv": as_csv, "markdown": as_markdown}


@click.command(name="loads", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=NamedPath())
@click.option(
    "--output-format", type=click.Choice(["text", "json", "csv", "markdown"]), default="text"
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option(
    "--wide", is_flag=True, help="Shorten nothing (as where the output is not a terminal)."
)
@click.option(
    "--write-config",
    is_flag=True,
    help="Add an entry to the configuration for each load whose needs are unknown; with "
    "--checkpoints, with the files that fit it.",
)
@click.option(
    "--union",
    is_flag=True,
    help="One allowlist for all the files of each load, and who needs what.",
)
@since
@remote
@interpreter
@click.option(
    "--checkpoints",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Pair the checkpoints of a folder with the loads.",
)
@configuration
def command(
    paths: tuple[Path, ...],
    output_format: str,
    wide: bool,
    write_config: bool,
    folder: Path | None,
    config_file: Path | None,
    isolated: bool,
    **flags: Any,  # noqa: ANN401
) -> None:
    """List every load under PATHS with what is known of it: path, files, verdict, needs."""
    color = flags.pop("color")
    union, since_file, far = (flags.pop(key) for key in ("union", "since_file", "remote"))
    python = flags.pop("python")
    status = CLEAN
    _refuse_what_does_nothing(output_format, union=union, pairs=bool(folder), write=write_config)
    try:
        settings = settings_from(config_file, isolated, flags)
        projects = Projects(settings._replace(remote=far, python=python))
        projects.are_named(paths)
        files, missing = discover(paths or (Path(),), projects.config_of)
        files, given = part_checkpoints(files)
        with Progress("files") as progress:
            found = list(survey(progress.counting(map(Path, files), len(files)), projects))
        for words in (*(f"{path}: no such file or folder" for path in missing), *given):
            complain(words)
        problems = projects.recording_problems()
        for problem in problems:
            complain(problem)
        if union:
            status = _say_unions(found, output_format, since_file)
        elif folder is not None:
            _tell_pairs(found, folder, projects, output_format, write=write_config)
        elif write_config:
            _write_config(found)
        elif output_format in _FOR_PROGRAMS:
            say(_FOR_PROGRAMS[output_format]([reported(load) for load in found]))
        elif found:
            width = None if wide else terminal_width(sys.stdout)
            painted = use_color(color, sys.stdout)
            say(as_table([reported(load) for load in found], width, color=painted))
        else:
            where = ", ".join(map(str, paths)) or "."
            warn(f"no loads under {where} (files that cannot be parsed are passed over)")
        crashes = [(load.path.as_posix(), load.crash) for load in found if load.crash]
        tell_crashes(crashes, verbose=False)
        if output_format == "text":
            hints.tell_range(load.torch for load in found)
        hints.at_entries(projects)
    except ConfigError as error:
        fail(str(error))
    raise click.exceptions.Exit(FAILED if missing or given or crashes or problems else status)


def _refuse_what_does_nothing(output_format: str, *, union: bool, pairs: bool, write: bool) -> None:
    """``pairs``: whether checkpoints are paired; ``write``: whether the configuration is."""
    if union and (pairs or write):
        fail("--union excludes --checkpoints and --write-config")
    if union and output_format not in {"text", "json"}:
        fail("--union is written as text or json")
    if write and output_format != "text":
        fail(f"--output-format {output_format} is for lists; --write-config writes no list")


def _say_unions(found: list[SurveyedLoad], output_format: str, since_file: Path | None) -> int:
    """Print one allowlist for each load that reads files; 1 where one of them has new entries."""
    from torchload_lint.reports.checkpoints import union  # noqa: PLC0415

    stored = stored_list(since_file)
    loads = [reported(load) for load in found]
    all_united = [
        union.United(load.situation.needs, load.situation.reports, load.place)
        for load in loads
        if load.situation.reports
    ]
    if output_format == "json":
        say(union.as_json(all_united, stored))
    elif all_united:
        say("\n".join(union.as_text(one, stored) for one in all_united))
    else:
        warn("no load here reads a file that is there")
    is_new = stored is not None and any(one.new(stored) for one in all_united)
    return FINDINGS if is_new else CLEAN


def _tell_pairs(
    found: list[SurveyedLoad], folder: Path, projects: Projects, output_format: str, *, write: bool
) -> None:
    from torchload_lint.reports import paired as told  # noqa: PLC0415
    from torchload_lint.workspace.adoption.pairing import pair  # noqa: PLC0415

    pairs, unpaired = pair(found, folder, projects)
    files: dict[str, list[str]] = {}
    rows: list[told.PairedCheckpoint] = []
    for one in pairs:
        place = f"{one.load.path.as_posix()}:{one.load.cell_and_row}"
        row = told.PairedCheckpoint(
            str(one.checkpoint), place, one.load.site, one.certainty, tuple(one.reasons)
        )
        rows.append(row)
        path, root = Path.cwd() / folder / one.checkpoint, Path.cwd() / one.load.project.config.root
        path = Path(os.path.normpath(path))
        named = path.relative_to(root) if path.is_relative_to(root) else path
        files.setdefault(one.load.site, []).append(named.as_posix())
    rows += [told.PairedCheckpoint(one.checkpoint, candidates=one.candidates) for one in unpaired]
    tellers = {
        "json": told.pairs_as_json,
        "csv": told.pairs_as_csv,
        "markdown": told.pairs_as_markdown,
    }
    teller = tellers.get(output_format)
    say(teller(rows) if teller is not None else told.pairs_as_text(rows, str(folder)))
    if write and files:
        _write_config(found, files)
    elif any(not one.load.is_known for one in pairs):
        say("note: --write-config adds these to the configuration: look at them there\n", err=True)


def _write_config(found: list[SurveyedLoad], paired: dict[str, list[str]] | None = None) -> None:
    from torchload_lint.workspace.adoption.write_config import add_loads  # noqa: PLC0415

    written = list(add_loads(found, paired))
    if not written:
        say("Nothing to add: each load is known, or has its entry.\n")
    for path, added in written:
        entries = f"{added:,} entries" if added > 1 else "1 entry"
        todo = "look at" if paired else "complete"
        what = f"{todo} {'them' if added > 1 else 'it'}, then run `torchload-lint .`"
        say(f"{printable(str(path))}: {entries} added to [loads]: {what}\n")
