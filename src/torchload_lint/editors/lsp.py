"""The language server: ``torchload-lint server``, over standard input and output.

Texts are checked as they stand in the editor, saved or not. Checking runs in one thread beside the
one that talks to the client, newest text first, so that no keystroke waits for it. Clients that
ask for diagnostics (3.17) get them when they ask; to others they are sent. Those of notebooks are
always sent: many clients that ask do not ask for cells (VS Code's, up to its version 9).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from torchload_lint import __version__
from torchload_lint.editors.answers import FIX_ALL
from torchload_lint.editors.sessions import CONFIGURATION_FILES, Session
from torchload_lint.reports.report import TOOL

if TYPE_CHECKING:
    from collections.abc import Sequence

DEBOUNCE_SECONDS = 0.2
_WATCHED = (
    *(f"**/{name}" for name in CONFIGURATION_FILES),
    "**/*.{pt,pth,ckpt,bin,tar,th,pkl,pickle,model,safetensors}",
)


class Server(LanguageServer):
    """pygls' server, with the session that answers it."""

    def __init__(self) -> None:
        # Whole texts are sent: pygls applies partial changes with lines that also end at form
        # feeds, which neither Python nor the client sees as line ends.
        super().__init__(
            TOOL,
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            notebook_document_sync=types.NotebookDocumentSyncOptions(
                notebook_selector=[
                    types.NotebookDocumentFilterWithNotebook(
                        notebook="jupyter-notebook",
                        cells=[types.NotebookCellLanguage("python")],
                    )
                ],
                save=True,
            ),
        )
        self.session = Session(self)
        self.waiting: dict[str, asyncio.Task[None]] = {}

    def publish_soon(self, uri: str, delay: float = 0.0) -> None:
        """Check a document and send what is found, unless the client asks by itself."""
        primary = self.session.primary(uri)
        if self.session.asks_for(primary):
            return
        if task := self.waiting.pop(primary, None):
            task.cancel()
        self.waiting[primary] = asyncio.ensure_future(self._publish(primary, delay))

    async def _publish(self, uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        analysis = await self.session.analysis(uri)
        if analysis is None:
            return
        for document in analysis.view.cell_uris or (uri,):
            found = self.session.answers().diagnostics(analysis, document)
            version = self.session.version_of(document)
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document, found, version)
            )

    def refresh(self) -> None:
        """Something outside the documents has changed: all are to be checked again."""
        self.session.forget()
        if self.session.pulls and self.session.refreshes:
            self.workspace_diagnostic_refresh(None)
        for uri in self.session.open_uris():
            self.publish_soon(uri)


def create() -> Server:
    """A server with everything registered."""
    server = Server()
    _register_lifecycle(server)
    _register_documents(server)
    _register_notebooks(server)
    _register_questions(server)
    return server


def serve() -> None:
    """Serve on standard input and output until the client leaves."""
    create().start_io()


def _register_lifecycle(server: Server) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.session.configure(params.initialization_options)

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await _ask_for_settings(server)
        if not server.session.can_watch:
            return
        watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration(f"{TOOL}-files", method, options)
        server.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched_files(_: types.DidChangeWatchedFilesParams) -> None:
        server.refresh()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configuration(params: types.DidChangeConfigurationParams) -> None:
        server.session.configure(params.settings)
        await _ask_for_settings(server)
        server.refresh()


async def _ask_for_settings(server: Server) -> None:
    """Newer clients do not send their settings, but answer when they are asked."""
    if not server.session.can_be_asked:
        return
    item = types.ConfigurationItem(section=TOOL)
    (settings,) = await server.workspace_configuration_async(types.ConfigurationParams([item]))
    server.session.configure(settings)


def _register_documents(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.publish_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.publish_soon(params.text_document.uri, DEBOUNCE_SECONDS)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveTextDocumentParams) -> None:
        server.refresh()  # what other files say of this one may have changed

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        _close(server, uri, () if server.session.pulls else [uri])


def _register_notebooks(server: Server) -> None:
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenNotebookDocumentParams) -> None:
        server.publish_soon(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeNotebookDocumentParams) -> None:
        server.publish_soon(params.notebook_document.uri, DEBOUNCE_SECONDS)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveNotebookDocumentParams) -> None:
        server.refresh()

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseNotebookDocumentParams) -> None:
        cells = [cell.uri for cell in params.cell_text_documents]
        _close(server, params.notebook_document.uri, cells)


def _close(server: Server, uri: str, sent: Sequence[str]) -> None:
    """A closed document has no findings: those that were sent are taken back."""
    server.session.drop(uri)
    if task := server.waiting.pop(uri, None):
        task.cancel()
    for document in sent:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document, []))


def _register_questions(server: Server) -> None:
    session = server.session

    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(
            identifier=TOOL, inter_file_dependencies=True, workspace_diagnostics=False
        ),
    )
    async def diagnostic(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        uri = params.text_document.uri
        if not session.asks_for(session.primary(uri)):
            return types.RelatedFullDocumentDiagnosticReport([])  # they are sent: not to be doubled
        analysis = await session.analysis(uri)
        result_id = session.result_id(uri)
        if result_id == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id)
        found = [] if analysis is None else session.answers().diagnostics(analysis, uri)
        return types.RelatedFullDocumentDiagnosticReport(found, result_id=result_id)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL]),
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await session.actions(
            params.text_document.uri, params.range, params.context.only or ()
        )

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        return await session.hover(params.text_document.uri, params.position)
