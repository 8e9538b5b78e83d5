"""How a checkpoint is shown: for a terminal of 80 columns, and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import CheckpointReport, Problem, Verdict
from torchload_lint.escaping import printable
from torchload_lint.plurals import number_of
from torchload_lint.reports.checkpoints.allowlist_text import HELPERS, block, entry_text
from torchload_lint.reports.colors import Palette
from torchload_lint.rules.checkpoints.dangerous_checkpoint import what_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.checkpoint.tree import Node
    from torchload_lint.policy import Judgement

WIDTH = 80
ENTRIES = 60
"""How many needed globals are listed before the rest is counted."""
PLACES = 3
"""How many places of a global are listed before the rest is counted."""

SAFETENSORS = "safetensors"
"""What counts for the verdict on a sound safetensors file, though ``torch.load`` may not read it:
it holds tensors alone.
"""

UNTRIED = "untried"
"""What counts for the verdict on a file whose allowlist may be too little."""

IN_WORDS = {
    SAFETENSORS: "is a safetensors file, which holds tensors alone",
    "loads": "loads with weights_only=True as it is",
    "needs-safe-globals": "loads with weights_only=True and an allowlist",
    UNTRIED: "needs weights_only=True and an allowlist; not tried whether that is enough",
    "needs-stand-in": "loads only if a stand-in takes a class's place",
    "cannot-load": "cannot be loaded with weights_only=True",
    "dangerous": "DANGEROUS: it would run code if it were loaded unsafely",
    "unreadable": "is not a readable checkpoint",
}

COUNTED = {
    SAFETENSORS: ("holds tensors alone (safetensors)", "hold tensors alone (safetensors)"),
    "loads": ("loads as it is", "load as they are"),
    "needs-safe-globals": ("needs an allowlist", "need an allowlist"),
    UNTRIED: (
        "needs an allowlist, untried whether enough",
        "need allowlists, untried whether enough",
    ),
    "needs-stand-in": ("needs a stand-in", "need stand-ins"),
    "cannot-load": ("cannot be loaded", "cannot be loaded"),
    "dangerous": ("dangerous", "dangerous"),
    "unreadable": ("unreadable", "unreadable"),
}
"""The verdict of one file, and of several, behind their number."""

WORST_FIRST = (
    "dangerous", "unreadable", "cannot-load", "needs-stand-in", UNTRIED, "needs-safe-globals",
    SAFETENSORS, "loads",
)  # fmt: skip


def inspection_as_text(
    report: CheckpointReport, judgements: Sequence[Judgement], tree: str, *, color: bool = False
) -> str:
    """One checkpoint for a person; ends in a newline."""
    palette = Palette(enabled=color)
    doubtful = bool(doubt(report, judgements))
    good = kind_of(report, judgements) in {"loads", "needs-safe-globals"} and not doubtful
    verdict = in_words(report, judgements)
    painted = palette.green(verdict) if good else palette.red(verdict)
    parts = [f"{palette.bold(printable(report.path))}: {painted}", _container(report)]
    parts += _section("It holds", tree.splitlines())
    parts += _section("It would run", _what_runs(report))
    parts += _section("Problems", _problems(report))
    parts += _section("It needs", _needs(report, judgements))
    if not doubtful:
        parts += _section("Not tried", _untried(report))
    if report.verdict.value == "needs-safe-globals" and not doubtful:
        parts += _section("To load it", what_to_write(report, judgements).splitlines())
    parts += _section("Stand-ins", _stand_ins(report))
    return "\n".join(parts) + "\n"


def kind_of(report: CheckpointReport, judgements: Sequence[Judgement] = ()) -> str:
    """The verdict that a file is counted by; what is refused anyway needs no try."""
    if report.is_safetensors:
        return SAFETENSORS
    is_open = report.untried and report.verdict.value == "needs-safe-globals"
    is_open = is_open and all(judgement.allowed for judgement in judgements)
    return UNTRIED if is_open else report.verdict.value


def verdict_words(report: CheckpointReport) -> str:
    """What ``torch.load`` does with a file."""
    kind = kind_of(report)
    return IN_WORDS[report.verdict.value if kind == SAFETENSORS else kind]


def in_words(report: CheckpointReport, judgements: Sequence[Judgement]) -> str:
    """The verdict as people read it."""
    if kind_of(report) == SAFETENSORS:
        return IN_WORDS[SAFETENSORS]
    if report.runs_unknown_code:
        return _that_runs("code", report)
    return doubt(report, judgements) or verdict_words(report)


def _that_runs(what: str, report: CheckpointReport) -> str:
    """``what`` would be run; and whether that is known to do harm, or only not known to do none."""
    known = f"it would run {what} if it were loaded unsafely"
    unknown = f"loaded unsafely, it would run {what}, and nothing shows that to be harmless"
    return f"DANGEROUS: {unknown if report.runs_unknown_code else known}"


def doubt(report: CheckpointReport, judgements: Sequence[Judgement]) -> str:
    """The verdict in words where its allowlist may not simply be written; else empty."""
    if report.verdict.value != "needs-safe-globals":
        return ""
    refused = sum(not judgement.allowed for judgement in judgements)
    if refused:
        return f"loads only with an allowlist; {refused:,} of {len(judgements):,} not trusted"
    if any(problem.is_open for problem in report.problems):
        return "loads only with an allowlist; the file does not say all of it"
    return ""


def as_summary(
    inspections: Iterable[tuple[CheckpointReport, Sequence[Judgement]]], *, color: bool = False
) -> str:
    """One line a checkpoint, the worst first, and how many there are of each verdict."""
    found = list(inspections)
    palette = Palette(enabled=color)
    lines = []
    for report, judgements in sorted(found, key=lambda one: _badness(*one)):
        words = printable(in_one_line(report, judgements))
        lines.append(f"{palette.bold(printable(report.path))}: {words}\n")
    return "".join(lines) + sums(found)


def in_one_line(report: CheckpointReport, judgements: Sequence[Judgement]) -> str:
    """The verdict with what it would run, what it needs, or what keeps it from being loaded."""
    runs = what_runs(report) if report.verdict.value == "dangerous" else []
    if runs:
        return _that_runs(_few(runs), report)
    return in_words(report, judgements) + _in_short(report, judgements)


def _in_short(report: CheckpointReport, judgements: Sequence[Judgement]) -> str:
    """What it needs, or what keeps it from being loaded, on the same line."""
    if report.is_safetensors:
        return ""
    if report.verdict.value in {"cannot-load", "unreadable", "dangerous"} and report.problems:
        return f": {report.problems[0].message}"
    found = list(zip(report.safe_globals, judgements, strict=False))
    refused = [str(needed.name) for needed, judgement in found if not judgement.allowed]
    names = refused or [str(needed.name) for needed, _ in found if not needed.import_only]
    return f": {_few(names)}" if names else ""


def _few(words: Sequence[str]) -> str:
    """The first words, none of them long, and how many more there are."""
    shown = [word if len(word) <= WIDTH else word[: WIDTH - 1] + "…" for word in words[:PLACES]]
    return ", ".join(shown) + (f" and {len(words) - PLACES} more" if len(words) > PLACES else "")


def sums(inspections: Sequence[tuple[CheckpointReport, Sequence[Judgement]]]) -> str:
    """How many checkpoints there are of each verdict, the worst first; ends in a newline."""
    counts = Counter(kind_of(*inspection) for inspection in inspections)
    parts = [
        f"{counts[verdict]} {COUNTED[verdict][counts[verdict] > 1]}"
        for verdict in WORST_FIRST
        if counts[verdict]
    ]
    files = number_of(len(inspections), "file")
    return f"{files}: {', '.join(parts)}.\n" if parts else f"{files}.\n"


def _badness(report: CheckpointReport, judgements: Sequence[Judgement]) -> tuple[int, bool, str]:
    trusted = not doubt(report, judgements)
    return WORST_FIRST.index(kind_of(report, judgements)), trusted, report.path


def inspections_as_json(
    inspections: Iterable[tuple[CheckpointReport, Sequence[Judgement]]],
    trees: Iterable[Node | None],
    left: Sequence[str] = (),
) -> str:
    """Checkpoints as a JSON list, each with its tree, where it has one, and one entry without a
    path for what was not looked at; ends in a newline.
    """
    data = [
        {**_as_data(*inspection), "tree": tree and _tree_data(tree)}
        for inspection, tree in zip(inspections, trees, strict=True)
    ]
    data += [{**_left_out(one), "tree": None} for one in left]
    return json.dumps(data, indent=2) + "\n"


def _left_out(words: str) -> dict[str, object]:
    """The entry for what was not looked at: like that of a file, without a path."""
    problem = Problem("not-looked-at", words, "name a file to have it read")
    report = CheckpointReport("", "", Verdict.UNREADABLE, problems=(problem,))
    return {**_as_data(report, ()), "path": None, "container": None, "verdict": problem.code}


def _tree_data(node: Node) -> dict[str, object]:
    return {
        "step": node.step,
        "headline": node.headline,
        "children": [_tree_data(child) for child in node.children],
        "goes_on": node.goes_on,
    }


def what_to_write(report: CheckpointReport, judgements: Sequence[Judgement]) -> str:
    """The lines of Python that load the file with exactly what it needs."""
    judged = list(zip(report.safe_globals, judgements, strict=True))
    path = "path" if report.path.startswith("<") else f'"{report.path}"'
    return block(judged, report.imports, f"torch.load({path}, weights_only=True)")


def _container(report: CheckpointReport) -> str:
    words = [report.container]
    if report.protocol is not None:
        words.append(f"pickle protocol {report.protocol}")
    if report.torch_version:
        words.append(f"written by torch {report.torch_version}")
    if report.depth == "shallow":
        words.append("read in part: damage in tensors is not looked for")
    return f"  {', '.join(words)}"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    body = [f"    {printable(line)}".rstrip() for line in lines]
    return ["", f"  {title}:", *body] if body else []


def _what_runs(report: CheckpointReport) -> Iterator[str]:
    for found in report.globals:
        if found.calls:
            yield found.calls + _where(found.where)


def _problems(report: CheckpointReport) -> Iterator[str]:
    for problem in report.problems:
        place = f" ({problem.where})" if problem.where else ""
        yield from _wrapped(f"{problem.message}{place}")
        if problem.advice:
            yield from _wrapped(f"way out: {problem.advice}", "  ")


def _needs(report: CheckpointReport, judgements: Sequence[Judgement]) -> Iterator[str]:
    found = list(zip(report.safe_globals, judgements, strict=True))
    for needed, judgement in found[:ENTRIES]:
        if needed.import_only:
            yield f"{needed.name}: `import {needed.import_only}` is enough"
            continue
        mark = "ok" if judgement.allowed else "NO"
        entry = entry_text(needed, judgement)
        yield f"{mark}  {entry} [{judgement.trust.value}]{_where(needed.where)}"
        if not str(needed.name).isascii():
            spelled = str(needed.name).encode("ascii", "backslashreplace").decode()
            yield f"      beware of letters that only look familiar: {spelled}"
        if judgement.trust.value == "installed":
            yield from _wrapped(judgement.reason, "      ")
        if judgement.trust.value in HELPERS:
            yield from _wrapped(f"{judgement.reason}; {_RESTORED}", "      ")
        if not judgement.allowed:
            yield from _wrapped(f"{judgement.reason}; {judgement.advice}", "      ")
    if any(str(needed.name) == "numpy.ndarray" for needed, _ in found):
        yield from _wrapped(_ARRAYS)
    if len(found) > ENTRIES:
        refused = sum(not judgement.allowed for _, judgement in found[ENTRIES:])
        yield f"and {len(found) - ENTRIES:,} more, {refused:,} of them not allowed"


_ARRAYS = (
    "under this list a hostile array in another file can crash the interpreter; fixes with "
    "`guard-arrays = true` prevent it"
)
_RESTORED = "`--fix --unsafe-fixes` writes the entry, and the module `restore_only` that it needs"


def _untried(report: CheckpointReport) -> Iterator[str]:
    for step in report.untried:
        yield from _wrapped(step, "")
    if report.untried:
        yield from _wrapped(_ONLY_LOADING_SHOWS)


_ONLY_LOADING_SHOWS = (
    "the allowlist permits this; whether the classes take what the file gives them, only loading "
    "it shows (`torchload-lint verify` does, for the loads of a program)"
)


def _stand_ins(report: CheckpointReport) -> Iterator[str]:
    for one in report.stand_ins:
        yield f'({one.spelling.expression()}, "{one.name}")'
        yield from _wrapped(one.consequence, "  ")


def _where(places: Sequence[str]) -> str:
    shown = [place or "the object itself" for place in places[:PLACES]]
    rest = f" and {len(places) - PLACES} more" if len(places) > PLACES else ""
    return f" at {', '.join(shown)}{rest}" if shown else ""


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH - 4,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _as_data(report: CheckpointReport, judgements: Sequence[Judgement]) -> dict[str, object]:
    return {
        "path": report.path,
        "container": report.container,
        "protocol": report.protocol,
        "torch_version": report.torch_version,
        "verdict": report.verdict.value,
        "depth": report.depth,
        "safe_globals": [
            {
                "name": str(needed.name),
                "import_from": needed.spelling.module,
                "expression": needed.spelling.expression(),
                "pair": needed.pair,
                "trust": judgement.trust.value,
                "where": list(needed.where),
                "because": needed.because,
                "import_only": needed.import_only or None,
                "entry": entry_text(needed, judgement) if judgement.allowed else None,
            }
            for needed, judgement in zip(report.safe_globals, judgements, strict=True)
        ],
        "globals": [
            {
                "name": str(found.name),
                "where": list(found.where),
                "status": found.status,
                "calls": found.calls or None,
            }
            for found in report.globals
        ],
        "problems": [
            {
                "code": problem.code,
                "message": problem.message,
                "advice": problem.advice,
                "where": problem.where,
            }
            for problem in report.problems
        ],
        "stand_ins": [
            {
                "name": str(one.name),
                "import_from": one.spelling.module,
                "expression": one.spelling.expression(),
                "consequence": one.consequence,
            }
            for one in report.stand_ins
        ],
        "imports": list(report.imports),
        "untried": list(report.untried),
    }
