"""``torchload-lint [check] PATHS``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torchload_lint.cli.options import configuration, per_file_ignores, settings_from
from torchload_lint.cli.terminal import CLEAN, FAILED, FINDINGS, fail, say, use_color, warn
from torchload_lint.config import OUTPUT_FORMATS, ConfigError
from torchload_lint.workspace import Options, Projects, Run, check, check_bytes, discover

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torchload_lint.diagnostic import FileResult

STDIN = "-"


def _list_option(name: str, help_text: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", multiple=True, metavar="CODES", help=help_text)


@click.command(name="check", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--fix/--no-fix", default=False, help="Apply the safe fixes.")
@click.option(
    "--unsafe-fixes/--no-unsafe-fixes", default=None, help="Count and apply unsafe fixes too."
)
@click.option("--fix-only", is_flag=True, help="Apply fixes, report nothing that is left.")
@click.option("--diff", is_flag=True, help="Print the change instead of writing it.")
@click.option("--show-fixes", is_flag=True, help="List what was mended.")
@_list_option("select", "Rules to turn on: codes, prefixes or names, comma-separated (ALL).")
@_list_option("ignore", "Rules to turn off.")
@_list_option("extend-select", "Rules to turn on besides the selected ones.")
@_list_option("extend-ignore", "Rules to turn off besides the ignored ones.")
@_list_option("fixable", "Rules whose fixes may be applied (default ALL).")
@_list_option("unfixable", "Rules whose fixes may not be applied.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    metavar="GLOB:CODES",
    help="Rules to turn off for some files.",
)
@click.option(
    "--output-format",
    type=click.Choice(OUTPUT_FORMATS),
    envvar="TORCHLOAD_LINT_OUTPUT_FORMAT",
    metavar="FORMAT",
    help=f"{', '.join(OUTPUT_FORMATS)} (default concise).",
)
@click.option(
    "-o",
    "--output-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the report there.",
)
@configuration
@click.option("--exclude", multiple=True, metavar="GLOBS", help="Replace the default excludes.")
@click.option("--extend-exclude", multiple=True, metavar="GLOBS", help="Exclude more.")
@click.option(
    "--respect-gitignore/--no-respect-gitignore",
    default=None,
    help="Skip what git ignores (default).",
)
@click.option(
    "--force-exclude",
    is_flag=True,
    default=None,
    help="Exclude files that are named outright, too.",
)
@click.option(
    "--stdin-filename", "--stdin-display-name", metavar="NAME", help="What to call standard input."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even where something is found.")
@click.option("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if anything was mended.")
@click.option("--statistics", is_flag=True, help="Count the findings by rule.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="When to write colours.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Worker processes (0: as needed).",
)
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@click.option("-v", "--verbose", is_flag=True, help="Say how each path was found, and more.")
def command(
    paths: tuple[Path, ...],
    config_file: Path | None,
    isolated: bool,
    **flags: Any,  # noqa: ANN401
) -> None:
    """Find every torch.load under PATHS, and with --fix mend what can be mended."""
    try:
        status = _run(paths or (Path(),), config_file, isolated, flags)
    except ConfigError as error:
        fail(str(error))
    raise click.exceptions.Exit(status)


CONFIG_FLAGS = tuple(
    """
    target_torch select ignore extend_select extend_ignore fixable unfixable exclude extend_exclude
    respect_gitignore force_exclude unsafe_fixes output_format
    """.split()
)
"""Flags that stand for a key of the configuration."""


def _run(
    paths: tuple[Path, ...], config_file: Path | None, isolated: bool, flags: dict[str, Any]
) -> int:
    given = {name: flags[name] for name in CONFIG_FLAGS}
    given["per_file_ignores"] = per_file_ignores(flags["per_file_ignores"])
    projects = Projects(settings_from(config_file, isolated, given))
    config = projects.config_of(Path())
    wants_fix = flags["fix"] or flags["fix_only"] or flags["diff"]
    options = Options(
        fix=wants_fix,
        unsafe=config.unsafe_fixes,
        write=wants_fix and not flags["diff"],
        jobs=flags["jobs"],
    )
    if any(str(path) == STDIN for path in paths):
        return _check_stdin(projects, options, flags, config.output_format)
    files, missing = discover(paths, projects.config_of)
    for path in missing:
        say(f"error: {path}: no such file or folder\n", err=True)
    if not files and not missing:
        warn("no Python files or notebooks under " + ", ".join(map(str, paths)))
    run = check(files, projects, options)
    for error in run.errors:
        say(f"error: {error}\n", err=True)
    status = _report(run, flags, config.output_format)
    return FAILED if missing or run.errors else status


def _check_stdin(
    projects: Projects, options: Options, flags: dict[str, Any], output_format: str
) -> int:
    """Findings go to standard error where standard output carries the fixed source."""
    path = Path(flags["stdin_filename"] or "-")
    data = sys.stdin.buffer.read()
    result, fixed = check_bytes(data, path, projects, options)
    run = Run((result,) if result.diagnostics or result.fixed else (), 1)
    if options.write:
        sys.stdout.buffer.write(fixed)
        sys.stdout.buffer.flush()
        flags = {**flags, "to_stderr": True}
    return _report(run, flags, output_format)


def _report(run: Run, flags: dict[str, Any], output_format: str) -> int:
    from torchload_lint import reports  # noqa: PLC0415 - not needed where nothing is found
    from torchload_lint.rules import RULES  # noqa: PLC0415

    to_stderr = flags.get("to_stderr", False)
    shown = reports.Options(
        color=use_color(flags["color"], sys.stderr if to_stderr else sys.stdout),
        show_fixes=flags["show_fixes"],
        unsafe_fixes=bool(flags["unsafe_fixes"]),
    )
    if flags["diff"]:
        return _print_diffs(run.results, flags)
    results = [] if flags["fix_only"] else run.results
    if flags["statistics"]:
        text = reports.statistics(results, shown, as_json=output_format == "json")
    else:
        text = reports.render(output_format, results, RULES, shown)
    if flags["output_file"]:
        _write_report(flags["output_file"], text)
    else:
        say(text, err=to_stderr)
    if not flags["quiet"]:
        for_people = output_format in reports.TEXT_FORMATS and not flags["output_file"]
        say(reports.summary(run.results, shown), err=to_stderr or not for_people)
    return _status(run.results, flags)


def _write_report(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror or error}")


def _print_diffs(results: Sequence[FileResult], flags: dict[str, Any]) -> int:
    from torchload_lint import reports  # noqa: PLC0415

    changed = [result for result in results if result.original]
    for result in changed:
        say(reports.unified_diff(result.original, result.text, result.path.as_posix()))
    if not flags["quiet"]:
        fixes = sum(len(result.fixed) for result in changed)
        say(f"Would fix {fixes} finding(s) in {len(changed)} file(s).\n", err=True)
    return FINDINGS if changed and not flags["exit_zero"] else CLEAN


def _status(results: Sequence[FileResult], flags: dict[str, Any]) -> int:
    if flags["exit_zero"]:
        return CLEAN
    left = not flags["fix_only"] and any(result.diagnostics for result in results)
    mended = flags["exit_non_zero_on_fix"] and any(result.fixed for result in results)
    return FINDINGS if left or mended else CLEAN
