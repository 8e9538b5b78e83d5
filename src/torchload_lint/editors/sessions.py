"""One client's session: its settings, its open documents, and what was found in them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.uris import to_fs_path

from torchload_lint.editors.client_settings import CLIENT_SECTION, own_part, read_settings
from torchload_lint.editors.desk import Desk
from torchload_lint.editors.hover import hover
from torchload_lint.editors.inlay_hints import hints_in
from torchload_lint.editors.lane import ASKED
from torchload_lint.editors.lsp_answers import FIX_ALL, Answers
from torchload_lint.editors.positions import Units
from torchload_lint.editors.views import View, fixed_text
from torchload_lint.escaping import printable
from torchload_lint.workspace.world import Now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pygls.lsp.server import LanguageServer
    from pygls.workspace import TextDocument

    from torchload_lint.editors.views import Analysis
    from torchload_lint.workspace import Projects

    T = TypeVar("T")

_LOG = logging.getLogger(__name__)
LONG = 200_000
"""How many characters a text has that others are not to wait for."""
_CELL_TYPES = {types.NotebookCellKind.Code: "code", types.NotebookCellKind.Markup: "markdown"}


class Session:
    """Everything that is remembered between questions."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._initial: dict[str, Any] = {}
        self._now = Now()
        self._complaints: dict[str, str] = {}
        """What is wrong with a document's configuration (or the settings), and has been told."""
        # A long text must not hold up the others, so it has a thread and projects of its own.
        self._desks = {is_long: Desk("long" if is_long else "short") for is_long in (False, True)}

    # What the client can do

    @property
    def pulls(self) -> bool:
        """Whether the client asks for diagnostics by itself."""
        text = self._server.client_capabilities.text_document
        return bool(text and text.diagnostic)

    def asks_for(self, primary: str) -> bool:
        """Whether the findings of this text or notebook wait until the client asks for them."""
        return self.pulls and self._notebook(primary) is None

    @property
    def refreshes(self) -> bool:
        """Whether it can be made to ask again."""
        workspace = self._server.client_capabilities.workspace
        diagnostics = workspace.diagnostics if workspace else None
        return bool(diagnostics and diagnostics.refresh_support)

    @property
    def can_create(self) -> bool:
        """Whether an edit may create a file."""
        workspace = self._server.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        operations = (edits.resource_operations if edits else None) or ()
        return self.answers().versioned and types.ResourceOperationKind.Create in operations

    @property
    def can_watch(self) -> bool:
        """Whether it can be asked to watch files."""
        workspace = self._server.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        return bool(watched and watched.dynamic_registration)

    def answers(self) -> Answers:
        """The maker of answers for this client."""
        workspace = self._server.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        encoding = self._server.workspace.position_encoding or "utf-16"
        return Answers(
            Units(str(getattr(encoding, "value", encoding))),
            bool(edits and edits.document_changes),
            self.version_of,
        )

    # Settings

    @property
    def can_be_asked(self) -> bool:
        """Whether the client answers when it is asked for its settings."""
        workspace = self._server.client_capabilities.workspace
        return bool(workspace and workspace.configuration)

    def begin(self, settings: object) -> None:
        """Take over the settings with which the client starts; later ones go over them."""
        self._initial = own_part(settings, is_ours=True) or {}
        self.configure(None)

    def configure(self, settings: object) -> None:
        """Take the client's settings over, in the place of those before.

        Others' settings leave ours as they are.
        """
        own = own_part(settings)
        if own is None:
            return
        found = read_settings({**self._initial, **own})
        self._complain(CLIENT_SECTION, "; ".join(found.wrong))
        self._now = self._now._replace(settings=found.settings)

    def forget(self) -> None:
        """What the client says has changed may have changed every answer."""
        self._now = self._now._replace(epoch=self._now.epoch + 1)

    def note(self, uri: str) -> None:
        """A document was opened, changed or closed: to others it is as it stands in the editor."""
        path = to_fs_path(uri)
        if path is None or self.primary(uri) != uri:
            return
        document = self._document(uri)
        texts = {name: text for name, text in self._now.texts.items() if name != path}
        if document is not None:
            texts[path] = document.source.encode("utf-8", "replace")
        self._now = self._now._replace(texts=texts)

    def _complain(self, about: str, message: str) -> None:
        """Show what is wrong once, and not with each key that is pressed; again, where it has been
        right in between. An empty message means that it is right.
        """
        told = self._complaints.values()
        if message and message not in told:
            shown = f"{CLIENT_SECTION}: {printable(message)}"
            self._server.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, shown)
            )
        self._complaints[about] = message

    # Documents

    def primary(self, uri: str) -> str:
        """The notebook of a cell; any other document itself."""
        notebook = self._server.workspace.get_notebook_document(cell_uri=uri)
        return notebook.uri if notebook else uri

    def open_uris(self) -> list[str]:
        """All open documents; of a notebook, not its cells."""
        documents = self._server.workspace.text_documents.values()
        return list(dict.fromkeys(self.primary(document.uri) for document in documents))

    def version_of(self, uri: str) -> int | None:
        """The version of an open document."""
        return self._server.workspace.get_text_document(uri).version

    def _document(self, uri: str) -> TextDocument | None:
        """An open document.

        pygls makes one up, without a version, for a file that is not open; the keys of its
        dictionaries are other spellings of the URIs.
        """
        document = self._server.workspace.get_text_document(uri)
        return None if document.version is None else document

    def _notebook(self, uri: str) -> types.NotebookDocument | None:
        return self._server.workspace.get_notebook_document(notebook_uri=uri)

    def drop(self, uri: str) -> None:
        """A document was closed."""
        self._complaints.pop(uri, None)
        for desk in self._desks.values():
            desk.drop(uri)

    def _versions(self, view: View) -> tuple[int, ...]:
        return (view.version, *(self.version_of(uri) or 0 for uri in view.cell_uris))

    def _view(self, uri: str) -> View | None:
        """What the client shows now; None where the document is not open."""
        path = Path(to_fs_path(uri) or "untitled.py")
        can_create = path.is_absolute() and self.can_create
        if notebook := self._notebook(uri):
            cells = {
                cell.document: (_CELL_TYPES.get(cell.kind, "raw"), self._text(cell.document))
                for cell in notebook.cells
            }
            return View.of_cells(
                uri, path.with_suffix(".ipynb"), notebook.version, cells, can_create=can_create
            )
        document = self._document(uri)
        if document is None:
            return None
        version = document.version or 0
        return View(uri, path, version, document.source, can_create=can_create)

    def _text(self, uri: str) -> str:
        document = self._document(uri)
        return document.source if document else ""

    # Questions

    async def analysis(self, uri: str, urgency: int = ASKED) -> Analysis | None:
        """The findings for the text as it is now; None where it is closed."""
        uri = self.primary(uri)
        view = self._view(uri)
        if view is None:
            return None
        return await self._ask(view, urgency, lambda analysis, _: analysis)

    async def actions(
        self, uri: str, wanted: types.Range, only: Sequence[str]
    ) -> list[types.CodeAction]:
        """Quick fixes in a range, and the one action that fixes all."""
        view = self._view(self.primary(uri))
        if view is None:
            return []
        answers = self.answers()

        def find(analysis: Analysis, projects: Projects) -> list[types.CodeAction]:
            found: list[types.CodeAction] = []
            if _asked(types.CodeActionKind.QuickFix.value, only):
                root = projects.project_of(view.path).config.root
                found += answers.quick_fixes(analysis, uri, wanted, root)
            if _asked(FIX_ALL, only) and any(d.fix for d in analysis.result.diagnostics):
                action = answers.fix_all(analysis, fixed_text(view, projects))
                found += [] if action is None else [action]
            return found

        return await self._ask(view, ASKED, find) or []

    async def hover(self, uri: str, position: types.Position) -> types.Hover | None:
        """What is known of the place under the mouse."""
        view = self._view(self.primary(uri))
        if view is None:
            return None
        cell, units = view.cell_of(uri), self.answers().units

        def find(analysis: Analysis, projects: Projects) -> types.Hover | None:
            lines = analysis.lines(cell)
            if analysis.error:
                return None
            found = hover(analysis, projects, cell, units.place(position, lines))
            if found is None:
                return None
            content = types.MarkupContent(types.MarkupKind.Markdown, found[0])
            return types.Hover(content, units.range(found[1], lines))

        return await self._ask(view, ASKED, find)

    async def hints(self, uri: str, wanted: types.Range) -> list[types.InlayHint]:
        """Which file each load in a range reads."""
        view = self._view(self.primary(uri))
        if view is None:
            return []
        cell, units = view.cell_of(uri), self.answers().units

        def find(analysis: Analysis, projects: Projects) -> list[types.InlayHint]:
            lines = analysis.lines(cell)
            within = units.span(wanted, lines)
            return [
                types.InlayHint(
                    units.position(hint.place.start, lines),
                    hint.label,
                    tooltip=types.MarkupContent(types.MarkupKind.Markdown, hint.tooltip),
                    padding_left=True,
                )
                for hint in hints_in(analysis, projects, cell, within)
            ]

        return await self._ask(view, ASKED, find) or []

    async def inspect(self, path: str) -> dict[str, Any]:
        """What a checkpoint holds and needs; it is read in the thread that may take long."""
        place = to_fs_path(path) if path.startswith("file:") else path
        return await self._desks[True].inspect(Path(place or path), self._now)

    async def _ask(
        self, view: View, urgency: int, question: Callable[[Analysis, Projects], T]
    ) -> T | None:
        """Ask about a view, in the thread for texts of its length; what goes wrong is reported,
        once, and gives None.
        """
        desk = self._desks[len(view.text) > LONG]
        versions, now = self._versions(view), self._now
        try:
            answer, error = await desk.ask(view, versions, now, urgency, question)
        except Exception as wrong:  # noqa: BLE001 - one text must not end the server for the others
            _LOG.exception("a document could not be checked")
            answer, error = None, f"internal error: {type(wrong).__name__}: {wrong}"
        self._complain(view.uri, error)
        return answer


def _asked(kind: str, only: Iterable[str]) -> bool:
    """Whether a client that names the kinds it wants (or their parents) wants this one."""
    wanted = [str(getattr(one, "value", one)) for one in only]
    return not wanted or any(kind == one or kind.startswith(f"{one}.") for one in wanted)
