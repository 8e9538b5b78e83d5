"""Comments that silence a finding: ``# noqa`` and its kind.

``# noqa`` and ``# noqa: TLL101,TLL2`` mean what they mean to flake8 (codes are prefixes, case does
not matter), on the first or the last row of what is reported. With a code of this tool it may also
stand at the end of the statement, where a formatter that splits rows puts it.
``# torchload-lint: ignore[TLL101]`` does the same for this tool alone; on a row of its own it is
about the next logical line.
``# torchload-lint: file-ignore[TLL2]`` and ``# flake8: noqa`` are about the whole file.
"""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Span
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_WORTH_A_LOOK = late_pattern(r"noqa|torchload-lint\s*:", re.IGNORECASE)
_CODE = late_pattern(r"[A-Z]+[0-9]+|[A-Z]+(?:-[A-Z]+)+", re.IGNORECASE)
_NOQA = late_pattern(
    r"# *noqa(?!\w)(?::\s?(?P<list>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?", re.IGNORECASE
)
"""A comment about its line, as in ``flake8/defaults.py``; other lists are ignored."""
_FILE_NOQA = late_pattern(
    r"#\s*flake8[:=]\s*noqa(?::\s?(?P<list>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?\s*$",
    re.IGNORECASE,
)
_OWN = late_pattern(
    r"#\s*torchload-lint\s*:\s*(?P<file>file-)?ignore\s*(?:\[(?P<list>[^\]]*)\])?", re.IGNORECASE
)
_LONE_RETURN = late_pattern(r"\r(?!\n)")


def is_meant(prefix: str, code: str, name: str) -> bool:
    """Whether a code in a comment, which may be a prefix or a rule's name, means a rule."""
    return code.upper().startswith(prefix.upper()) or prefix.lower() == name


class Suppression:
    """One comment that silences findings."""

    def __init__(
        self,
        span: Span,
        text: str,
        codes: tuple[str, ...],
        rows: tuple[int, int] | None,
        own: bool,
    ) -> None:
        """``codes``: upper-case prefixes of codes (or rule names, lower-case), none for everything;
        ``rows``: those it is about, None for the whole file; ``own``: whether it is written for
        this tool alone, so that it may be called unused.
        """
        self.span = span
        self.text = text
        self.codes = codes
        self.rows = rows
        self.own = own
        self.used: set[tuple[str, str]] = set()
        """Code and rule name of what it has silenced so far."""

    @property
    def is_for_us(self) -> bool:
        """Whether it names this tool, or a code of it, and so no finding of others alone."""
        return self.own or any(code.upper().startswith("TLL") for code in self.codes)

    def covers(self, code: str, name: str = "") -> bool:
        """Whether a finding of this code (or rule name) is meant."""
        return not self.codes or any(is_meant(prefix, code, name) for prefix in self.codes)

    def idle_codes(self) -> tuple[str, ...]:
        """Its codes for this tool that have silenced nothing."""
        ours = (c for c in self.codes if self.own or c.upper().startswith("TLL"))
        return tuple(c for c in ours if not any(is_meant(c, *silenced) for silenced in self.used))

    def without(self, codes: Collection[str]) -> str:
        """Its text with some of its codes left out (but not all)."""
        start = self.text.index(self.codes[0])
        end = self.text.rindex(self.codes[-1]) + len(self.codes[-1])
        kept = ", ".join(code for code in self.codes if code not in codes)
        return self.text[:start] + kept + self.text[end:]


def suppressions_in(text: str) -> Iterator[Suppression]:
    """Read them from a source text; text that cannot be tokenized has those found so far."""
    return _read(text) if _WORTH_A_LOOK.search(text) else iter(())


def _read(text: str) -> Iterator[Suppression]:
    for comments, rows in _logical_lines(text):
        above: list[Suppression] = []
        for token, alone in comments:
            for found in _comments(token):
                stands_above = alone and found.own and found.rows is not None
                at_end = rows is not None and token.start[0] == rows[1] and found.is_for_us
                if rows and (stands_above or (at_end and found.rows is not None)):
                    found.rows = rows
                if stands_above:
                    above.append(found)
                else:
                    yield found
        yield from above  # a comment of the row itself comes first


_Comments = list[tuple[tokenize.TokenInfo, bool]]
"""Comments, and whether each of them stands alone before the statement."""


def _logical_lines(text: str) -> Iterator[tuple[_Comments, tuple[int, int] | None]]:
    """The comments before and in each statement, with its first and last row; None for what does
    not come to an end.
    """
    comments: _Comments = []
    first_row: int | None = None
    # To tokenize a carriage return alone ends no row.
    rows = io.StringIO(_LONE_RETURN.sub("\n", text), newline="")
    try:
        for token in tokenize.generate_tokens(rows.readline):
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip() and first_row is None
                comments.append((token, alone))
            elif token.type == tokenize.NEWLINE:
                yield comments, (first_row or token.start[0], token.end[0])
                comments, first_row = [], None
            elif token.type not in _BLANK and first_row is None:
                first_row = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        pass
    yield comments, None


_BLANK = frozenset(
    {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)


def _comments(token: tokenize.TokenInfo) -> Iterator[Suppression]:
    """The suppressions that one comment holds."""
    row, column = token.start
    for pattern, own in ((_FILE_NOQA, False), (_OWN, True), (_NOQA, False)):
        match = pattern.search(token.string)
        if match is None:
            continue
        whole = pattern is _FILE_NOQA or (own and bool(match["file"]))
        yield Suppression(
            span=Span.of(row, column + match.start() + 1, row, column + match.end() + 1),
            text=match[0],
            codes=tuple(_CODE.findall(match["list"] or "")),
            rows=None if whole else (row, row),
            own=own,
        )
        return
