"""``torchload-lint scan SOURCE... --out RESULTS``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli.arguments.options import configuration
from torchload_lint.cli.arguments.overrides import settings_from
from torchload_lint.cli.terminal import (
    CLEAN,
    FAILED,
    FINDINGS,
    Progress,
    complain,
    ended_by_signals,
    fail,
    say,
)
from torchload_lint.config import ConfigError
from torchload_lint.reports.provenance import provenance_of
from torchload_lint.scan.engines import DaskWorkers, LocalWorkers
from torchload_lint.scan.listed import estimate, list_all
from torchload_lint.scan.object_reading import ReadSettings
from torchload_lint.scan.result_folder import Results
from torchload_lint.scan.summary_words import JUDGEMENTS, NotRead, scan_summary
from torchload_lint.scan.table_reports import kind_of, write_reports
from torchload_lint.workspace import Projects

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command(name="scan", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the table and what it is made of are kept.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    metavar="N",
    help="Processes of this machine that read (default 2).",
)
@click.option("--scheduler", metavar="ADDRESS", help="Let the workers of a Dask cluster read.")
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=16,
    metavar="N",
    help="Objects that one worker reads at the same time (default 16).",
)
@click.option(
    "--rate", type=click.FloatRange(0), default=0.0, help="Requests a second at most, in all."
)
@click.option(
    "--fail-on",
    type=click.Choice(JUDGEMENTS),
    metavar="JUDGEMENT",
    help=f"End with 1 where one is this bad or worse: {', '.join(JUDGEMENTS)}.",
)
@click.option(
    "--since",
    metavar="TIME",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="Only what was modified since then (UTC).",
)
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only so many, by chance.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a report there, too: NAME.sarif, NAME.html, or NAME.cdx.json (CycloneDX).",
)
@click.option("--dry-run", is_flag=True, help="Only list, and say what it would take.")
@configuration
def command(
    sources: tuple[str, ...],
    out: Path,
    config_file: Path | None,
    isolated: bool,
    **flags: Any,  # noqa: ANN401
) -> None:
    """Judge the checkpoints of SOURCES (buckets, prefixes, patterns, folders) into a table.

    Few bytes of each object are read, once; the next run reads what is new. What was read is kept
    apart from what the policy makes of it: other settings are judged without reading anything.

    Ends with 0, with 1 for --fail-on, with 2 where something could not be listed or read.
    """
    target = {"target_torch": flags.pop("target_torch", None)}
    try:
        reports = {path: kind_of(path) for path in flags["reports"]}
        project = Projects(settings_from(config_file, isolated, target)).project_of("checkpoint")
        torch = project.torch_of(Path("checkpoint")).versions[-1]
        settings = ReadSettings((torch[0], torch[1]), flags["threads"], flags["rate"])
        others: Counter[str] = Counter()
        listed, errors = list_all(sources, flags["since"], flags["sample"], others)
        for error in errors:
            complain(error)
        if flags["dry_run"]:
            say(estimate(listed))
            raise click.exceptions.Exit(FAILED if errors else CLEAN)
        results = Results(out, settings)
        with ended_by_signals(), Progress("objects", rate=True) as progress:
            failed = results.read_new(listed, lambda: _workers(flags), progress.show)
            results.judge(project)
            counts = results.tabulate(listed, project)
            left = NotRead(tuple(errors), failed, others.total())
            origin = provenance_of(sys.argv[1:], [f"the answers are for torch {settings.release}"])
            write_reports(reports, results.table, project, left, origin)
    except (ConfigError, OSError, ValueError) as error:
        fail(str(error))
    say(scan_summary(counts, len(listed), out, left))
    raise click.exceptions.Exit(_status(counts, flags["fail_on"], failed=bool(errors or failed)))


def _workers(flags: dict[str, Any]) -> LocalWorkers | DaskWorkers:
    address = flags["scheduler"]
    return DaskWorkers(address) if address else LocalWorkers(flags["workers"])


def _status(counts: Iterable[str], fail_on: str | None, *, failed: bool) -> int:
    if failed:
        return FAILED
    worst = JUDGEMENTS[: JUDGEMENTS.index(fail_on) + 1] if fail_on else ()
    return FINDINGS if any(one in worst for one in counts) else CLEAN
