"""The page of a scan: how many of each judgement, what is needed, the worst objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.reports.audit.markup import Html, element, made_by, page, together
from torchload_lint.reports.audit.seen_checkpoints import SeenCheckpoint, checkpoints_section

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from torchload_lint.reports.provenance import Provenance

MOST_NAMES = 30
"""How many names a table of the page lists."""


class ScanSums(NamedTuple):
    """What all rows of a table come to."""

    judgements: Sequence[tuple[str, int]]
    """The worst first."""
    refused: Counter[str]
    """Names that may not be allowed, with how many objects need each."""
    needs: Counter[str]
    problems: Counter[str]
    objects: int
    size: int
    """In bytes."""
    requests: int
    bytes_read: int
    not_read: Sequence[str]
    """What the judgements do not speak for, a sentence each."""


def scan_page(
    sums: ScanSums, worst: Sequence[SeenCheckpoint], origin: Provenance | None = None
) -> str:
    """The whole page; ``worst``: the objects that are shown one by one. Ends in a newline."""
    left = sums.objects - len(worst)
    cost = (
        f"{sums.objects:,} objects of {sums.size:,} bytes, of which {sums.bytes_read:,} were read "
        f"with {sums.requests:,} requests."
    )
    more = element("p", f"{left:,} more objects stand in the table.", class_="quiet")
    return page(
        "Scanned checkpoints",
        made_by(origin),
        element("p", cost),
        *(element("p", words, class_="bad") for words in sums.not_read),
        _table(("objects", "judgement"), sums.judgements),
        _named("Not trusted", sums.refused),
        _named("Needed", sums.needs),
        _named("Problems", sums.problems),
        checkpoints_section(worst),
        more if left else Html(),
    )


def _named(title: str, counts: Counter[str]) -> Html:
    if not counts:
        return Html()
    return together(
        element("h2", title), _table(("objects", title.lower()), counts.most_common(MOST_NAMES))
    )


def _table(titles: tuple[str, str], rows: Sequence[tuple[str, int]]) -> Html:
    head = element("tr", *(element("th", title) for title in titles))
    lines = [
        element("tr", element("td", f"{count:,}"), element("td", element("code", name)))
        for name, count in rows
    ]
    return element("table", head, *lines)
