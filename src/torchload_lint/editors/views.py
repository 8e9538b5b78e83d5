"""What an editor shows: a text, or a notebook of which each cell is a text; and its findings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import FileResult
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.fixes.restoring import missing_helper
from torchload_lint.helper_module import NAME
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.reports.run_report import edits_by_cell
from torchload_lint.source.loaders.prefilter import may_hold_load, may_hold_load_in_cells
from torchload_lint.source.text.notebooks.notebook import Notebook, rows_of
from torchload_lint.source.text.text import Decoded
from torchload_lint.workspace.adoption.add_noqa import CommentRows
from torchload_lint.workspace.adoption.known_findings import KnownFindings
from torchload_lint.workspace.first_look import may_enter_package
from torchload_lint.workspace.fix_check import FixCheck
from torchload_lint.workspace.on_disk.discover import is_excluded
from torchload_lint.workspace.on_disk.document import Document
from torchload_lint.workspace.one_file import Options, check_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from torchload_lint.diagnostic import Diagnostic, Edit, Fix, Span
    from torchload_lint.workspace import Projects
    from torchload_lint.workspace.projects import Project

STRICTER = "torchload-lint --fix writes a stricter list"
"""What is said of a fix where the client cannot create the module that the stricter one takes."""


@dataclass(frozen=True, slots=True)
class View:
    """One open document, at one moment."""

    uri: str
    """The document's, or the notebook's."""
    path: Path
    version: int
    text: str
    """The text; for a notebook, its cells as the JSON of an ``.ipynb`` file."""
    cell_uris: tuple[str, ...] = ()
    """The cells' documents, in order; empty for a plain text."""
    can_create: bool = False
    """Whether the client can create a file along with an edit of this one."""

    @classmethod
    def of_cells(
        cls,
        uri: str,
        path: Path,
        version: int,
        cells: Mapping[str, tuple[str, str]],
        *,
        can_create: bool = False,
    ) -> View:
        """A notebook, from ``cell uri → (cell type, text)`` in order."""
        value = {
            "cells": [
                {"cell_type": kind, "metadata": {}, "source": text} for kind, text in cells.values()
            ]
        }
        return cls(uri, path, version, json.dumps(value), tuple(cells), can_create)

    def cell_of(self, uri: str) -> int | None:
        """The number of a cell's document; None in a plain text."""
        return self.cell_uris.index(uri) + 1 if uri in self.cell_uris else None

    def uri_of(self, cell: int | None) -> str:
        """The document that a finding lies in."""
        return self.uri if cell is None else self.cell_uris[cell - 1]

    def lines(self, cell: int | None) -> list[str]:
        """The lines of the text, or of a cell."""
        return rows_of(self.text, cell)

    def document(self) -> Document:
        """The text as a document; an encoding that it declares is that of the file, not its own."""
        notebook = Notebook.of(self.text) if self.cell_uris else None
        known = notebook if isinstance(notebook, Notebook) else None
        return Document(Decoded(self.text, "utf-8", bom=False), known)


@dataclass(frozen=True)
class Analysis:
    """A view and what was found in it; what several questions ask of it is found once."""

    view: View
    result: FileResult
    error: str = ""
    """Why nothing could be said (a wrong configuration)."""
    remark: str = ""
    """What is wrong beside that (a baseline that cannot be read)."""
    stamp: tuple[int, ...] = ()
    """The state of everything that it rests on: ``World.number``, and the documents' versions."""
    _lines: dict[int | None, list[str]] = field(default_factory=dict)

    @cached_property
    def document(self) -> Document:
        """The text."""
        return self.view.document()

    @cached_property
    def fix_check(self) -> FixCheck:
        """Whether the text is still Python after a fix."""
        return FixCheck(self.document)

    @cached_property
    def comment_rows(self) -> CommentRows:
        """Where a comment may stand."""
        return CommentRows(self.document)

    @property
    def result_id(self) -> str:
        """Changes whenever the findings may have."""
        return "-".join(map(str, self.stamp))

    def findings(self, uri: str) -> Iterator[Diagnostic]:
        """The findings in one document (a text, or a cell)."""
        cell = self.view.cell_of(uri)
        return (found for found in self.result.diagnostics if found.cell == cell)

    def lines(self, cell: int | None) -> list[str]:
        """The lines of the text, or of a cell; remembered."""
        if cell not in self._lines:
            self._lines[cell] = self.view.lines(cell)
        return self._lines[cell]

    def new_module(self, fix: Fix) -> Path | None:
        """The module that has to be created since a fix imports it; None where it takes none."""
        if not any(NAME in edit.content for edit in fix.edits):
            return None
        changed, _ = apply_edits(self.document.python, [fix])
        return missing_helper(self.view.path, changed)

    def edits(self, found: Diagnostic) -> list[tuple[Edit, int | None]]:
        """A fix's edits, each with its cell."""
        return edits_by_cell(self.result, found)


class FixedText(NamedTuple):
    """A text after all safe fixes."""

    text: str
    module: Path | None = None
    """The module that has to be created with it."""
    is_weaker: bool = False
    """Whether some of its lists allow more than they would if a module could be created."""


def analyse(view: View, projects: Projects) -> tuple[FileResult, str]:
    """Check a view: what is found that the project's baseline does not name, and why that cannot
    be read, so that everything is shown. Raises ConfigError.
    """
    result = _with_fixes_for(view, projects)
    baseline = projects.project_of(view.path).baseline
    if baseline is None or not result.diagnostics:
        return result, ""
    try:
        new = KnownFindings(baseline, projects).new([result])
    except ConfigError as error:
        return result, str(error)
    return next(iter(new), result._replace(diagnostics=())), ""


def _with_fixes_for(view: View, projects: Projects) -> FileResult:
    """The findings, with fixes that take a new module only where the client can create one."""
    result, _ = _checked(view, projects, Options(adds_modules=True))
    if view.can_create:
        return result
    analysis = Analysis(view, result)
    fixed = ((found, found.fix) for found in result.diagnostics)
    strict = {_place(found) for found, fix in fixed if fix and analysis.new_module(fix)}
    if not strict:
        return result
    result, _ = _checked(view, projects, Options())
    told = (_as_weaker(one) if _place(one) in strict else one for one in result.diagnostics)
    return result._replace(diagnostics=tuple(told))


def _place(found: Diagnostic) -> tuple[str, int | None, Span]:
    return found.code, found.cell, found.span


def _as_weaker(found: Diagnostic) -> Diagnostic:
    """A finding whose fix says that the command would write a stricter list."""
    fix = found.fix
    said = fix and fix._replace(message=f"{fix.message} ({STRICTER})")
    return found._replace(fix=said)


def fixed_text(view: View, projects: Projects) -> FixedText:
    """The text after all safe fixes of what the project's baseline does not name. Raises
    ConfigError.
    """
    options = Options(fix=True, fixes_among=_what_is_new(view, projects))
    _, fixed = _checked(view, projects, options._replace(adds_modules=True))
    is_new = NAME in fixed.raw and fixed.raw != view.text
    module = missing_helper(view.path, fixed.raw) if is_new else None
    if module is None or view.can_create:
        return FixedText(fixed.raw, module)
    _, fixed = _checked(view, projects, options)
    return FixedText(fixed.raw, is_weaker=True)


def _what_is_new(
    view: View, projects: Projects
) -> Callable[[FileResult], tuple[Diagnostic, ...]] | None:
    """What finds those of a file's findings that the baseline does not name; None where there is
    none that can be read.
    """
    baseline = projects.project_of(view.path).baseline
    try:
        return KnownFindings(baseline, projects).tells_new() if baseline else None
    except ConfigError:
        return None


def _checked(view: View, projects: Projects, options: Options) -> tuple[FileResult, Document]:
    document = view.document()
    project = projects.project_of(view.path)
    if is_excluded(view.path, project.config) or not _may_hold_load(view, project):
        return FileResult(view.path, text=document.raw), document
    return check_document(view.path, document, project, options)


def _may_hold_load(view: View, project: Project) -> bool:
    data = view.text.encode("utf-8", "replace")
    if view.cell_uris:
        return may_hold_load_in_cells(data)
    return may_hold_load(data) or may_enter_package(data, project)
