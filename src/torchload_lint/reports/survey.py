"""How the loads of a project are shown: a table, JSON, and the whole chain for one load."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.plurals import number_of
from torchload_lint.reports.checkpoints.inspection import COUNTED, IN_WORDS, WORST_FIRST
from torchload_lint.reports.colors import Palette
from torchload_lint.reports.plain_tables import csv_table, markdown_table
from torchload_lint.rules.accounting import counted_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.rules.situation import Need, Situation
    from torchload_lint.source.evaluation.tracing import Hop, Trace

SHARES = (0.34, 0.3, 0.14, 0.22)
"""How a terminal's width is shared out among the columns that do not fit."""
GAP = "  "
MIN_COLUMN = 8
WIDEST = 60
"""A column of paths where nothing is shortened; what is longer pushes the rest of its row along."""
_MOST_PATHS = 4
"""Paths of one load that a table for people names."""
_UNKNOWN = "unknown: "
_KINDS = {"instance": "an object", "sequence": "a list or the like"}
TITLES = ("load", "reads", "known from", "needs")


class Load:
    """What the teller needs of a surveyed load (see ``workspace.survey``)."""

    def __init__(self, place: str, site: str, code: str, situation: Situation) -> None:
        self.place = place
        self.site = site
        self.code = code
        self.situation = situation

    @property
    def writers(self) -> list[str]:
        """The saves that may write it, as ``place`` is written: of a project in a folder with the
        folder.
        """
        own = self.situation.module.path
        file = self.place.rpartition(":")[0]
        folder = file.removesuffix(own) if file.endswith(f"/{own}") else ""
        return [f"{folder}{writer}" for writer in self.situation.written_by]


def as_table(loads: Sequence[Load], width: int | None = None, *, color: bool = False) -> str:
    """One row a load, and a line of sums; rows are shortened to ``width`` columns, if given."""
    palette = Palette(enabled=color)
    rows = [_cells(load, _MOST_PATHS) for load in loads]
    widths = [max(map(len, column)) for column in zip(TITLES, *rows, strict=True)]
    if width is None:
        widths = [widths[0], *(min(wanted, WIDEST) for wanted in widths[1:])]
    else:
        widths = fitted_widths(widths, width)
    lines = [palette.bold(_row(TITLES, widths)), _row(["-" * one for one in widths], widths)]
    for row in rows:
        shown = _row(row if width is None else list(map(_fit, row, widths)), widths)
        harm, unknown = row[-1].startswith(COUNTED["dangerous"][0]), "?" in {row[1], row[-1]}
        lines.append(palette.red(shown) if harm else palette.yellow(shown) if unknown else shown)
    return "\n".join(lines) + "\n\n" + _sums(loads)


def as_csv(loads: Sequence[Load]) -> str:
    """One record a load, below a header."""
    return csv_table(TITLES, map(_cells, loads))


def as_markdown(loads: Sequence[Load]) -> str:
    """A table of Markdown, one row a load."""
    return markdown_table(TITLES, map(_cells, loads))


def loads_as_json(loads: Sequence[Load]) -> str:
    """The loads as a JSON list; ends in a newline."""
    return json.dumps([_as_data(load) for load in loads], indent=2) + "\n"


_MOST_STEPS = 40
"""So many steps are shown of how a path was followed."""


def explain(load: Load, advice: Sequence[str], trace: Trace | None, *, places: bool = False) -> str:
    """The whole chain for one load, from the expression to what would have to be configured.
    ``trace``: how its path was followed (``source.paths.trace_path``); ``places``: whether to say
    where in this package a value stops.
    """
    situation = load.situation
    lines = [f"{load.place}  {load.site}", f"  {_one_line(load.code)}", ""]
    lines += _section("weights_only", [situation.what_it_does])
    lines += _section("reads", list(_patterns(situation)) or ["nothing that is known"])
    reasons = trace.reasons if trace is not None and places else {}
    unknown = [f"{why}{_stopped(reasons.get(why, ''))}" for why in situation.resolution.unknown]
    lines += _section("not known", unknown)
    lines += _section(
        "files", [f"{r.path}: {IN_WORDS[r.verdict.value]}" for r in situation.reports]
    )
    lines += _section("needs", [_need(need, situation) for need in situation.needs])
    perhaps = "perhaps " if situation.perhaps_written else ""
    lines += _section(f"{perhaps}written by", load.writers)
    lines += _section("would settle it", advice)
    hops = [_in_words(hop, inside) for hop, inside in _with_steps_inside(trace)]
    shown = hops if places else hops[:_MOST_STEPS]
    rest = len(hops) - len(shown)
    more = [f"... and {number_of(rest, 'more step')} (`-v` shows all)"] if rest else []
    lines += _section("steps", [*(_hop(hop, places) for hop in shown), *more])
    return "\n".join(map(printable, lines)) + "\n"


def _with_steps_inside(trace: Trace | None) -> Iterator[tuple[Hop, list[Hop]]]:
    """Each step with those that it is made of, which stand below it."""
    hops = trace.hops if trace else ()
    for index, hop in enumerate(hops):
        rest = hops[index + 1 :]
        after = (number for number, one in enumerate(rest) if one.depth <= hop.depth)
        yield hop, list(rest[: next(after, len(rest))])


def _in_words(hop: Hop, inside: Sequence[Hop]) -> Hop:
    """The step without the reasons that a step inside of it gives, too."""
    given = "\n".join(value for one in inside for value in one.values)
    return hop._replace(values=tuple(_without_reasons(value, given) for value in hop.values))


def _without_reasons(value: str, given: str) -> str:
    if value.startswith(_UNKNOWN):
        return "unknown" if value in given else value
    text, parenthesis, reasons = value.partition("' (")
    if parenthesis and all(one in given for one in reasons.removesuffix(")").split("; ")):
        return f"{text}'"
    return _KINDS.get(value, value)


def _hop(hop: Hop, places: bool) -> str:
    place = f"  [{hop.place}]" if hop.place not in {"", hop.code} else ""
    values = f"= {' | '.join(hop.values)}" if hop.values else ""
    stopped = _stopped(*hop.stopped_at) if places else ""
    says = "  ".join(filter(None, (hop.does, values)))
    return f"{'  ' * hop.depth}{hop.code}{place}  {says}{stopped}"


def _stopped(*places: str) -> str:
    return f"  <- {', '.join(places)}" if any(places) else ""


def _cells(load: Load, most: int | None = None) -> tuple[str, str, str, str]:
    """The columns of one load; ``most``: so many paths are named, where not all are."""
    situation = load.situation
    patterns = situation.resolution.patterns
    reads = ", ".join(pattern.text for pattern in patterns[:most]) or "?"
    reads += f" and {len(patterns[most:])} more" if most and patterns[most:] else ""
    rungs = dict.fromkeys(pattern.rung.value for pattern in patterns)
    needs = ", ".join(need.name.qualname for need in situation.needs)
    verdicts = {report.verdict.value for report in situation.reports}
    refused = [
        COUNTED[verdict][0]
        for verdict in WORST_FIRST
        if verdict in verdicts - {"loads", "needs-safe-globals"}
    ]
    if refused:
        needs = ", ".join(refused)
    elif not needs:
        needs = "?" if situation.evidence.value == "none" else "nothing"
    return printable(load.place), printable(reads), ", ".join(rungs) or "-", printable(needs)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(map(str.ljust, cells, widths)).rstrip()


def fitted_widths(widths: list[int], width: int) -> list[int]:
    """The columns' widths within ``width``: what short ones leave goes to the long ones."""
    room = max(width - len(GAP) * (len(widths) - 1), len(widths) * MIN_COLUMN)
    if sum(widths) <= room:
        return widths
    beyond = room - len(widths) * MIN_COLUMN
    shares = [MIN_COLUMN + int(beyond * share) for share in SHARES]
    fitted = [min(wanted, share) for wanted, share in zip(widths, shares, strict=True)]
    spare = room - sum(fitted)
    for index, wanted in enumerate(widths):
        more = max(min(wanted - fitted[index], spare), 0)
        fitted[index] += more
        spare -= more
    return fitted


def _fit(text: str, width: int) -> str:
    """The end of a text says more than its beginning: a path's file name, a place's row."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]


def _sums(loads: Sequence[Load]) -> str:
    kinds = Counter(_kind(load.situation) for load in loads)
    exact = sum(
        bool(load.situation.resolution.patterns)
        and all(pattern.exact for pattern in load.situation.resolution.patterns)
        for load in loads
    )
    pathless = sum(not load.situation.resolution.patterns for load in loads)
    parts = [
        number_of(len(loads), "load"),
        f"{exact} with an exact path",
        f"{pathless} without any",
    ]
    words = {
        "files": "read from their files",
        "pattern": "read from files that match",
        "configured": "configured",
        "recorded": "recorded",
        "inferred": "inferred from the saving side",
        "tensors": "used only as tensors",
        "unknown": "with unknown needs",
    }
    parts += [f"{count} {words[kind]}" for kind, count in sorted(kinds.items())]
    cut = any(len(load.situation.resolution.patterns) > _MOST_PATHS for load in loads)
    more = " `--output-format json` names all paths." if cut else ""
    return ", ".join(parts) + f".{more}\n"


def _kind(situation: Situation) -> str:
    """What is known of a load's needs: as a check counts it, files that match by themselves."""
    evidence = situation.evidence.value
    return counted_as(situation) if evidence == "none" else evidence


def _patterns(situation: Situation) -> Iterator[str]:
    for pattern in situation.resolution.patterns:
        certainty = "" if pattern.exact else ", with unknown parts"
        yield f"{pattern.text} ({pattern.rung.value}{certainty})"


def _need(need: Need, situation: Situation) -> str:
    allowed = "missing" if need in situation.missing else "allowed here"
    advice = f"; {need.judgement.advice}" if need.judgement.advice else ""
    return f"{need.name} [{need.judgement.trust.value}, {allowed}]: {need.judgement.reason}{advice}"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"  {title}:", *(f"    {line}" for line in lines)] if lines else []


def _one_line(code: str) -> str:
    return " ".join(code.split())


def _as_data(load: Load) -> dict[str, object]:
    situation = load.situation
    return {
        "place": load.place,
        "site": load.site,
        "loader": situation.load.loader,
        "weights_only": situation.load.weights_only.value,
        "mode": situation.mode.value,
        "paths": [
            {"path": p.text, "exact": p.exact, "known_from": p.rung.value}
            for p in situation.resolution.patterns
        ],
        "unknown": list(situation.resolution.unknown),
        "files": [{"path": r.path, "verdict": r.verdict.value} for r in situation.reports],
        "evidence": situation.evidence.value,
        "counted_as": counted_as(situation),
        "written_by": load.writers,
        "perhaps_written": situation.perhaps_written,
        "needs": [
            {"name": str(need.name), "trust": need.judgement.trust.value}
            for need in situation.needs
        ],
        "missing": [str(need.name) for need in situation.missing],
        "use": situation.load.use.value,
    }
