"""The account of a run for whoever reviews its changes, in Markdown (``--account FILE``).

For each finding that was fixed: what was wrong, which files the load reads and how that is known,
what was allowed and on what ground. For each that is left: what keeps it from being fixed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability
from torchload_lint.escaping import printable
from torchload_lint.helper_module import NAME
from torchload_lint.late_patterns import late_pattern
from torchload_lint.plurals import number_of
from torchload_lint.reports.summary import account, by_severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic, FileResult, LoadAccount

_FEW = 4
"""So many findings that are left for one reason are told one by one."""
SPECIAL = late_pattern(r"([\\`*{}\[\]<>#|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
"""What Markdown may take for a sign; an underscore within a word is none (CommonMark 0.31, 6.2)."""
_LIMITS = {
    NAME: f"`{NAME}`: the file may set attributes of these objects, and call nothing of theirs",
    "only_with": "`only_with`: the file may call these with the arguments in the list only",
}
FIXES = {
    Applicability.SAFE: "by a safe fix",
    Applicability.UNSAFE: "by an unsafe fix, which somebody has to read",
    Applicability.DISPLAY: "shown only",
}


def review(
    results: Iterable[FileResult],
    loads: LoadAccount,
    about: Iterable[str] = (),
    *,
    written: bool = True,
) -> str:
    """The account; ``about``: what holds for all of it, a sentence each (what a baseline hides, for
    which torch it is); ``written``: whether the changes were made, or only shown.
    """
    ordered = sorted(results, key=lambda result: result.path.as_posix())
    fixed = [found for result in ordered for found in result.fixed]
    left = [found for result in ordered for found in result.diagnostics]
    changed, done = ("changed", "Fixed") if written else ("would change", "Would be fixed")
    changed = changed if fixed else "found"
    files = ((result, result.fixed) for result in ordered)
    alike = _alike(ordered)
    others = (
        (result, [found for found in result.diagnostics if _ground_of(found) not in alike])
        for result in ordered
    )
    parts = (
        f"# What torchload-lint {changed}\n",
        account(loads) or "No loads.\n",
        f"- {done.lower()}: {by_severity(fixed) or 'nothing'}",
        f"- left: {by_severity(left) or 'nothing'}",
        *(f"- {as_markdown(sentence)}" for sentence in about),
        "",
        *_section(f"{done} (lines as before the change)", files),
        *_section("Left", others),
        *_at_many_places(alike),
    )
    return "\n".join(parts)


def _ground_of(found: Diagnostic) -> object:
    """All that is said of a finding, but its place."""
    return found.code, found.message, found.checkpoints, found.grounds, found.notes


def _alike(results: Iterable[FileResult]) -> dict[object, list[tuple[str, Diagnostic]]]:
    """What is left at many places for one reason, with the places."""
    places: dict[object, list[tuple[str, Diagnostic]]] = {}
    for result in results:
        for found in result.diagnostics:
            cell = f"cell {found.cell}:" if found.cell else ""
            place = f"{result.path.as_posix()}:{cell}{found.span.start.row}"
            places.setdefault(_ground_of(found), []).append((place, found))
    return {ground: found for ground, found in places.items() if len(found) > _FEW}


def _at_many_places(alike: dict[object, list[tuple[str, Diagnostic]]]) -> Iterator[str]:
    if alike:
        yield "## Left at many places\n"
    for found in alike.values():
        count = number_of(len(found), "place")
        rows = [_finding(found[0][1], f"{count}, each"), "    - where:\n"]
        yield "".join(rows + [f"        - {as_markdown(place)}\n" for place, _ in found])


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


def _finding(found: Diagnostic, place: str = "") -> str:
    """One finding, with what it rests on below it."""
    cell = f"cell {found.cell}, " if found.cell else ""
    place = place or f"{cell}line {found.span.start.row}"
    how = f", {FIXES[found.fix.applicability]}" if found.fix else ""
    rows = [f"- **{place}** {found.code} {found.name}{how}: {as_markdown(found.message)}"]
    rows += [f"    - file: {as_markdown(path)}" for path in found.checkpoints]
    rows += [f"    - {as_markdown(ground)}" for ground in found.grounds]
    rows += [f"    - {as_markdown(limit)}" for limit in _limits(found)]
    rows += [f"    - {as_markdown(note)}" for note in found.notes]
    return "\n".join(rows) + "\n"


def _limits(found: Diagnostic) -> Iterator[str]:
    """What the list that a fix writes holds a file to, by the words of the module beside it."""
    written = "".join(edit.content for edit in found.fix.edits) if found.fix else ""
    yield from (said for word, said in _LIMITS.items() if f"{word}(" in written)


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
