"""``--add-noqa``: write a ``# noqa: CODE`` comment for each finding of an old code base.

The comment goes on the first row of what is suppressed, or on its last row where the first one
cannot hold a comment (it ends in a backslash, or inside a string). Codes join a comment that is
there already.
"""

from __future__ import annotations

import errno
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Edit, Span
from torchload_lint.late_patterns import late_pattern
from torchload_lint.regular_files import read_regular
from torchload_lint.rules.files import unparsable_source
from torchload_lint.workspace.on_disk.document import Document, UnreadableError
from torchload_lint.workspace.on_disk.writing import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.diagnostic import Diagnostic, FileResult

_NOQA = late_pattern(
    r"#\s*noqa(?P<colon>:\s?(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?", re.IGNORECASE
)
_LINE = late_pattern(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The outcome for one file."""

    document: Document
    added: int
    """How many findings are suppressed now."""
    left: tuple[Diagnostic, ...]
    """Findings with no row that can hold a comment, and those that none silences: a file that is no
    Python has no comments either."""


def add_noqa(document: Document, diagnostics: Iterable[Diagnostic], reason: str = "") -> Suppressed:
    """Suppress ``diagnostics`` (by cell, in a notebook); ``reason`` follows the codes."""
    found = list(diagnostics)
    lasting = [one for one in found if one.code == unparsable_source.RULE.code]
    rows = CommentRows(document)
    edits, left = rows.edits([one for one in found if one not in lasting], reason)
    changed = document.edited(edits, _edited(rows.lines, edits)) if edits else document
    without = (*lasting, *left)
    return Suppressed(changed, len(found) - len(without), without)


def write_noqa(result: FileResult, reason: str) -> Suppressed:
    """Suppress what a run has found in a file, in the file; it is written where that adds comments.

    Raises OSError where it cannot be written or is another by now, and UnicodeEncodeError.
    """
    data = read_regular(result.path)
    try:
        document = Document.of(data, is_notebook=result.path.suffix == ".ipynb")
        is_other = document.raw != result.text
    except UnreadableError:
        is_other = True
    if is_other:
        raise OSError(errno.EBUSY, "it has changed since it was read", str(result.path))
    done = add_noqa(document, result.diagnostics, reason)
    if done.document is not document:
        write_atomically(result.path, done.document.encoded(), data)
    return done


class CommentRows:
    """The rows of a document, and those among them that can hold a comment."""

    def __init__(self, document: Document) -> None:
        self.lines: list[str] = _LINE.findall(document.python)
        self._notebook = document.notebook
        self._closed = _rows_that_end_a_line(document.python)

    def edits(
        self, diagnostics: Iterable[Diagnostic], reason: str = ""
    ) -> tuple[list[Edit], tuple[Diagnostic, ...]]:
        """The edits of the document's Python text, and the findings that no row has room for."""
        wanted: dict[int, set[str]] = {}
        left = []
        for found in diagnostics:
            row = self._row(found)
            if row is None:
                left.append(found)
            else:
                wanted.setdefault(row, set()).update((found.code, *found.stands_for))
        made = (_edit(self.lines[row - 1], row, wanted[row], reason) for row in sorted(wanted))
        return [edit for edit in made if edit is not None], tuple(left)

    def _row(self, found: Diagnostic) -> int | None:
        """The row of the Python text that gets the comment."""
        start, end = found.span.start.row, found.span.end.row
        for candidate in (found.noqa_row or start, start, end):
            row: int | None = candidate
            if self._notebook is not None and found.cell is not None:
                row = self._notebook.row_of(found.cell, candidate)
            if row is not None and row in self._closed:
                return row
        return None


def _rows_that_end_a_line(text: str) -> frozenset[int]:
    """Rows at whose end a comment may stand: not inside a string, not before a backslash's line.

    Where the text cannot be read to its end, no row after that place is taken.
    """
    rows: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
            if token.type in {tokenize.NEWLINE, tokenize.NL}:
                rows.add(token.start[0])
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return frozenset(rows)


def _edit(line: str, row: int, codes: set[str], reason: str) -> Edit | None:
    body = line.rstrip("\r\n")
    there = _NOQA.search(body)
    if there is not None:
        return _joined(there, row, codes)
    column = len(body.rstrip()) + 1
    because = f" -- {reason}" if reason else ""
    comment = f"  # noqa: {', '.join(sorted(codes))}{because}"
    return Edit(Span.of(row, column, row, len(body) + 1), comment)


def _joined(there: re.Match[str], row: int, codes: set[str]) -> Edit | None:
    """Add the codes that a comment lacks; a comment without codes covers everything already."""
    if there["codes"] is None:
        return None
    known = re.split(r"[,\s]+", there["codes"].upper())
    missing = sorted(code for code in codes if not code.startswith(tuple(known)))
    if not missing:
        return None
    column = there.end("codes") + 1
    return Edit(Span.of(row, column, row, column), "".join(f", {code}" for code in missing))


def _edited(lines: Sequence[str], edits: Sequence[Edit]) -> str:
    changed = list(lines)
    for edit in edits:
        row, line = edit.span.start.row, lines[edit.span.start.row - 1]
        before, after = line[: edit.span.start.column - 1], line[edit.span.end.column - 1 :]
        changed[row - 1] = before + edit.content + after
    return "".join(changed)
