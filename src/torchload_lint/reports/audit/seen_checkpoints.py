"""Checkpoints on the page: verdict, problems, needs with their trust, tree, tensors by size."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from torchload_lint.checkpoint.tree import MORE, Node, is_cut_short, readable_bytes
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.reports.audit.markup import (
    Html,
    bullets,
    code_block,
    element,
    together,
    unfolding,
)
from torchload_lint.reports.checkpoints.allowlist_text import entry_text
from torchload_lint.reports.checkpoints.inspection import (
    WORST_FIRST,
    doubt,
    in_one_line,
    what_to_write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint.pickles.tensors import TensorInfo
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.policy import Judgement

LARGEST = 40
"""How many tensors have a bar of their own."""


class SeenCheckpoint(NamedTuple):
    """One file with all that a page shows of it."""

    report: CheckpointReport
    judgements: Sequence[Judgement]
    """One for each of ``report.safe_globals``."""
    tree: Node | None
    tensors: Sequence[tuple[str, TensorInfo]]
    """Place and description of each tensor."""
    withheld: str = ""
    """Why neither is shown, where that was decided."""


def checkpoints_section(seen: Sequence[SeenCheckpoint]) -> Html:
    """All files, the worst first; empty without any."""
    if not seen:
        return Html()
    ordered = sorted(seen, key=lambda one: (_rank(one), one.report.path))
    return together(element("h2", "Checkpoints"), *map(_checkpoint, ordered))


def verdict_mark(report: CheckpointReport, judgements: Sequence[Judgement]) -> Html:
    """The verdict in words and in colour."""
    kind = "good" if report.verdict.value in {"loads", "needs-safe-globals"} else "bad"
    kind = "doubt" if doubt(report, judgements) else kind
    return element("span", in_one_line(report, judgements), class_=kind)


def anchor(path: str) -> str:
    """The name by which the page links to a checkpoint."""
    return f"checkpoint-{quote(path.encode('utf-8', 'surrogateescape'), safe='')}"


def _rank(seen: SeenCheckpoint) -> tuple[int, bool]:
    trusted = not doubt(seen.report, seen.judgements)
    return WORST_FIRST.index(seen.report.verdict.value), trusted


def _checkpoint(seen: SeenCheckpoint) -> Html:
    report = seen.report
    path = element("code", report.path, id=anchor(report.path))
    headline = together(path, " ", verdict_mark(report, seen.judgements))
    facts = [report.container]
    if report.protocol is not None:
        facts.append(f"pickle protocol {report.protocol}")
    return unfolding(
        headline,
        element("p", ", ".join(facts), class_="quiet"),
        bullets([_problem(*one) for one in ((p.message, p.advice) for p in report.problems)]),
        _what_runs(report),
        _needs(report, seen.judgements),
        element("p", seen.withheld, class_="quiet") if seen.withheld else "",
        _tree(seen.tree),
        _tensors(seen.tensors),
    )


def _problem(message: str, advice: str) -> Html:
    way_out = element("div", f"way out: {advice}", class_="quiet") if advice else ""
    return together(message, way_out)


def _what_runs(report: CheckpointReport) -> Html:
    runs = [
        together(element("code", one.calls), _where(one.where))
        for one in report.globals
        if one.calls
    ]
    if not runs:
        return Html()
    return together(element("p", "What it would run:", class_="bad"), bullets([*runs]))


def _needs(report: CheckpointReport, judgements: Sequence[Judgement]) -> Html:
    judged = list(zip(report.safe_globals, judgements, strict=False))
    if not judged:
        return Html()
    rows = [
        element(
            "tr",
            element("td", "ok" if one.allowed else "NO", class_="good" if one.allowed else "bad"),
            element("td", element("code", entry_text(needed, one)), _where(needed.where)),
            element("td", one.trust.value, class_="trust"),
            element("td", one.reason if one.allowed else f"{one.reason}; {one.advice}"),
        )
        for needed, one in judged
    ]
    titles = (element("th", title) for title in ("", "it needs", "trust", "why"))
    table = element("table", element("tr", *titles), *rows)
    if report.verdict.value != "needs-safe-globals" or doubt(report, judgements):
        return table
    return together(table, code_block(what_to_write(report, judgements)))


def _where(places: Sequence[str]) -> Html:
    if not places:
        return Html()
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return element("div", f"at {places[0] or 'the object itself'}{more}", class_="quiet")


def _tree(top: Node | None) -> Html:
    if top is None:
        return Html()
    end = element("div", MORE, class_="leaf quiet") if is_cut_short(top) else ""
    return unfolding("What it holds", _node(top, is_open=True), end)


def _node(node: Node, *, is_open: bool = False) -> Html:
    sign = ": " if node.step and node.headline else ""
    words = together(element("code", node.step), sign, node.headline)
    if not node.children:
        return element("div", words, class_="leaf")
    return unfolding(words, *map(_node, node.children), is_open=is_open)


def _tensors(tensors: Sequence[tuple[str, TensorInfo]]) -> Html:
    if not tensors:
        return Html()
    by_size = sorted(tensors, key=lambda one: -one[1].nbytes)
    total = sum(tensor.nbytes for _, tensor in tensors)
    rows = [_tensor_row(place, tensor, by_size[0][1].nbytes) for place, tensor in by_size[:LARGEST]]
    left = len(by_size) - LARGEST
    if left > 0:
        rest = sum(tensor.nbytes for _, tensor in by_size[LARGEST:])
        rows.append(_row(f"{left:,} smaller ones", "", rest, Html()))
    headline = f"{len(tensors):,} tensors, {readable_bytes(total)}"
    return unfolding(headline, element("table", *rows, class_="sizes"))


def _tensor_row(place: str, tensor: TensorInfo, largest: int) -> Html:
    share = 100 * tensor.nbytes / largest if largest else 0
    shape = ", ".join(map(str, tensor.shape))
    bar = element("span", "", class_="bar", style=f"width: {share:.1f}%")
    return _row(place or "the object itself", f"{tensor.kind} {tensor.dtype} [{shape}]",
                tensor.nbytes, bar)  # fmt: skip


def _row(place: str, what: str, nbytes: int, bar: Html) -> Html:
    return element(
        "tr",
        element("td", element("code", place)),
        element("td", what),
        element("td", readable_bytes(nbytes)),
        element("td", bar, style="width: 30%"),
    )
