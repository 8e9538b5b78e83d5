"""``torchload-lint [check] PATHS``: the work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.api import check_in
from torchload_lint.cli import hints
from torchload_lint.cli.arguments.overrides import per_file_ignores, settings_from
from torchload_lint.cli.terminal import (
    CLEAN,
    FAILED,
    FINDINGS,
    Progress,
    complain,
    ended_by_signals,
    fail,
    say,
    tell_crashes,
    write_text,
)
from torchload_lint.config import TEXT_FORMATS, ConfigError
from torchload_lint.diagnostic import FileResult
from torchload_lint.escaping import escaped, printable
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.plurals import number_of
from torchload_lint.source.text.settings_files import is_settings_file
from torchload_lint.streams import use_color, use_links
from torchload_lint.workspace import Options, Projects, Run, check_input
from torchload_lint.workspace.on_disk.discover import is_forced_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.config import Config
    from torchload_lint.reports.provenance import Provenance
    from torchload_lint.rules.base import Rule
    from torchload_lint.verify import FixProofs
    from torchload_lint.workspace import Settings
    from torchload_lint.workspace.adoption.known_findings import KnownFindings

STDIN = "-"
ALL_PASSED = "All checks passed!\n"
"""What ``reports.summary`` says of no results, without importing it."""

SETTINGS = tuple(
    """
    target_torch select ignore extend_select extend_ignore fixable unfixable exclude extend_exclude
    respect_gitignore force_exclude unsafe_fixes output_format min_severity error_on baseline
    """.split()
)
"""Flags that stand for a key of the configuration."""


class Flags(NamedTuple):
    """The command line, as it was given; None where a flag leaves the configuration alone."""

    paths: tuple[Path, ...]
    fix: bool
    unsafe_fixes: bool | None
    fix_only: bool
    diff: bool
    show_fixes: bool
    account: Path | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    extend_select: tuple[str, ...]
    extend_ignore: tuple[str, ...]
    fixable: tuple[str, ...]
    unfixable: tuple[str, ...]
    per_file_ignores: tuple[str, ...]
    output_format: str | None
    output_file: Path | None
    target_torch: str | None
    config_file: Path | None
    isolated: bool
    remote: bool
    exclude: tuple[str, ...]
    extend_exclude: tuple[str, ...]
    respect_gitignore: bool | None
    force_exclude: bool | None
    stdin_filename: str | None
    min_severity: str | None
    error_on: str | None
    exit_zero: bool
    exit_non_zero_on_fix: bool
    verify: bool
    python: Path | None
    timeout: float
    statistics: bool
    add_noqa: bool
    noqa_reason: str
    baseline: Path | None
    update_baseline: bool
    no_baseline: bool
    tracked_modules: bool
    no_suppressions: bool
    explain_load: str | None
    color: str
    jobs: int
    quiet: bool
    verbose: bool

    @property
    def applies_fixes(self) -> bool:
        """Whether fixes are applied (to the files, or to what is shown)."""
        return self.fix or self.fix_only or self.diff

    @property
    def shows_known(self) -> bool:
        """Whether what a baseline names is a finding like any other."""
        return self.no_baseline or self.no_suppressions


def run_check(flags: Flags) -> int:
    """Check, report, and give the exit status."""
    try:
        with ended_by_signals():
            return _run(flags)
    except ConfigError as error:
        fail(str(error))


def _run(flags: Flags) -> int:
    """Raises ConfigError."""
    _refuse_contradictions(flags)
    proofs = _proofs(flags)
    projects = Projects(_settings(flags), proofs.veto if proofs else None)
    config = projects.config_of(Path())
    projects.project_of(Path("any")).validate()
    is_stdin = STDIN in map(str, flags.paths)
    known = None if flags.shows_known or is_stdin else _known(config, projects)
    options = Options(
        fix=flags.applies_fixes,
        unsafe=config.unsafe_fixes,
        write=flags.applies_fixes and not flags.diff,
        adds_modules=flags.applies_fixes and not is_stdin,
        suppressions=not flags.no_suppressions,
        keeps_untold=bool(config.baseline and (flags.update_baseline or not flags.shows_known)),
        fixes_among=known.tells_new() if known else None,
        jobs=1 if flags.verify else flags.jobs,
    )
    if is_stdin:
        return _check_stdin(flags, projects, options, config, proofs)
    if flags.explain_load:
        from torchload_lint.cli.explaining import explain_load  # noqa: PLC0415 - seldom

        return explain_load(flags.explain_load, projects, places=flags.verbose)
    with Progress("files") as progress:
        outcome = check_in(projects, list(flags.paths) or [Path()], options, progress.show)
    if not (outcome.errors or outcome.results or _holds_python(outcome)):
        hints.at_nothing_to_check(flags.paths or (Path(),))
    if flags.add_noqa:
        return _add_noqa(outcome, flags)
    if flags.update_baseline:
        return _update_baseline(outcome, flags, config, projects)
    found = outcome.results
    hints.at_proofs(proofs, found)
    if known:
        new, hidden = known.split(outcome.results)
        outcome = outcome._replace(results=new, loads=outcome.loads._replace(known=hidden))
    for error in outcome.errors:
        complain(error)
    tell_crashes(outcome.crashes, verbose=flags.verbose)
    hints.at_commands(flags.paths)
    remarks = _about_known(known, found, outcome, options)
    if flags.account:
        added = hints.about_added(outcome.added)
        about = (*_origin(outcome).sentences(), *remarks, *added)
        _write_account(outcome, flags.account, about, written=options.write)
    status = _tell(outcome, flags, config, projects) or _status_of_modules(outcome, flags)
    if not flags.quiet:
        hints.tell(remarks)
        hints.tell(hints.about_added(outcome.added))
        old = hints.targets_keep_fixes_back(outcome.results, projects)
        hints.tell_range(outcome.torch, keeps_fixes_back=old)
        hints.at_entries(projects)
    return FAILED if outcome.errors or outcome.crashes else status


def _about_known(
    known: KnownFindings | None, found: Sequence[FileResult], outcome: Run, options: Options
) -> tuple[str, ...]:
    if known is None:
        return ()
    how = {"written": options.write, "fixes": options.fix}
    return (*known.remarks(found, outcome.judged, **how),)


def _refuse_contradictions(flags: Flags) -> None:
    stdin = STDIN in map(str, flags.paths)
    if stdin and len(flags.paths) > 1:
        raise ConfigError('"-" (standard input) and other paths exclude each other')
    for option, given in (
        ("--add-noqa", flags.add_noqa),
        ("--update-baseline", flags.update_baseline),
    ):
        if given and flags.diff:
            raise ConfigError(f"{option} and --diff exclude each other")
        if given and stdin:
            raise ConfigError(f"{option} needs files, not standard input")
    if flags.account and (stdin or flags.add_noqa or flags.update_baseline):
        raise ConfigError("--account is for a check of files")
    if flags.verify and flags.remote:
        raise ConfigError("--verify and --remote exclude each other: torch loads local files")
    if flags.add_noqa and flags.update_baseline:
        raise ConfigError("--add-noqa and --update-baseline exclude each other")


def _proofs(flags: Flags) -> FixProofs | None:
    """Real torch, asked before a fix is offered; None where nothing is to be proven."""
    if not flags.verify:
        return None
    from torchload_lint.verify import FixProofs, Interpreter, Prover, find_python  # noqa: PLC0415

    return FixProofs(Prover(Interpreter(find_python(flags.python, Path()), flags.timeout)))


def _settings(flags: Flags) -> Settings:
    given = {name: getattr(flags, name) for name in SETTINGS}
    given["baseline"] = str(flags.baseline) if flags.baseline else None
    given["per_file_ignores"] = per_file_ignores(flags.per_file_ignores)
    settings = settings_from(flags.config_file, flags.isolated, given)
    return settings._replace(python=flags.python, remote=flags.remote)


def _check_stdin(
    flags: Flags, projects: Projects, options: Options, config: Config, proofs: FixProofs | None
) -> int:
    """Findings go to standard error where standard output carries the fixed source."""
    path = Path(flags.stdin_filename or STDIN)
    if sys.stdin is None or (options.write and sys.stdout is None):
        raise ConfigError("standard input or output is closed")
    given = sys.stdin.buffer.read()
    if is_forced_out(path, projects.config_of(path.parent)):
        result, fixed = FileResult(path), given
    else:
        result, fixed = check_input(given, path, projects, options)
    results = (result,) if result.diagnostics or result.fixed else ()
    hints.at_proofs(proofs, results)
    torch = (projects.project_of(path).torch_of(path),) if result.loads.total else ()
    crashes = tuple((str(path), crash) for crash in result.crashes)
    outcome = Run(results, (str(path),), loads=result.loads, torch=torch, crashes=crashes)
    if options.write:
        sys.stdout.buffer.write(fixed)
        sys.stdout.buffer.flush()
    tell_crashes(crashes, verbose=flags.verbose)
    status = _tell(outcome, flags, config, None, to_stderr=options.write)
    if not flags.quiet:
        hints.tell(hints.about_added(outcome.added))
        hints.tell_range(outcome.torch)
    return FAILED if crashes else status


def _tell(
    outcome: Run,
    flags: Flags,
    config: Config,
    projects: Projects | None,
    *,
    to_stderr: bool = False,
) -> int:
    """Write the report; ``projects``: where the files come from, None for standard input."""
    if not outcome.results and config.output_format in TEXT_FORMATS and not _asks_for_more(flags):
        if not flags.quiet and (outcome.names or not outcome.errors):
            say(_nothing_found(outcome), err=to_stderr)
        return CLEAN
    from torchload_lint import reports  # noqa: PLC0415 - after the work, and only once

    stream = sys.stderr if to_stderr else sys.stdout
    color = not flags.output_file and use_color(flags.color, stream)
    shown = reports.ReportOptions(
        color=color,
        links=color and use_links(stream),
        show_fixes=flags.show_fixes,
        unsafe_fixes=config.unsafe_fixes,
        notes=flags.verbose or config.output_format == "full",
        loads=outcome.loads,
    )
    crashed = (f"{path}: {one.message}" for path, one in outcome.crashes)
    shown.failures = tuple(map(escaped, (*outcome.errors, *crashed)))
    if config.output_format in {"html", "sarif"}:
        shown.origin = _origin(outcome)
    if flags.diff:
        return _print_diffs(outcome, flags, unsafe=config.unsafe_fixes)
    results = () if flags.fix_only else outcome.results
    if flags.statistics:
        text = reports.statistics(results, shown, as_json=config.output_format == "json")
    elif config.output_format == "html" and projects:
        from torchload_lint.audit import audit  # noqa: PLC0415 - only where it is asked for

        text = audit(reports.Report.of(results, (), shown), outcome.files, projects)
    else:
        text = reports.render(config.output_format, results, _rules(config), shown)
    if flags.output_file:
        write_text(flags.output_file, text)
    else:
        say(text, err=to_stderr)
    failed = outcome.errors or outcome.crashes  # "All checks passed!" would be a lie
    if not flags.quiet and (outcome.names or not failed):
        for_people = config.output_format in TEXT_FORMATS and not flags.output_file
        is_all = outcome.results or not failed
        said = reports.summary(outcome.results, shown) if is_all else reports.NOTHING_ELSE
        say(said, err=to_stderr or not for_people)
    return _status(outcome, flags, config)


def _holds_python(outcome: Run) -> bool:
    """Whether there is more than files of settings."""
    return not all(is_settings_file(Path(name).name) for name in outcome.names)


def _nothing_found(outcome: Run) -> str:
    """The last lines of a run without findings; nothing is imported where there are no loads."""
    failed = outcome.errors or outcome.crashes
    if not (failed or any(outcome.loads)):
        return ALL_PASSED if _holds_python(outcome) else ""
    from torchload_lint.reports.summary import (  # noqa: PLC0415
        NOTHING_ELSE,
        account,
        nothing_found,
    )

    return NOTHING_ELSE if failed else nothing_found(outcome.loads) + account(outcome.loads)


def _asks_for_more(flags: Flags) -> bool:
    """Whether something is to be reported even where nothing was found."""
    return bool(flags.diff or flags.statistics or flags.output_file)


def _rules(config: Config) -> tuple[Rule, ...]:
    """The rules, where the format describes them: a run that finds nothing need not import them."""
    if config.output_format != "sarif":
        return ()
    from torchload_lint.rules import RULES  # noqa: PLC0415

    return RULES


def _origin(outcome: Run) -> Provenance:
    from torchload_lint.reports.provenance import provenance_of  # noqa: PLC0415 - only for reports

    return provenance_of(sys.argv[1:], hints.about_range(outcome.torch))


def _write_account(outcome: Run, path: Path, about: tuple[str, ...], *, written: bool) -> None:
    from torchload_lint.reports.review import review  # noqa: PLC0415 - only where it is asked for

    write_text(path, review(outcome.results, outcome.loads, about, written=written))


def _print_diffs(outcome: Run, flags: Flags, *, unsafe: bool) -> int:
    from torchload_lint.reports.diff import diff_to_see, diffs_of  # noqa: PLC0415
    from torchload_lint.reports.summary import diff_summary  # noqa: PLC0415

    changed = [result for result in outcome.results if result.original]
    diffs = diffs_of(changed, whole=bool(flags.output_file) or not sys.stdout.isatty())
    if flags.output_file:
        write_text(flags.output_file, "".join(diffs))
    else:
        in_color = use_color(flags.color, sys.stdout)
        is_seen = in_color or sys.stdout.isatty()
        say("".join(diff_to_see(diff, color=in_color) if is_seen else diff for diff in diffs))
    if not flags.quiet:
        told = changed or any(result.diagnostics for result in outcome.results)
        say(
            diff_summary(outcome.results, unsafe=unsafe) if told else _nothing_found(outcome),
            err=True,
        )
    return FINDINGS if changed and not flags.exit_zero else CLEAN


def _status(outcome: Run, flags: Flags, config: Config) -> int:
    if flags.exit_zero:
        return CLEAN
    left = not flags.fix_only and any(
        found.severity.reaches(config.error_on)
        for result in outcome.results
        for found in result.diagnostics
    )
    fixed = flags.exit_non_zero_on_fix and any(result.fixed for result in outcome.results)
    return FINDINGS if left or fixed else CLEAN


def _status_of_modules(outcome: Run, flags: Flags) -> int:
    """Whether a commit would leave behind a module that the files import."""
    left = flags.tracked_modules and hints.at_untracked(outcome.files)
    return FINDINGS if left and not flags.exit_zero else CLEAN


def _add_noqa(outcome: Run, flags: Flags) -> int:
    """Write a comment beside each finding."""
    from torchload_lint.workspace.adoption.add_noqa import write_noqa  # noqa: PLC0415

    added, left, failed = 0, 0, False
    for result in outcome.results:
        if not result.text:
            left += len(result.diagnostics)
            continue
        try:
            done = write_noqa(result, flags.noqa_reason)
        except (OSError, ValueError) as error:  # such as a reason that its encoding cannot hold
            complain(f"{result.path}: could not be written: {_said(error)}")
            failed = True
            continue
        added += done.added
        left += len(done.left)
    say(f"Added noqa comments for {number_of(added, 'finding')}.\n")
    if left:
        say(f"{number_of(left, 'finding')} without a line that could hold a comment.\n")
    if failed:
        return FAILED
    return CLEAN if not left or flags.exit_zero else FINDINGS


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _baseline_path(config: Config) -> Path:
    if not config.baseline:
        raise ConfigError("--update-baseline needs --baseline FILE (or the key `baseline`)")
    return config.root / config.baseline if config.file else Path(config.baseline)


def _known(config: Config, projects: Projects) -> KnownFindings | None:
    """The findings of the project's baseline, where it has one. Raises ConfigError."""
    if not config.baseline:
        return None
    from torchload_lint.workspace.adoption.known_findings import KnownFindings  # noqa: PLC0415

    return KnownFindings(_baseline_path(config), projects)


def _update_baseline(outcome: Run, flags: Flags, config: Config, projects: Projects) -> int:
    from torchload_lint.workspace.adoption.known_findings import KnownFindings  # noqa: PLC0415

    path = _baseline_path(config)
    within = None if flags.baseline else config.root
    before = KnownFindings(path, projects, within)
    known, changes = before.updated(outcome.results, outcome.judged)
    try:
        known.write(path)
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror or error}")
    say(f"{printable(str(path))}: {changes}\n")
    return CLEAN
