"""What is said about a file: places, edits, fixes, diagnostics.

Rows and columns count from 1, in Unicode code points; an end is exclusive. Every reader of a
result (terminal, SARIF, editor) converts from this one unit.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Severity(str, Enum):
    """How bad a finding is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def reaches(self, threshold: str) -> bool:
        """Whether it is as bad as the severity called ``threshold``, or worse."""
        ranks = [severity.value for severity in Severity]
        return ranks.index(self.value) <= ranks.index(threshold)


class Applicability(str, Enum):
    """Whether a fix may be applied without being looked at."""

    SAFE = "safe"
    """The program does what it did; ``--fix`` applies it."""
    UNSAFE = "unsafe"
    """The program may do something else; ``--unsafe-fixes`` applies it."""
    DISPLAY = "display"
    """Only ever shown, for a person to apply."""


class Position(NamedTuple):
    """A place in a text: row and column from 1, in code points."""

    row: int
    column: int


class Span(NamedTuple):
    """From ``start`` up to, but not including, ``end``."""

    start: Position
    end: Position

    @classmethod
    def of(cls, row: int, column: int, end_row: int, end_column: int) -> Span:
        """A span from four numbers."""
        return cls(Position(row, column), Position(end_row, end_column))


class Edit(NamedTuple):
    """Replace the text in ``span`` by ``content`` (an empty span inserts)."""

    span: Span
    content: str


class Fix(NamedTuple):
    """A list of edits that belong together, and whether they may be applied unseen."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]
    risk: str = ""
    """What may go wrong where it is unsafe, in words that follow on ``unsafe:``; else empty."""

    @property
    def explained(self) -> str:
        """What it does, and what may go wrong."""
        return f"{self.message} (unsafe: {self.risk})" if self.risk else self.message


class Diagnostic(NamedTuple):
    """One finding, at one place, in one file."""

    code: str
    name: str
    message: str
    severity: Severity
    span: Span
    fix: Fix | None = None
    checkpoints: tuple[str, ...] = ()
    """The checkpoint files that the finding is about, relative to the project's root."""
    safe_globals: tuple[str, ...] = ()
    """What has to be allowed, as dotted names."""
    notes: tuple[str, ...] = ()
    """Further sentences: evidence, what would settle it, the line of configuration to add."""
    noqa_row: int | None = None
    """The row on which a ``# noqa`` comment is honoured (default: the first and last row)."""
    cell: int | None = None
    """The notebook cell (from 1, all cells counted); rows then count inside the cell."""
    grounds: tuple[str, ...] = ()
    """Whether each of ``safe_globals`` may be allowed, and on what ground, in words."""
    requirement: str = ""
    """What the project states of torch, where nothing but that brings the finding about, such as
    ``setup.py:9 says torch>=1.8``: findings of one message and one requirement are one matter."""
    stands_for: tuple[str, ...] = ()
    """The codes of other rules that would report the same load, were it not for this finding."""


class LoadAccount(NamedTuple):
    """How many loads there are, by how it is known what they need."""

    files: int = 0
    """Read from the files that the call names, or that match what it names."""
    configured: int = 0
    recorded: int = 0
    inferred: int = 0
    """From the ``torch.save`` of the project that writes the file."""
    tensors: int = 0
    """No file is known, but the value is used as a state dict and nothing else."""
    unknown: int = 0
    hidden: int = 0
    """No loads, but what is not said of them: findings that comments about whole files silence."""

    notes: int = 0
    """No loads either: notes that nobody has asked for."""
    silenced: int = 0
    """Nor these: findings that comments about their lines silence."""
    milder: int = 0
    """Errors and warnings that are less severe than what is asked for."""
    known: int = 0
    """Findings that a baseline names."""

    @property
    def total(self) -> int:
        """All loads."""
        return sum(self[: self._fields.index("hidden")])

    def plus(self, other: LoadAccount) -> LoadAccount:
        """The sums of two."""
        return LoadAccount(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


_MOST_FRAMES = 40
"""The last of a traceback: one that nests too deep has a thousand."""


class Crash(NamedTuple):
    """A failure of the tool itself, at one load, one rule or one file; everything else goes on."""

    row: int
    """Where in the file it was at work; 0 for the file as a whole."""
    message: str
    """What failed, in one sentence, with the exception and where in the tool it was raised."""
    traceback: str

    @classmethod
    def of(cls, error: Exception, what: str, row: int = 0) -> Crash:
        """What an exception that nobody expected has left undone."""
        import traceback  # noqa: PLC0415 - 8 ms, where something is wrong with this tool

        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
        message = f"{what}: {type(error).__name__}: {error} (raised at {place})"
        return cls(row, message, "".join(traceback.format_exception(error, limit=-_MOST_FRAMES)))


class FileResult(NamedTuple):
    """All that is known about one file after a run."""

    path: Path
    diagnostics: tuple[Diagnostic, ...] = ()
    text: str = ""
    """The text that the positions refer to (after fixing, the fixed text); empty where the file
    had nothing to report."""
    fixed: tuple[Diagnostic, ...] = ()
    """Findings that this run fixed."""
    original: str = ""
    """The text before this run's fixes, where they changed it; else empty."""
    loads: LoadAccount = LoadAccount()
    """The loads of the file (after fixing)."""
    crashes: tuple[Crash, ...] = ()
    """What could not be worked out there because this tool failed."""
    untold: tuple[Diagnostic, ...] = ()
    """What is there as well and the settings leave out (``per-file-ignores``, a severity)."""
    originally: tuple[Diagnostic, ...] = ()
    """All findings of ``original``, with those that the settings leave out."""
