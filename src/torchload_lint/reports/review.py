"""The account of a run for whoever reviews its changes, in Markdown (``--account FILE``).

For each finding that was fixed: what was wrong, which files the load reads and how that is known,
what was allowed and on what ground. For each that is left: what keeps it from being fixed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability
from torchload_lint.escaping import printable
from torchload_lint.reports.summary import account, by_severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic, FileResult, LoadAccount

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
FIXES = {
    Applicability.SAFE: "by a safe fix",
    Applicability.UNSAFE: "by an unsafe fix, which somebody has to read",
    Applicability.DISPLAY: "shown only",
}


def review(results: Iterable[FileResult], loads: LoadAccount, *, written: bool = True) -> str:
    """The account; ``written``: whether the changes were made, or only shown."""
    ordered = sorted(results, key=lambda result: result.path.as_posix())
    fixed = [found for result in ordered for found in result.fixed]
    left = [found for result in ordered for found in result.diagnostics]
    changed, done = ("changed", "Fixed") if written else ("would change", "Would be fixed")
    files = ((result, result.fixed) for result in ordered)
    others = ((result, result.diagnostics) for result in ordered)
    parts = (
        f"# What torchload-lint {changed}\n",
        account(loads) or "No loads.\n",
        f"- {done.lower()}: {by_severity(fixed) or 'nothing'}",
        f"- left: {by_severity(left) or 'nothing'}\n",
        *_section(f"{done} (lines as before the change)", files),
        *_section("Left", others),
    )
    return "\n".join(parts)


def _section(
    heading: str, files: Iterable[tuple[FileResult, Sequence[Diagnostic]]]
) -> Iterator[str]:
    told = [
        f"### {as_markdown(result.path.as_posix())}\n\n{''.join(map(_finding, found))}"
        for result, found in files
        if found
    ]
    if told:
        yield f"## {heading}\n"
        yield from told


def _finding(found: Diagnostic) -> str:
    """One finding, with what it rests on below it."""
    cell = f"cell {found.cell}, " if found.cell else ""
    place = f"{cell}line {found.span.start.row}"
    how = f", {FIXES[found.fix.applicability]}" if found.fix else ""
    rows = [f"- **{place}** {found.code} {found.name}{how}: {as_markdown(found.message)}"]
    rows += [f"    - file: {as_markdown(path)}" for path in found.checkpoints]
    rows += [f"    - {as_markdown(ground)}" for ground in found.grounds]
    rows += [f"    - {as_markdown(note)}" for note in found.notes]
    return "\n".join(rows) + "\n"


def as_markdown(text: str) -> str:
    """A text that strangers have a part in: it shows what it says, and formats nothing.

    What stands between backticks stays code.
    """
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:
        return SPECIAL.sub(r"\\\1", printable(text))
    return "`".join(
        part if number % 2 else SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts)
    )
