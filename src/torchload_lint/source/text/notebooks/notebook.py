"""A notebook's cells as one Python text, with positions both ways.

Rows of ``Notebook.python`` are what the parser and the rules see. People and editors get a cell
(from 1, all cells counted, as Jupyter's own numbering of cells in a file does) and a row inside it.
Each cell is followed by an empty row that belongs to it, so that what is inserted after a cell's
last line lands in that cell.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from torchload_lint.diagnostic import Edit, Position, Span
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.nesting import DEEPEST_TO_AST, TooDeepError, refuse_too_deep
from torchload_lint.source.text.notebooks.magics import (
    PYTHON_CELL_MAGICS,
    Masked,
    cell_magic,
    mask,
    shell_text,
)
from torchload_lint.source.text.notebooks.notebook_json import (
    CellChange,
    RawSource,
    read_cells,
    replacements,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.source.text.notebooks.notebook_json import RawCell

_LINE = late_pattern(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")


class NotebookProblem(NamedTuple):
    """Why a text is not a notebook, or (with a cell) why a cell is not looked at."""

    message: str
    row: int = 1
    """Row in the cell, or in the file where no cell is named."""
    column: int = 1
    cell: int | None = None


class _Cell(NamedTuple):
    """A Python cell: its number in the file, its first row in the Python text, its source."""

    number: int
    first_row: int
    source: RawSource
    masked: Masked
    tail: str
    """What was added after the source to end it and to give it its empty row."""


class RefusedEditError(ValueError):
    """An edit that reaches over several cells, into a magic, or outside the notebook."""


@dataclass(frozen=True, slots=True, eq=False)
class Notebook:
    """A notebook that has been read; made by ``Notebook.of``."""

    raw: str
    python: str
    """The Python cells, one after the other."""
    problems: tuple[NotebookProblem, ...]
    """Cells that are not Python even with their magics masked; they are blank in ``python``."""
    _cells: tuple[_Cell, ...]
    _sources: tuple[RawSource | None, ...]
    """The source of every cell, Python or not."""

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, text: str) -> Notebook | NotebookProblem:
        """Read the JSON of an ``.ipynb`` file. Never raises.

        The last few are kept: each finding in a notebook asks for it again.
        """
        bom = "\ufeff" if text.startswith("\ufeff") else ""
        # A mark of two bytes must not shift the offsets: a space in its place is JSON too.
        readable = text.replace(bom, " ", 1) if bom else text
        try:
            document, raw_cells = read_cells(readable)
        except RecursionError:
            return NotebookProblem("the notebook's JSON is nested too deeply")
        except ValueError as error:
            return NotebookProblem(
                str(error), getattr(error, "lineno", 1), getattr(error, "colno", 1)
            )
        return cls._build(text, document, raw_cells)

    @property
    def unread(self) -> tuple[tuple[NotebookProblem, str], ...]:
        """The problems that are about a cell, each with that cell's text."""
        sources = ((problem, self._sources[(problem.cell or 1) - 1]) for problem in self.problems)
        return tuple((problem, source.text) for problem, source in sources if source is not None)

    @classmethod
    def _build(cls, raw: str, document: dict[str, Any], raw_cells: Sequence[RawCell]) -> Notebook:
        cells: list[_Cell] = []
        problems: list[NotebookProblem] = []
        texts: list[str] = []
        row = 1
        is_python = _language(document) in {"", "python", "ipython"}
        for number, raw_cell in enumerate(raw_cells, start=1):
            source = raw_cell.source
            if source is None or not is_python or not _is_python_cell(raw_cell.value, source.text):
                continue
            masked, problem = _masked(source.text, number)
            problems += [] if problem is None else [problem]
            tail = "\n" if source.text.endswith(("\n", "\r")) else "\n\n"
            cells.append(_Cell(number, row, source, masked, tail))
            texts.append(masked.text + tail)
            row += len(_LINE.findall(texts[-1]))
        sources = tuple(cell.source for cell in raw_cells)
        return cls(raw, "".join(texts), tuple(problems), tuple(cells), sources)

    def cell_text(self, cell: int) -> str:
        """The source of a cell, by its number from 1; empty where there is no such cell."""
        if not 1 <= cell <= len(self._sources):
            return ""
        source = self._sources[cell - 1]
        return "" if source is None else source.text

    @property
    def shell_cells(self) -> tuple[tuple[int, str], ...]:
        """Number of each cell of which a shell runs something, and that in its rows."""
        texts = (
            (number, shell_text(source.text)) if source is not None else (number, "")
            for number, source in enumerate(self._sources, start=1)
        )
        return tuple((number, text) for number, text in texts if text.strip())

    @property
    def python_cells(self) -> tuple[tuple[int, str], ...]:
        """Number and source of each Python cell."""
        return tuple((cell.number, cell.source.text) for cell in self._cells)

    def locate(self, row: int) -> tuple[int, int]:
        """The cell, and the row inside it, of a row of ``python``."""
        cell = self._cell_at(row)
        return cell.number, row - cell.first_row + 1

    def row_of(self, cell: int, row: int) -> int | None:
        """The row of ``python`` for a row of a cell; None where the cell is no Python."""
        for known in self._cells:
            if known.number == cell:
                return known.first_row + row - 1
        return None

    def file_row(self, cell: int, row: int) -> int:
        """The row of the JSON file that holds a row of a cell."""
        source = self._sources[cell - 1] if 1 <= cell <= len(self._sources) else None
        if source is None or not source.literals:
            return 1
        wanted = _offset(_LINE.findall(source.text), Position(row, 1))
        at = 0
        for literal in source.literals:
            at += len(literal.value)
            if wanted < at:
                break
        return self.raw.count("\n", 0, literal.start) + 1

    def edit_in_cell(self, edit: Edit) -> tuple[Edit, int]:
        """An edit of ``python`` with its rows counted inside its cell, and that cell."""
        number, start_row = self.locate(edit.span.start.row)
        moved = start_row - edit.span.start.row
        return Edit(_shifted(edit.span, moved), edit.content), number

    def by_cell(self, words: str, path: str) -> str:
        """Words that name rows of ``python`` say the cell: ``a.ipynb:9``, ``a.ipynb:cell 2:1``."""

        def placed(found: re.Match[str]) -> str:
            cell, row = self.locate(int(found[1]))
            return f"{path}:cell {cell}:{row}"

        return re.sub(rf"(?<![\w/.-]){re.escape(path)}:(\d+)", placed, words)

    def in_cell(self, diagnostic: Diagnostic, path: str) -> Diagnostic:
        """A finding about ``python``, by cell. ``path``: how words name the notebook.

        The edits of its fix stay in rows of ``python``, since they may lie in several cells; a fix
        that cannot be applied to the cells is dropped, and a note says so.
        """
        number, start_row = self.locate(diagnostic.span.start.row)
        moved = start_row - diagnostic.span.start.row
        noqa_row = diagnostic.noqa_row
        placed = diagnostic._replace(
            span=_shifted(diagnostic.span, moved),
            noqa_row=None if noqa_row is None else noqa_row + moved,
            cell=number,
            message=self.by_cell(diagnostic.message, path),
            notes=tuple(self.by_cell(each, path) for each in diagnostic.notes),
        )
        if diagnostic.fix is None or self.accepts(diagnostic.fix.edits):
            return placed
        note = "no fix is offered here: it would reach into a magic, or over several cells"
        return placed._replace(fix=None, notes=(*placed.notes, note))

    def accepts(self, edits: Iterable[Edit]) -> bool:
        """Whether ``apply`` would take these edits."""
        try:
            self._changes(edits)
        except RefusedEditError:
            return False
        return True

    def spoiled_by(self, edits: Iterable[Edit]) -> bool:
        """Whether edits that ``apply`` takes leave a cell that is not Python, and was."""
        spoiled = {problem.cell for problem in self.problems}
        return any(
            cell.number not in spoiled and _masked(_new_text(cell, changes), cell.number)[1]
            for cell, changes in self._changes(edits)
        )

    def apply(self, edits: Iterable[Edit]) -> str:
        """The notebook's JSON text after edits of ``python``; nothing else in it changes.

        Raises ``RefusedEditError`` where an edit reaches over several cells or into a magic.
        """
        replaced: list[tuple[int, int, str]] = []
        for cell, changes in self._changes(edits):
            new_text = _new_text(cell, changes)
            inside = _changes_inside(cell, changes, new_text)
            replaced += replacements(self.raw, cell.source, inside, new_text)
        raw = self.raw
        for start, end, content in sorted(replaced, reverse=True):
            raw = raw[:start] + content + raw[end:]
        return raw

    def _changes(self, edits: Iterable[Edit]) -> list[tuple[_Cell, list[CellChange]]]:
        by_cell: dict[int, tuple[_Cell, list[CellChange]]] = {}
        for edit in sorted(edits, key=lambda edit: edit.span):  # at one place, in the order given
            cell = self._cell_at(edit.span.start.row)
            change = _change(cell, edit)
            by_cell.setdefault(cell.number, (cell, []))[1].append(change)
        return list(by_cell.values())

    def _cell_at(self, row: int) -> _Cell:
        index = bisect_right(self._cells, row, key=lambda cell: cell.first_row) - 1
        if index < 0:
            raise RefusedEditError(f"row {row} lies in no cell")
        return self._cells[index]


def rows_of(text: str, cell: int | None) -> list[str]:
    """The rows, without their ends, that a finding's rows count in: those of a file's Python text,
    or of one cell of the notebook that ``text`` is (none where it is not a notebook).
    """
    if cell is not None:
        notebook = Notebook.of(text)
        text = notebook.cell_text(cell) if isinstance(notebook, Notebook) else ""
    return re.split("\r\n|\r|\n", text)


def _language(document: dict[str, Any]) -> str:
    """The kernel's language, in lower case; empty where the notebook does not say."""
    metadata = document.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    name = kernel.get("name") if isinstance(kernel, dict) else None
    if isinstance(name, str) and name.lower().startswith("python"):
        return "python"  # by its name the kernel is started, whatever else stands beside it
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        described = metadata.get(part) if isinstance(metadata, dict) else None
        language = described.get(key) if isinstance(described, dict) else None
        if isinstance(language, str) and language:
            return language.lower()
    return ""


def _is_python_cell(value: dict[str, Any], text: str) -> bool:
    if value.get("cell_type") != "code" or not text:
        return False
    metadata = value.get("metadata")
    vscode = metadata.get("vscode") if isinstance(metadata, dict) else None
    language = vscode.get("languageId", "python") if isinstance(vscode, dict) else "python"
    magic = cell_magic(text)
    if magic is not None and magic not in PYTHON_CELL_MAGICS:
        return False
    # The kernel runs a cell as Python whatever an editor marks it as; other languages do not parse.
    return language == "python" or _syntax_error(mask(text).text) is None


def _masked(text: str, number: int) -> tuple[Masked, NotebookProblem | None]:
    """The cell as Python; blank, with the reason, where no reading of it is Python.

    One cell that is not Python must not hide what the others do.
    """
    first: SyntaxError | None = None
    for automagic, timed in ((False, True), (False, False), (True, True), (True, False)):
        masked = mask(text, automagic=automagic, timed=timed)
        error = _syntax_error(masked.text)
        if error is None:
            return masked, None
        first = first or error
    blank = "".join(line[len(line.rstrip("\r\n")) :] for line in _LINE.findall(text))
    row, column = (first.lineno or 1, first.offset or 1) if first else (1, 1)
    reason = first.msg if first else "not Python"
    return Masked(blank, ((0, len(text)),)), NotebookProblem(reason, row, column, number)


def _syntax_error(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in the code is not ours to report
            refuse_too_deep(text, DEEPEST_TO_AST)
            ast.parse(text)
    except SyntaxError as error:
        return error
    except TooDeepError as error:
        return SyntaxError(str(error), (None, error.row, 1, None))
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or "too deeply nested")
    return None


def _change(cell: _Cell, edit: Edit) -> CellChange:
    """The edit in characters of the cell's text; refused where it would hit something else."""
    text = cell.source.text + cell.tail
    lines = _LINE.findall(text)
    moved = 1 - cell.first_row
    span = _shifted(edit.span, moved)
    if span.end.row > len(lines) + 1 or (span.end.row > len(lines) and span.end.column > 1):
        raise RefusedEditError("the edit reaches over several cells")
    start, end = _offset(lines, span.start), _offset(lines, span.end)
    for first, last in cell.masked.spans:
        on_its_line = not re.search("[\r\n]", text[first:start]) and last <= start
        if (start < last and first < end) or (on_its_line and "\n" in edit.content):
            raise RefusedEditError("the edit reaches into a magic")
    return CellChange(start, end, edit.content)


def _new_text(cell: _Cell, changes: Sequence[CellChange]) -> str:
    """The source of a cell after changes."""
    text = _changed(cell.source.text + cell.tail, changes)
    for newline in cell.tail:  # as far as the edit has left it
        text = text.removesuffix(newline)
    return text


def _changed(text: str, changes: Sequence[CellChange]) -> str:
    for change in reversed(changes):
        text = text[: change.start] + change.content + text[change.end :]
    return text


def _changes_inside(
    cell: _Cell, changes: Sequence[CellChange], new_text: str
) -> Sequence[CellChange]:
    """The changes, none of them in the added tail: one that is becomes a change of the rest."""
    text = cell.source.text
    in_text = all(change.end <= len(text) for change in changes)
    if in_text and _changed(text, changes) == new_text:
        return changes
    kept = 0
    while kept < min(len(text), len(new_text)) and text[kept] == new_text[kept]:
        kept += 1
    return [CellChange(kept, len(text), new_text[kept:])]


def _shifted(span: Span, rows: int) -> Span:
    start, end = span.start, span.end
    return Span(Position(start.row + rows, start.column), Position(end.row + rows, end.column))


def _offset(lines: Sequence[str], position: Position) -> int:
    before = sum(len(line) for line in lines[: position.row - 1])
    return before + position.column - 1
