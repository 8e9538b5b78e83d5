"""Findings and fixes in the words of the Language Server Protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.uris import from_fs_path

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.editors.views import STRICTER
from torchload_lint.escaping import printable
from torchload_lint.helper_module import helper_text
from torchload_lint.reports.run_report import TOOL, rule_url
from torchload_lint.source.text.notebooks.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.diagnostic import Diagnostic, Edit, Fix
    from torchload_lint.editors.positions import Units
    from torchload_lint.editors.views import Analysis, FixedText

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.{TOOL}"
SHOW = f"{TOOL}.show"
"""A command of the server: the address or path of a checkpoint in, a message to the user out."""
_FEW = 3
"""So many checkpoints of a finding can be looked into."""
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


@dataclass(frozen=True, slots=True)
class Answers:
    """Makes answers in the agreed units; ``version_of`` gives an open document's version."""

    units: Units
    versioned: bool
    """Whether the client takes edits with the version that they are for."""
    version_of: Callable[[str], int | None]

    def diagnostics(self, analysis: Analysis, uri: str) -> list[types.Diagnostic]:
        """All findings in one document."""
        return [self.diagnostic(analysis, found) for found in analysis.findings(uri)]

    def diagnostic(self, analysis: Analysis, found: Diagnostic) -> types.Diagnostic:
        """One finding, with its notes below the message."""
        notes = "".join(f"\nnote: {printable(note)}" for note in found.notes)
        return types.Diagnostic(
            range=self.units.range(found.span, analysis.lines(found.cell)),
            message=printable(found.message) + notes,
            severity=_SEVERITIES[found.severity],
            code=found.code,
            code_description=types.CodeDescription(rule_url(found.name)),
            source=TOOL,
        )

    def quick_fixes(
        self, analysis: Analysis, uri: str, wanted: types.Range, root: Path
    ) -> Iterator[types.CodeAction]:
        """The fixes for findings on the rows of a range, each once, and comments that suppress
        them. Wherever the cursor stands on a row, what is found there can be fixed. What has no
        fix leads to its checkpoints, which lie in the project at ``root``.
        """
        all_found = [(found, self.diagnostic(analysis, found)) for found in analysis.findings(uri)]
        in_range = [(found, shown) for found, shown in all_found if _share_row(shown.range, wanted)]
        fixed: dict[Fix, list[types.Diagnostic]] = {}
        for found, shown in in_range:
            if found.fix is not None and _is_offered(analysis, found.fix):
                fixed.setdefault(found.fix, []).append(shown)
        for found, _ in in_range:
            if found.fix is not None and (diagnostics := fixed.pop(found.fix, None)):
                safe = found.fix.applicability is Applicability.SAFE
                yield types.CodeAction(
                    title=f"{TOOL}: {printable(_in_words(found.fix))}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=diagnostics,
                    is_preferred=safe,
                    edit=self._edit(
                        analysis, analysis.edits(found), analysis.new_module(found.fix)
                    ),
                )
        yield from _looks_into_files(in_range, root)
        for found, shown in in_range:
            yield from self._suppression(analysis, found, shown)

    def _suppression(
        self, analysis: Analysis, found: Diagnostic, diagnostic: types.Diagnostic
    ) -> Iterator[types.CodeAction]:
        edits, _ = analysis.comment_rows.edits([found])
        if not edits:
            return
        notebook = analysis.document.notebook
        placed = [(e, None) if notebook is None else notebook.edit_in_cell(e) for e in edits]
        yield types.CodeAction(
            title=f"{TOOL}: suppress {found.code} with a # noqa comment",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            edit=self._edit(analysis, placed),
        )

    def fix_all(self, analysis: Analysis, fixed: FixedText) -> types.CodeAction | None:
        """All safe fixes at once, given the text that they lead to."""
        changes = list(self._replaced(analysis, fixed.text))
        if not changes:
            return None
        weaker = f" ({STRICTER})" if fixed.is_weaker else ""
        return types.CodeAction(
            title=f"{TOOL}: fix all that can be fixed safely{weaker}",
            kind=FIX_ALL,
            edit=self._workspace_edit(changes, fixed.module),
        )

    def _replaced(
        self, analysis: Analysis, fixed: str
    ) -> Iterator[tuple[str, list[types.TextEdit]]]:
        """For each document that changes, the rows that do."""
        view = analysis.view
        if not view.cell_uris:
            texts = [(view.uri, view.text, fixed)]
        else:
            before, after = Notebook.of(view.text), Notebook.of(fixed)
            if not isinstance(before, Notebook) or not isinstance(after, Notebook):
                return
            texts = [
                (uri, before.cell_text(number), after.cell_text(number))
                for number, uri in enumerate(view.cell_uris, start=1)
            ]
        for uri, old, new in texts:
            if old != new:
                lines = analysis.lines(view.cell_of(uri))
                yield uri, [self._difference(old, new, lines)]

    def _difference(self, old: str, new: str, lines: Sequence[str]) -> types.TextEdit:
        """One edit of the rows between the first and the last difference."""
        old_rows, new_rows = _rows(old), _rows(new)
        shorter = min(len(old_rows), len(new_rows))
        first = next((i for i in range(shorter) if old_rows[i] != new_rows[i]), shorter)
        same = 0
        while same < shorter - first and old_rows[-1 - same] == new_rows[-1 - same]:
            same += 1
        end = types.Position(len(old_rows) - same, 0)
        if not same:
            end = types.Position(len(lines) - 1, self.units.count(lines[-1]))
        start = types.Position(first, 0)
        content = "".join(new_rows[first : len(new_rows) - same])
        return types.TextEdit(types.Range(start, end), content)

    def _edit(
        self,
        analysis: Analysis,
        edits: Iterable[tuple[Edit, int | None]],
        module: Path | None = None,
    ) -> types.WorkspaceEdit:
        by_uri: dict[str, list[types.TextEdit]] = {}
        for edit, cell in edits:
            lines = analysis.lines(cell)
            changed = types.TextEdit(self._range_of(edit, lines), self._content(edit, lines))
            by_uri.setdefault(analysis.view.uri_of(cell), []).append(changed)
        return self._workspace_edit(list(by_uri.items()), module)

    def _range_of(self, edit: Edit, lines: Sequence[str]) -> types.Range:
        """The edit's range; what is behind a cell's last row is its end."""
        if edit.span.start.row <= len(lines):
            return self.units.range(edit.span, lines)
        end = types.Position(len(lines) - 1, self.units.count(lines[-1]))
        return types.Range(end, end)

    def _content(self, edit: Edit, lines: Sequence[str]) -> str:
        """What is added behind a cell's last row starts a row of its own."""
        if edit.span.start.row <= len(lines):
            return edit.content
        return "\n" + edit.content.removesuffix("\n")

    def _workspace_edit(
        self, changes: Sequence[tuple[str, list[types.TextEdit]]], module: Path | None = None
    ) -> types.WorkspaceEdit:
        """The edits of some documents; ``module``: where the helper module is created with them."""
        if not self.versioned:
            return types.WorkspaceEdit(changes=dict(changes))
        edited = [_edited(uri, edits, self.version_of(uri)) for uri, edits in changes]
        created = [] if module is None else _created(module)
        return types.WorkspaceEdit(document_changes=[*created, *edited])


def _edited(
    uri: str, edits: Sequence[types.TextEdit], version: int | None
) -> types.TextDocumentEdit:
    document = types.OptionalVersionedTextDocumentIdentifier(uri, version)
    return types.TextDocumentEdit(document, list(edits))


def _created(module: Path) -> list[types.CreateFile | types.TextDocumentEdit]:
    """A new file with the text of the module that fixes import."""
    uri, start = from_fs_path(str(module)) or module.as_uri(), types.Position(0, 0)
    text = types.TextEdit(types.Range(start, start), helper_text())
    return [types.CreateFile(uri), _edited(uri, [text], None)]


def _in_words(fix: Fix) -> str:
    """What a fix does, and why it is unsafe where it is."""
    is_unsafe = fix.applicability is not Applicability.SAFE and not fix.risk
    return f"{fix.message} (unsafe)" if is_unsafe else fix.explained


def _looks_into_files(
    found: Iterable[tuple[Diagnostic, types.Diagnostic]], root: Path
) -> Iterator[types.CodeAction]:
    """For findings without a fix, an action for each checkpoint that is there."""
    about: dict[str, list[types.Diagnostic]] = {}
    for one, shown in found:
        for name in () if one.fix else one.checkpoints[:_FEW]:
            about.setdefault(name, []).append(shown)
    for name, diagnostics in about.items():
        path = root / name
        if path.is_file():
            title = f"{TOOL}: inspect {printable(name)}"
            command = types.Command(title, SHOW, arguments=[from_fs_path(str(path))])
            kind = types.CodeActionKind.QuickFix
            yield types.CodeAction(title, kind=kind, diagnostics=diagnostics, command=command)


def _is_offered(analysis: Analysis, fix: Fix) -> bool:
    """Whether a fix can be applied, and what it leads to is Python."""
    is_shown_only = fix.applicability is Applicability.DISPLAY
    return not is_shown_only and analysis.fix_check.leaves_python(fix)


def _rows(text: str) -> list[str]:
    """The rows of a text with their ends."""
    rows: list[str] = []
    for piece in text.splitlines(keepends=True):
        # str.splitlines also ends lines at form feeds and the like, which editors do not.
        if rows and not rows[-1].endswith(("\n", "\r")):
            rows[-1] += piece
        else:
            rows.append(piece)
    return rows


def _share_row(one: types.Range, other: types.Range) -> bool:
    return one.start.line <= other.end.line and other.start.line <= one.end.line
