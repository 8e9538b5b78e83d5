"""One allowlist for many files: who needs what, and what is new since a stored list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from torchload_lint.escaping import printable
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.reports.checkpoints.allowlist_text import block, entry_text
from torchload_lint.reports.checkpoints.inspection import IN_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.rules.situation import Need

NAMED = 4
"""Where there are more files, each has a number, by which entries name it."""

Stored = dict[str, dict[str, str]]
"""Place of a load (empty for files given by name) → name of a global → its entry."""


class United(NamedTuple):
    """Files that one allowlist has to cover, and all that they need."""

    needs: tuple[Need, ...]
    reports: tuple[CheckpointReport, ...]
    load: str = ""
    """``file.py:12`` of the load that reads them; empty for files given by name."""

    def needed_by(self, need: Need) -> list[str]:
        """The files that need it."""
        return [
            one.path
            for one in self.reports
            if any(entry.name == need.name for entry in one.safe_globals)
        ]

    def not_covered(self) -> Iterator[tuple[str, str]]:
        """The files that the allowlist does not load, and why."""
        refused = {need.name for need in self.needs if not need.judgement.allowed}
        for report in self.reports:
            if report.verdict.value not in {"loads", "needs-safe-globals"}:
                yield report.path, IN_WORDS[report.verdict.value]
                continue
            names = [str(one.name) for one in report.safe_globals if one.name in refused]
            if names:
                yield report.path, f"it needs {', '.join(names)}"
            elif any(problem.is_open for problem in report.problems):
                yield report.path, "it does not say all that it needs"

    def new(self, stored: Stored) -> list[str]:
        """The names of entries that a stored list has not, or has in another form."""
        known = stored.get(self.load, {})
        return [name for name, entry in self.entries().items() if known.get(name) != entry]

    def gone(self, stored: Stored) -> list[str]:
        """The names that a stored list has, and that no file needs any more."""
        needed = {str(need.name) for need in self.needs}
        return sorted(set(stored.get(self.load, {})) - needed)

    def entries(self) -> dict[str, str]:
        """Name → entry, for all that the covered files need."""
        return {
            str(need.name): entry_text(need.needed, need.judgement)
            for need in self.allowed()
            if not need.needed.import_only
        }

    def covered(self) -> list[CheckpointReport]:
        """The files that the allowlist loads."""
        missed = {path for path, _ in self.not_covered()}
        return [one for one in self.reports if one.path not in missed]

    def allowed(self) -> Iterator[Need]:
        """What the covered files need, held to the calls that these make: another file has no
        say in what is allowed and imported.
        """
        covered = self.covered()
        for need in self.needs if covered else ():
            found = [one for file in covered for one in file.safe_globals if one.name == need.name]
            if found:
                is_held = bool(need.needed.held) and all(one.held for one in found)
                calls = dict.fromkeys(call for one in found for call in one.held) if is_held else ()
                yield need._replace(needed=need.needed._replace(held=tuple(calls)))


def read_stored(text: str) -> Stored:
    """What an earlier ``--union --output-format json`` has written. Raises ValueError."""
    try:
        read = list(map(_stored, json.loads(text)))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        message = "it is not what `--union --output-format json` writes"
        raise ValueError(message) from error
    if not read:
        raise ValueError("it is empty")
    return dict(read)


def _stored(united: dict[str, Any]) -> tuple[str, dict[str, str]]:
    entries = {one["name"]: one["entry"] for one in united["entries"] if one["entry"]}
    return united["load"] or "", entries


def as_text(united: United, stored: Stored | None = None) -> str:
    """One allowlist for a person; ends in a newline."""
    missed = list(united.not_covered())
    lines = [_first_line(united, len(missed))]
    new = set(united.new(stored)) if stored is not None else set()
    lines += _section("Entries", _entries(united, new))
    refused = [need for need in united.needs if not need.judgement.allowed]
    lines += _section("Not allowed", _refused(united, refused))
    lines += _section("Not covered", _not_covered(united, missed))
    if stored is not None:
        lines += _section("No longer needed", united.gone(stored))
    if len(united.reports) > NAMED:
        numbered = enumerate((one.path for one in united.reports), 1)
        lines += _section("Files", (f"{number}  {path}" for number, path in numbered))
    if not united.load and united.entries():
        which = " that is covered" if missed else ""
        lines += _section(f"To load any{which}", _block(united))
    return "\n".join(map(printable, lines)) + "\n"


def as_json(all_united: Sequence[United], stored: Stored | None = None) -> str:
    """The allowlists as a JSON list, which ``--since`` reads; ends in a newline."""
    return json.dumps([_as_data(one, stored) for one in all_united], indent=2) + "\n"


def _first_line(united: United, missed: int) -> str:
    covered, entries = len(united.reports) - missed, len(united.entries())
    files = f"{len(united.reports)} file{'' if len(united.reports) == 1 else 's'}"
    counted = f"{entries} entr{'y' if entries == 1 else 'ies'}"
    rest = f", {missed} not" if missed else ""
    place = f"{united.load}: " if united.load else ""
    return f"{place}{files}: {covered} covered by {counted}{rest}"


def _entries(united: United, new: set[str]) -> Iterator[str]:
    entries = united.entries()
    for need in united.needs:
        name = str(need.name)
        if name in entries:
            mark = ", new" if name in new else ""
            yield f"{entries[name]} [{need.judgement.trust.value}{mark}]"
            yield f"  needed by {_files(united, united.needed_by(need))}"


def _refused(united: United, refused: Sequence[Need]) -> Iterator[str]:
    for need in refused:
        yield f"{need.name} [{need.judgement.trust.value}]: {need.judgement.reason}"
        yield f"  needed by {_files(united, united.needed_by(need))}"


def _files(united: United, paths: Sequence[str]) -> str:
    """Files by name where there are few, else by number, in runs."""
    if len(united.reports) <= NAMED:
        return ", ".join(paths)
    if len(paths) == len(united.reports):
        return "all files"
    wanted = set(paths)
    runs: list[list[int]] = []
    for number, report in enumerate(united.reports, 1):
        if report.path not in wanted:
            continue
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return f"{'file' if len(paths) == 1 else 'files'} {', '.join(told)}"


def _not_covered(united: United, missed: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The files that the allowlist does not load, those of one reason on one line."""
    reasons: dict[str, list[str]] = {}
    for path, why in missed:
        reasons.setdefault(why, []).append(path)
    for why, paths in reasons.items():
        yield f"{_files(united, paths)}: {why}"


def _block(united: United) -> list[str]:
    judged = [(one.needed, one.judgement) for one in united.allowed()]
    imports = {module for report in united.covered() for module in report.imports}
    return block(judged, sorted(imports), "torch.load(path, weights_only=True)").splitlines()


def _section(title: str, lines: Sequence[str] | Iterator[str]) -> list[str]:
    body = [f"    {line}".rstrip() for line in lines]
    return ["", f"  {title}:", *body] if body else []


def _as_data(united: United, stored: Stored | None) -> dict[str, object]:
    entries: Mapping[str, str] = united.entries()
    new = set(united.new(stored)) if stored is not None else set()
    return {
        "load": united.load or None,
        "files": [{"path": one.path, "verdict": one.verdict.value} for one in united.reports],
        "entries": [
            {
                "name": str(need.name),
                "entry": entries.get(str(need.name)),
                "trust": need.judgement.trust.value,
                "needed_by": united.needed_by(need),
                "new": str(need.name) in new if stored is not None else None,
            }
            for need in united.needs
        ],
        "not_covered": [{"path": path, "why": why} for path, why in united.not_covered()],
        "gone": united.gone(stored) if stored is not None else None,
    }
