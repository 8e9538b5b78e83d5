"""Take away the findings that comments silence, and find the comments that silence none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Diagnostic, Edit, Fix, Position, Span
from torchload_lint.late_patterns import late_pattern
from torchload_lint.rules import RULES
from torchload_lint.rules.files.unused_suppression import RULE
from torchload_lint.rules.selection import default_codes
from torchload_lint.source.text.suppressions import is_meant, suppressions_in
from torchload_lint.source.text.text import rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from torchload_lint.source.text.suppressions import Suppression


NOQA = late_pattern(r"noqa", re.IGNORECASE)
FOR_US = late_pattern(
    r"torchload-lint\s*:|flake8\s*[:=]\s*noqa|noqa\s*:(?:(?!noqa\s*:)[^\n])*TLL", re.IGNORECASE
)
"""Each ``noqa:`` is looked at up to the next one, so that a row of many is read once."""


class Suppressions:
    """The suppressing comments of one file. ``match`` notes which of them were needed."""

    def __init__(self, comments: tuple[Suppression, ...] = ()) -> None:
        self.comments = comments
        self._about: dict[tuple[int, int] | None, list[tuple[int, Suppression]]] = {}
        """The comments and their numbers, by the rows that they are about."""
        for number, comment in enumerate(comments):
            self._about.setdefault(comment.rows, []).append((number, comment))
        self._ranges: dict[int, list[tuple[int, int]]] = {}
        """Those rows, by each of them."""
        for about in filter(None, self._about):
            for row in range(about[0], about[1] + 1):
                self._ranges.setdefault(row, []).append(about)
        self._first: dict[object, tuple[int, Suppression] | None] = {}

    @classmethod
    def of(cls, text: str) -> Suppressions:
        """Read them from a source text; text that cannot be tokenized has those found so far."""
        return cls(tuple(suppressions_in(text)))

    def match(self, row_first: int, row_last: int, code: str, name: str = "") -> Suppression | None:
        """The comment that silences a finding on these rows (from 1), if there is one."""
        about = {None, *self._ranges.get(row_first, ()), *self._ranges.get(row_last, ())}
        covering = filter(None, (self._covering(rows, code, name) for rows in about))
        _, found = min(covering, default=(0, None), key=lambda numbered: numbered[0])
        if found:
            found.used.add((code, name))
        return found

    def _covering(
        self, rows: tuple[int, int] | None, code: str, name: str
    ) -> tuple[int, Suppression] | None:
        """The first of the comments about these rows that means a rule, with its number."""
        asked = rows, code, name
        if asked not in self._first:
            held = self._about.get(rows, ())
            self._first[asked] = next((one for one in held if one[1].covers(code, name)), None)
        return self._first[asked]

    def unused(self) -> tuple[tuple[Suppression, tuple[str, ...]], ...]:
        """The comments for this tool (by its name, or by a ``TLL`` code) that silenced nothing, or
        not by all their codes; each with those codes (none for a comment without codes).
        """
        idle = ((comment, comment.idle_codes()) for comment in self.comments)
        return tuple(
            (comment, codes)
            for comment, codes in idle
            if codes or (comment.own and not comment.codes and not comment.used)
        )


def unsuppressed(
    found: Iterable[Diagnostic], text: str, enabled: Collection[str]
) -> tuple[list[Diagnostic], list[Diagnostic], list[Diagnostic]]:
    """The findings that no comment in ``text`` silences, with TLL801 for comments without use;
    those that a comment about their line silences; and those that one about the whole file
    silences, which nobody sees who reads the line.

    A code is only called unused where every rule that it speaks of was asked (``enabled``).
    """
    found = list(found)
    if not _is_worth_reading(found, text):
        return found, [], []
    comments = Suppressions.of(text)
    silencing = [(one, _silencing(one, comments)) for one in found]
    kept = [one for one, comment in silencing if comment is None]
    here = [one for one, comment in silencing if comment is not None and comment.rows is not None]
    hidden = [one for one, comment in silencing if comment is not None and comment.rows is None]
    if RULE.code in enabled:
        lines = rows(text)
        kept += [
            _unused(comment, codes, lines) for comment, codes in _without_use(comments, enabled)
        ]
    return sorted(kept, key=lambda one: (one.span, one.code)), here, hidden


def _is_worth_reading(found: Sequence[Diagnostic], text: str) -> bool:
    """Whether a comment can matter at all; reading them takes as long as parsing the file."""
    lowered = text.lower()  # ten times as fast as a search that ignores case
    if "noqa" not in lowered and "torchload-lint" not in lowered:
        return False
    if FOR_US.search(text):
        return True
    if not found:
        return False
    lines = rows(text)
    ends = {row for one in found for row in (one.noqa_row, one.span.start.row, one.span.end.row)}
    return any(NOQA.search(lines[row - 1]) for row in ends if row and row <= len(lines))


def _silencing(one: Diagnostic, comments: Suppressions) -> Suppression | None:
    first, last = one.span.start.row, one.span.end.row
    return comments.match(one.noqa_row or first, last, one.code, one.name)


def _without_use(
    comments: Suppressions, enabled: Collection[str]
) -> Iterator[tuple[Suppression, tuple[str, ...]]]:
    """Comments and their codes without use, as far as every rule that is meant was asked."""
    for comment, codes in comments.unused():
        if not comment.codes:
            if default_codes(RULES) <= set(enabled):
                yield comment, ()
        elif asked := tuple(code for code in codes if _was_asked(code, enabled)):
            yield comment, asked


def _was_asked(code: str, enabled: Collection[str]) -> bool:
    return all(rule.code in enabled for rule in RULES if is_meant(code, rule.code, rule.name))


def _unused(comment: Suppression, codes: tuple[str, ...], lines: list[str]) -> Diagnostic:
    listed = f" ({', '.join(codes)})" if codes else ""
    if len(codes) == len(comment.codes):
        message = f"this comment suppresses nothing{listed}"
        fix = Fix(Applicability.SAFE, "Remove the comment", (_removal(comment, lines),))
    else:
        message = f"codes of this comment suppress nothing{listed}"
        rest = Edit(comment.span, comment.without(codes))
        fix = Fix(Applicability.SAFE, f"Remove {', '.join(codes)} from the comment", (rest,))
    return Diagnostic(RULE.code, RULE.name, message, RULE.severity, comment.span, fix)


def _removal(comment: Suppression, lines: list[str]) -> Edit:
    """From the spaces before the comment to the end of its row; the row too, if that is all. A
    comment of another tool that follows it stays (``# noqa: TLL101  # type: ignore``).
    """
    row = comment.span.start.row
    body = lines[row - 1]
    following = body.find("#", comment.span.end.column - 1)
    if following >= 0:
        return Edit(Span.of(row, comment.span.start.column, row, following + 1), "")
    before = body[: comment.span.start.column - 1].rstrip()
    if before or row == len(lines) == 1:
        return Edit(Span.of(row, len(before) + 1, row, len(body) + 1), "")
    if row == len(lines):  # there may be no row below it
        return Edit(Span.of(row - 1, len(lines[-2]) + 1, row, len(body) + 1), "")
    return Edit(Span(Position(row, 1), Position(row + 1, 1)), "")
