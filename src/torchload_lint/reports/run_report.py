"""What every format is given: the results in order, the rules by code, the options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from torchload_lint.diagnostic import Applicability, LoadAccount
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from torchload_lint.diagnostic import Diagnostic, Edit, FileResult, Severity
    from torchload_lint.reports.provenance import Provenance
    from torchload_lint.source.text.notebooks.notebook import Notebook

TOOL = "torchload-lint"
DOCUMENTATION = "https://torchload-lint.readthedocs.io"
"""Where the rules' pages are published."""


class RuleText(Protocol):
    """What a report needs to know of a rule."""

    @property
    def code(self) -> str:
        """``TLL101``."""

    @property
    def name(self) -> str:
        """``weights-only-disabled``."""

    @property
    def severity(self) -> Severity:
        """The usual severity; a finding may have another one."""

    @property
    def summary(self) -> str:
        """One sentence."""

    @property
    def doc(self) -> str:
        """The rule's page, in Markdown."""

    @property
    def security_severity(self) -> str:
        """A score like CVSS's for a rule about running a file's code; "" for the others."""

    @property
    def precision(self) -> str:
        """How often a finding is right, in SARIF's words."""


class ReportOptions:
    """How to report."""

    def __init__(
        self,
        root: Path | None = None,
        *,
        color: bool = False,
        links: bool = False,
        show_fixes: bool = False,
        unsafe_fixes: bool = False,
        notes: bool = False,
        loads: LoadAccount | None = None,
    ) -> None:
        self.root = Path.cwd() if root is None else root
        """Paths are shown relative to this directory (absolute ones outside it stay absolute)."""
        self.color = color
        """Whether ANSI escapes may be used."""
        self.links = links
        """Whether codes of findings may be links (the escape sequence OSC 8)."""
        self.show_fixes = show_fixes
        """Whether ``summary`` lists what was fixed."""
        self.unsafe_fixes = unsafe_fixes
        """Whether unsafe fixes count as fixable."""
        self.loads = loads or LoadAccount()
        """All loads of the run, by how it is known what they need."""
        self.notes = notes
        """Whether the concise form prints the notes of each finding too."""
        self.failures: tuple[str, ...] = ()
        """What could not be checked, in words: a run with some is no success."""
        self.not_read: tuple[str, ...] = ()
        """What the report does not speak for beside, in words."""
        self.origin: Provenance | None = None
        """What made the report, where that is known."""


class Report(NamedTuple):
    """A whole run."""

    results: tuple[FileResult, ...]
    rules: Mapping[str, RuleText]
    options: ReportOptions

    @classmethod
    def of(
        cls, results: Iterable[FileResult], rules: Sequence[RuleText], options: ReportOptions
    ) -> Report:
        """Put the results in order of path (findings in a file are ordered by ``findings``)."""
        ordered = sorted(results, key=lambda result: result.path.as_posix())
        return cls(tuple(ordered), {rule.code: rule for rule in rules}, options)

    def findings(self) -> Iterator[tuple[FileResult, Diagnostic]]:
        """Every finding with its file, in order of path, cell, place and code."""
        for result in self.results:
            for diagnostic in in_order(result.diagnostics):
                yield result, diagnostic

    def path(self, result: FileResult) -> str:
        """The file's path with ``/``, relative to the root where it lies inside it."""
        path = result.path
        if path.is_absolute() and path.is_relative_to(self.options.root):
            path = path.relative_to(self.options.root)
        return with_slashes(path.as_posix())

    def absolute_path(self, result: FileResult) -> str:
        """The file's absolute path; ``-`` stays, for standard input without a name."""
        if str(result.path) == "-":
            return "-"
        address = with_slashes(result.path.as_posix())
        if "://" in address:
            return address
        return str(self.options.root / result.path)

    def is_fixable(self, diagnostic: Diagnostic) -> bool:
        """Whether ``--fix``, with the options given, would fix it."""
        if diagnostic.fix is None:
            return False
        allowed = {Applicability.SAFE}
        if self.options.unsafe_fixes:
            allowed.add(Applicability.UNSAFE)
        return diagnostic.fix.applicability in allowed


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings of one file by cell, place and code."""
    return sorted(diagnostics, key=lambda found: (found.cell or 0, found.span, found.code))


def rule_url(name: str) -> str:
    """The published page of a rule, by the rule's name."""
    return f"{DOCUMENTATION}/rules/{quote(name)}/"


def with_slashes(path: str) -> str:
    """An address with the slashes that ``Path`` has taken away; any other path as it is."""
    scheme, mark, rest = path.partition(":/")
    if not mark or not _SCHEME.fullmatch(scheme):
        return path
    return f"{scheme}://{'/' if scheme == 'file' else ''}{rest.lstrip('/')}"


_SCHEME = late_pattern(r"[A-Za-z][A-Za-z0-9+.-]+")


def uri(path: str) -> str:
    """A path as a relative (or ``file:``) URI reference; an address as it is."""
    if "://" in path:
        return quote(path.encode("utf-8", "surrogateescape"), safe="/~!$&'()*+,;=@:%?#")
    quoted = quote(path.encode("utf-8", "surrogateescape"), safe="/~!$&'()*+,;=@")
    if path.startswith("/"):
        return f"file://{quoted}"
    return quoted


def source_lines(result: FileResult, diagnostic: Diagnostic) -> list[str]:
    """The lines that the finding's rows count in: the file's, or the notebook cell's."""
    from torchload_lint.source.text.notebooks.notebook import rows_of  # noqa: PLC0415 - only for a finding

    return rows_of(result.text, diagnostic.cell)


class FilePlace(NamedTuple):
    """A place in the file as it lies on disk, for consumers that know nothing of cells."""

    row: int
    column: int
    end_row: int
    end_column: int
    whole_rows: bool = False
    """Whether only the rows mean something (a cell's text is escaped inside the JSON)."""


def file_place(result: FileResult, diagnostic: Diagnostic) -> FilePlace:
    """Where the finding lies in the file: for a notebook, the row of the JSON text."""
    start, end = diagnostic.span.start, diagnostic.span.end
    if diagnostic.cell is None:
        return FilePlace(start.row, start.column, end.row, end.column)
    notebook = _notebook(result)
    if notebook is None:
        return FilePlace(1, 1, 1, 1, whole_rows=True)
    row = notebook.file_row(diagnostic.cell, start.row)
    end_row = notebook.file_row(diagnostic.cell, end.row)
    return FilePlace(row, 1, end_row, 1, whole_rows=True)


def _notebook(result: FileResult) -> Notebook | None:
    from torchload_lint.source.text.notebooks.notebook import Notebook  # noqa: PLC0415 - 25 ms to import

    notebook = Notebook.of(result.text)
    return notebook if isinstance(notebook, Notebook) else None


def edits_by_cell(result: FileResult, diagnostic: Diagnostic) -> list[tuple[Edit, int | None]]:
    """The fix's edits, each with its cell (None in a plain file) and rows counted inside it.

    Edits of a notebook are kept in rows of the notebook's Python text, since one fix may touch
    several cells (its import lands in another one).
    """
    if diagnostic.fix is None:
        return []
    if diagnostic.cell is None:
        return [(edit, None) for edit in diagnostic.fix.edits]
    notebook = _notebook(result)
    if notebook is None:
        return []
    return [notebook.edit_in_cell(edit) for edit in diagnostic.fix.edits]
