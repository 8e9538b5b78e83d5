"""``torchload-lint inspect CHECKPOINT...``."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli import hints
from torchload_lint.cli.arguments.options import (
    configuration,
    interpreter,
    remote,
    since,
    stored_list,
)
from torchload_lint.cli.arguments.overrides import settings_from
from torchload_lint.cli.failing import FAIL_ON, NEEDS_WHAT_IS_REFUSED, failing, let_pass
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
    write_text,
)
from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import Crash
from torchload_lint.helper_module import helper_text
from torchload_lint.remote.addresses import is_address
from torchload_lint.remote.errors import RemoteError
from torchload_lint.reports.checkpoints.inspection import (
    as_summary,
    inspection_as_text,
    sums,
)
from torchload_lint.streams import use_color
from torchload_lint.workspace import Projects
from torchload_lint.workspace.inspection import (
    inspect_address,
    inspect_copy,
    inspect_paths,
)
from torchload_lint.workspace.passed_over import FEW_NAMES, MANY_NAMES, in_words, not_looked_at
from torchload_lint.workspace.workers.spread import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.workspace.inspection import Inspection

STANDARD_INPUT, STANDARD_INPUT_NAME = "-", "<stdin>"
FORMATS = (
    "text",
    "json",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "azure",
    "rdjson",
    "html",
    "cyclonedx",
)


@click.command(name="inspect", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("checkpoints", nargs=-1, required=True)
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    metavar="FORMAT",
    default="text",
    help=f"{', '.join(FORMATS)} (default text).",
)
@click.option(
    "-o",
    "--output-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the report there.",
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    metavar="VERDICT",
    help=f"End with 1 where a file is this bad or worse: {', '.join(FAIL_ON)} (default "
    f"{NEEDS_WHAT_IS_REFUSED}).",
)
@click.option("-q", "--quiet", is_flag=True, help="Print the report only.")
@click.option("--summary", is_flag=True, help="One line a file, the worst first, and their sum.")
@click.option(
    "--union", is_flag=True, help="One allowlist for all the files, and which file needs what."
)
@since
@remote
@interpreter
@click.option("--no-tree", is_flag=True, help="Leave out the tree of the object.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option(
    "--helper",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _say_helper(context) if asked else None,
    help="Print the module restore_only.py, which allowlists of the report import, and end.",
)
@configuration
def command(  # noqa: PLR0913, PLR0917 - one for each option
    checkpoints: tuple[str, ...],
    output_format: str,
    output_file: Path | None,
    summary: bool,
    no_tree: bool,
    color: str,
    config_file: Path | None,
    isolated: bool,
    **flags: Any,  # noqa: ANN401
) -> None:
    """Show what checkpoints (files, or folders of them) hold and need, without running them.

    Of a folder, what is called like a checkpoint or begins like one (a pickle of protocol 2 or
    newer, an archive of torch.save), and the shards that are missing beside others of an index. An
    index file (model.bin.index.json) stands for its shards, "-" for standard input, an address
    (with --remote) for an object, all below a prefix, or what fits a pattern. What lies in no
    project is judged as if it lay in the current folder.

    Ends with 0 where every file loads with what may be allowed or is a sound safetensors file, 1
    where one does not (--fail-on draws another line), where a folder holds what may be pickles and
    was not looked at, or where --since finds something new, 2 where one is not there, or where
    nothing could be looked at.
    """
    union, since_file = flags.pop("union"), flags.pop("since_file")
    is_remote, python, quiet = flags.pop("remote"), flags.pop("python"), flags.pop("quiet")
    fail_on = flags.pop("fail_on")
    _refuse_together(output_format, summary=summary, union=union, fail_on=fail_on)
    fail_on = fail_on or NEEDS_WHAT_IS_REFUSED
    far = [given for given in checkpoints if is_remote and is_address(given)]
    near = [given for given in checkpoints if given not in far and given != STANDARD_INPUT]
    missing = [given for given in near if not os.path.lexists(given)]
    for given in missing:
        complain(f"{given}: {_why_missing(given)}")
    there = [given for given in checkpoints if given not in missing]
    try:
        projects = Projects(settings_from(config_file, isolated, flags)._replace(python=python))
        trees = output_format == "text" and not (no_tree or summary or union)
        inspections = _inspect_all(there, projects, trees=trees)
        inspections += [one for given in far for one in _inspect_far(given, projects, missing)]
    except ConfigError as error:
        fail(str(error))
    passed_over = not_looked_at(map(Path, there), (one.path for one in inspections))
    left = in_words(passed_over, FEW_NAMES if output_format == "text" else MANY_NAMES)
    if there and not inspections:
        if not quiet:
            warn("no checkpoints under " + ", ".join(there))
        missing += left
    about = _about_torch(inspections, projects)
    try:
        if union:
            told, complete = _union(inspections, projects, output_format, since_file)
            complete = complete and not left
        else:
            shown = {"summary": summary, "trees": not no_tree}
            painted = "never" if output_file else color
            told = _told(inspections, output_format, left, about, **shown, color=painted)
            complete = not failing(inspections, len(passed_over), fail_on)
    except ConfigError as error:
        fail(str(error))
    write_text(output_file, told) if output_file else say(told)
    for one in left if union else ():
        warn(one)
    if output_format == "text" and not quiet:
        hints.tell([*about, *filter(None, [let_pass(inspections, len(passed_over), fail_on)])])
    faults = _faults(inspections)
    tell_crashes(faults, verbose=True)
    raise click.exceptions.Exit(FAILED if missing or faults else CLEAN if complete else FINDINGS)


def _faults(inspections: Sequence[Inspection]) -> list[tuple[str, Crash]]:
    """Where this tool has failed, and not the file."""
    return [
        (one.path.as_posix(), Crash(0, problem.message, problem.traceback))
        for one in inspections
        for problem in one.report.problems
        if problem.traceback
    ]


def _refuse_together(
    output_format: str, *, summary: bool, union: bool, fail_on: str | None
) -> None:
    """What changes nothing beside other options."""
    if summary and output_format != "text":
        fail("--summary is written as text")
    if summary and union:
        fail("--summary and --union are two reports: give one of them")
    if union and fail_on:
        fail("--union fails for what its allowlist does not cover, --fail-on for single files")


def _say_helper(context: click.Context) -> None:
    say(helper_text())
    context.exit()


def _told(
    inspections: Sequence[Inspection],
    output_format: str,
    left: Sequence[str],
    about: Sequence[str],
    *,
    summary: bool,
    trees: bool,
    color: str,
) -> str:
    """All checkpoints in one of the formats; what was not looked at (``left``), and for which torch
    that is (``about``).
    """
    found = [(one.report, one.judgements) for one in inspections]
    if output_format != "text":
        from torchload_lint.audit import inspections_in  # noqa: PLC0415 - not for text
        from torchload_lint.reports.provenance import provenance_of  # noqa: PLC0415

        return inspections_in(
            output_format, inspections, left, provenance_of(sys.argv[1:], about), trees=trees
        )
    painted = use_color(color, sys.stdout)
    end = "".join(f"{one}.\n" for one in left)
    if summary:
        return as_summary(found, color=painted) + end
    pairs = zip(found, inspections, strict=True)
    text = "\n".join(inspection_as_text(*pair, one.tree, color=painted) for pair, one in pairs)
    return (f"{text}\n{sums(found)}" if len(found) > 1 else text) + end


def _about_torch(inspections: Sequence[Inspection], projects: Projects) -> tuple[str, ...]:
    """For which torch that is; people are told, programs read it in the report."""
    places = [projects.place_of(Path(one.report.path)) for one in inspections]
    return (*hints.about_range(projects.project_of(one).torch_of(one) for one in places),)


def _inspect_all(there: Sequence[str], projects: Projects, *, trees: bool) -> list[Inspection]:
    """All checkpoints that the arguments stand for. Raises ConfigError."""
    paths = [Path(one) for one in there if os.path.lexists(one)]
    with Progress("checkpoints") as progress:
        each = inspect_paths(paths, projects, trees=trees, share_out=spread)
        found = list(progress.counting(each))
    if STANDARD_INPUT in there:
        copy, name = _copy_of_standard_input(), STANDARD_INPUT_NAME
        found.append(inspect_copy(copy, name, projects, trees=trees))
    return found


def _inspect_far(address: str, projects: Projects, missing: list[str]) -> list[Inspection]:
    """What lies at an address; where it cannot be read, that is told, and it is ``missing``."""
    found: list[Inspection] = []
    try:
        found.extend(inspect_address(address, projects))
    except RemoteError as error:
        complain(str(error))
        missing.append(address)
    return found


def _copy_of_standard_input() -> Path:
    """A temporary file with what comes from there, which stays until the command ends."""
    if sys.stdin is None:
        fail("standard input is closed")
    room = tempfile.TemporaryDirectory(prefix="torchload-lint-")
    copy = Path(click.get_current_context().with_resource(room), "checkpoint")
    try:
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        fail(f"standard input cannot be kept in {copy.parent}: {error.strerror}")
    return copy


def _union(
    inspections: Sequence[Inspection],
    projects: Projects,
    output_format: str,
    since_file: Path | None,
) -> tuple[str, bool]:
    """One allowlist for files of one project; whether it covers all, with nothing new."""
    if output_format not in {"text", "json"}:
        fail("--union is written as text or json")
    from torchload_lint.audit import union_of  # noqa: PLC0415 - only where it is asked for

    stored = stored_list(since_file)
    return union_of(inspections, projects, stored, as_json=output_format == "json")


def _why_missing(given: str) -> str:
    if is_address(given):
        return "an address, which is only read with --remote"
    return "no such file or folder"
