"""``torchload-lint [check] PATHS``: the options, as data."""

from __future__ import annotations

from typing import Any

from torchload_lint.cli.arguments.declared import (
    ANY_PATH,
    CONFIGURATION,
    COUNT,
    FILE,
    INTERPRETER,
    REMOTE,
    SECONDS,
    Declared,
    declare,
)
from torchload_lint.config import OUTPUT_FORMATS, SEVERITIES


def _codes(name: str, help_text: str) -> Declared:
    return declare(f"--{name}", multiple=True, metavar="CODES", help=help_text)


def _globs(name: str, help_text: str) -> Declared:
    return declare(f"--{name}", multiple=True, metavar="GLOBS", help=help_text)


def _flag(name: str, help_text: str, **more: Any) -> Declared:  # noqa: ANN401
    return declare(f"--{name}", is_flag=True, help=help_text, **more)


def _severity(name: str, help_text: str) -> Declared:
    return declare(f"--{name}", type=SEVERITIES, metavar="SEVERITY", help=help_text)


OPTIONS = (
    declare("--fix/--no-fix", default=False, help="Apply the safe fixes."),
    declare(
        "--unsafe-fixes/--no-unsafe-fixes", default=None, help="Count and apply unsafe fixes too."
    ),
    _flag("fix-only", "Apply fixes, report nothing that is left."),
    _flag("diff", "Print the change instead of writing it."),
    _flag("show-fixes", "List what was fixed."),
    declare(
        "--account",
        type=FILE,
        metavar="FILE",
        help="Write a Markdown account of the run there, for whoever reviews its changes.",
    ),
    _codes("select", "Rules to turn on: codes, prefixes or names, comma-separated; ALL."),
    _codes("ignore", "Rules to turn off."),
    _codes("extend-select", "Rules to turn on besides the selected ones."),
    _codes("extend-ignore", "Rules to turn off besides the ignored ones."),
    _codes("fixable", "Rules whose fixes may be applied (default ALL)."),
    _codes("unfixable", "Rules whose fixes may not be applied."),
    declare(
        "--per-file-ignores", multiple=True, metavar="GLOB:CODES", help="Rules off for some files."
    ),
    declare(
        "--output-format",
        type=OUTPUT_FORMATS,
        envvar="TORCHLOAD_LINT_OUTPUT_FORMAT",
        metavar="FORMAT",
        help=f"{', '.join(OUTPUT_FORMATS)} (default concise).",
    ),
    declare("-o", "--output-file", type=FILE, metavar="FILE", help="Write the report there."),
    *CONFIGURATION,
    REMOTE,
    _globs("exclude", "Replace the default excludes."),
    _globs("extend-exclude", "Exclude more."),
    declare(
        "--respect-gitignore/--no-respect-gitignore",
        default=None,
        help="Skip what git ignores (default).",
    ),
    _flag("force-exclude", "Exclude files that are named outright, too.", default=None),
    declare(
        "--stdin-filename",
        "--stdin-display-name",
        metavar="NAME",
        help="What to call standard input.",
    ),
    _severity("min-severity", "Report nothing that is less severe (default warning)."),
    _severity("error-on", "Exit with 1 for what is at least this severe (default warning)."),
    _flag("exit-zero", "Exit with 0 even where something is found."),
    _flag("exit-non-zero-on-fix", "Exit with 1 if anything was fixed."),
    _flag(
        "verify", "Apply a fix only if real torch loads the checkpoint with it (imports modules)."
    ),
    INTERPRETER,
    declare(
        "--timeout",
        type=SECONDS,
        default=60.0,
        metavar="SECONDS",
        help="How long one load of --verify may take, with its imports (default 60).",
    ),
    _flag("statistics", "Count the findings by rule."),
    _flag("add-noqa", "Silence what is found with noqa comments."),
    declare(
        "--noqa-reason", metavar="TEXT", default="", help="What --add-noqa writes behind the codes."
    ),
    declare("--baseline", type=FILE, metavar="FILE", help="Report only what is not in it."),
    _flag("no-baseline", "Report what the baseline names, too, and fix it with --fix."),
    _flag("no-suppressions", "Report what comments and the baseline would hide, too."),
    _flag(
        "tracked-modules",
        "Exit with 1 where git does not track a restore_only.py that is imported (for hooks).",
    ),
    _flag("update-baseline", "Write what is found to the baseline."),
    declare(
        "--explain-load", metavar="FILE:LINE", help="Show all that is known of the load there."
    ),
    declare(
        "--color",
        type=("auto", "always", "never"),
        default="auto",
        help="When to write colours.",
    ),
    declare(
        "-j",
        "--jobs",
        type=COUNT,
        default=0,
        metavar="N",
        help="Worker processes (0: as needed).",
    ),
    # There is no cache; ruff's words for it are taken, so that a hook which gives them works.
    _flag("no-cache", "Changes nothing: there is no cache.", expose_value=False, hidden=True),
    declare("--cache-dir", type=ANY_PATH, expose_value=False, hidden=True),
    declare("-q", "--quiet", is_flag=True, help="Print findings only."),
    declare("-v", "--verbose", is_flag=True, help="Print the notes of each finding too."),
)
