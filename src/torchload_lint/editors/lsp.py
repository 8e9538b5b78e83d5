"""The language server: ``torchload-lint server``, over standard input and output.

Texts are checked as they stand in the editor, saved or not, and among the others as they stand
there. Checking runs in threads beside the one that talks to the client, what is asked for first, so
that no keystroke waits for it. Clients that
ask for diagnostics (3.17) get them when they ask; to others they are sent. Those of notebooks are
always sent: many clients that ask do not ask for cells (VS Code's, up to its version 9).
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from torchload_lint import __version__
from torchload_lint.configuration_files import OWN_FILES
from torchload_lint.editors.checkpoint_answer import in_a_message
from torchload_lint.editors.lane import BACKGROUND, TYPED
from torchload_lint.editors.lsp_answers import FIX_ALL, SHOW
from torchload_lint.editors.protocol import Input, Protocol, log_in_rows
from torchload_lint.editors.sessions import Session
from torchload_lint.reports.run_report import TOOL

if TYPE_CHECKING:
    from typing import BinaryIO

    from pygls.server import ServerErrors

    from torchload_lint.diagnostic import Diagnostic

DEBOUNCE_SECONDS = 0.2
OTHERS_SECONDS = 1.0
"""After so much time without a change, the other documents are checked again."""
MOST_LOOKED_AT = 50
"""So many of the documents that a client has asked for are looked at again, the latest ones."""
INSPECT = f"{TOOL}.inspect"
"""A command of the server: the path of a checkpoint in (or its address, ``file:///…``),
``checkpoint_answer`` out.
"""
_WANTED = "the argument is the path of a checkpoint"
_WATCHED = (
    *(f"**/{name}" for name in (*OWN_FILES, "pyproject.toml", "setup.cfg", "*requirements*.txt")),
    "**/*.{py,ipynb,yaml,yml,json}",
    "**/*.{pt,pth,ckpt,bin,tar,th,pkl,pickle,model,safetensors,ptl,chkpt,checkpoint}",
)


class Server(LanguageServer):
    """pygls' server, with the session that answers it."""

    def __init__(self) -> None:
        # Whole texts are sent: pygls applies partial changes with lines that also end at form
        # feeds, which neither Python nor the client sees as line ends.
        super().__init__(
            TOOL,
            __version__,
            protocol_cls=Protocol,
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
        self.left_in_order = False
        """Whether the client has said that it is about to leave."""
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._others: asyncio.TimerHandle | None = None
        self._sent: dict[str, dict[str, types.PublishDiagnosticsParams]] = {}
        """What was sent for the documents of each text or notebook."""
        self.told: dict[str, tuple[Diagnostic, ...]] = {}
        """What clients that ask were told of each text, the latest at the end."""
        self._looking: asyncio.Task[None] | None = None

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """Answer what is no JSON; of other faults of a client nobody has to be told."""
        if source is JsonRpcException and isinstance(self.protocol, Protocol):
            self.protocol.refuse_what_is_no_json(error)
        elif not isinstance(error, JsonRpcException):
            super().report_server_error(error, source)

    def publish_soon(self, uri: str, delay: float = 0.0, urgency: int = TYPED) -> None:
        """Check a document and send what is found, unless the client asks by itself."""
        primary = self.session.primary(uri)
        if self.session.asks_for(primary):
            return
        if task := self._waiting.pop(primary, None):
            task.cancel()
        self._waiting[primary] = asyncio.ensure_future(self._publish(primary, delay, urgency))

    async def _publish(self, uri: str, delay: float, urgency: int) -> None:
        await asyncio.sleep(delay)
        analysis = await self.session.analysis(uri, urgency)
        if analysis is None:
            return
        answers, before = self.session.answers(), self._sent.get(uri, {})
        found = {
            document: types.PublishDiagnosticsParams(
                document,
                answers.diagnostics(analysis, document),
                self.session.version_of(document),
            )
            for document in analysis.view.cell_uris or (uri,)
        }
        self._sent[uri] = found
        for document, params in found.items():
            if before.get(document) != params:
                self.text_document_publish_diagnostics(params)
        for document in before.keys() - found.keys():  # a cell that is gone
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document, []))

    def publish_others(self, delay: float = OTHERS_SECONDS) -> None:
        """Check all open documents again when nothing else is to be done: one of them, or a file,
        has changed, on which the findings in others may rest.
        """
        for begun in (self._others, self._looking):
            if begun is not None:
                begun.cancel()
        self._others = asyncio.get_running_loop().call_later(delay, self._publish_all)

    def _publish_all(self) -> None:
        for uri in self.session.open_uris():
            task = self._waiting.get(uri)
            if task is None or task.done():
                self.publish_soon(uri, urgency=BACKGROUND)
        if self.told and self.session.refreshes:
            self._looking = asyncio.ensure_future(self._refresh_where_others_change())

    async def _refresh_where_others_change(self) -> None:
        """Let a client that asks do so again where what it was told of a text is no more so."""
        changed = False
        for uri in list(self.told)[-MOST_LOOKED_AT:]:
            analysis = await self.session.analysis(uri, BACKGROUND)
            if analysis is not None and analysis.result.diagnostics != self.told.get(uri):
                self.told[uri] = analysis.result.diagnostics
                changed = True
        if changed:
            self.workspace_diagnostic_refresh(None)

    def refresh(self) -> None:
        """Something outside the documents has changed: all are to be checked again."""
        self.session.forget()
        self.ask_again()

    def ask_again(self) -> None:
        """Let all findings be looked at again, by whoever does so."""
        if self.session.pulls and self.session.refreshes:
            self.workspace_diagnostic_refresh(None)
        self.publish_others(0)

    def close(self, uri: str) -> None:
        """A closed document has no findings: those that were sent are taken back."""
        self.session.drop(uri)
        self.told.pop(uri, None)
        if task := self._waiting.pop(uri, None):
            task.cancel()
        for document in self._sent.pop(uri, {}):
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document, []))
        self.publish_others()


def create() -> Server:
    """A server with everything registered."""
    server = Server()
    _register_lifecycle(server)
    _register_documents(server)
    _register_notebooks(server)
    _register_questions(server)
    _register_commands(server)
    return server


def serve() -> int:
    """Serve on standard input and output until the client leaves; the exit status, which is 0
    where it has said so before (``shutdown``).
    """
    log_in_rows()
    server = create()
    # The protocol has standard output to itself: whatever else is printed must not get into it.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as protocol:
        sys.stdout = sys.stderr
        server.start_io(cast("BinaryIO", Input(sys.stdin.buffer)), protocol)
    return 0 if server.left_in_order else 1


def _register_lifecycle(server: Server) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.session.begin(params.initialization_options)

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

    @server.feature(types.SHUTDOWN)
    def shutdown(_: None) -> None:
        server.left_in_order = True

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched_files(_: types.DidChangeWatchedFilesParams) -> None:
        server.ask_again()  # what has changed is found before the next answer

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configuration(params: types.DidChangeConfigurationParams) -> None:
        server.session.configure(params.settings)
        await _ask_for_settings(server)
        server.ask_again()


async def _ask_for_settings(server: Server) -> None:
    """Newer clients do not send their settings, but answer when they are asked."""
    if not server.session.can_be_asked:
        return
    item = types.ConfigurationItem(section=TOOL)
    (settings,) = await server.workspace_configuration_async(types.ConfigurationParams([item]))
    if settings is not None:
        server.session.configure({TOOL: settings})


def _register_documents(server: Server) -> None:
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        session.note(params.text_document.uri)
        server.publish_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        session.note(params.text_document.uri)
        server.publish_soon(params.text_document.uri, DEBOUNCE_SECONDS)
        server.publish_others()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveTextDocumentParams) -> None:
        server.ask_again()  # what other files say of this one may have changed

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        session.note(params.text_document.uri)
        server.close(params.text_document.uri)


def _register_notebooks(server: Server) -> None:
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenNotebookDocumentParams) -> None:
        server.publish_soon(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeNotebookDocumentParams) -> None:
        server.publish_soon(params.notebook_document.uri, DEBOUNCE_SECONDS)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveNotebookDocumentParams) -> None:
        server.ask_again()

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseNotebookDocumentParams) -> None:
        server.close(params.notebook_document.uri)


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
        if analysis is None:
            return types.RelatedFullDocumentDiagnosticReport([])
        server.told.pop(uri, None)
        server.told[uri] = analysis.result.diagnostics
        if analysis.result_id == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(analysis.result_id)
        found = session.answers().diagnostics(analysis, uri)
        return types.RelatedFullDocumentDiagnosticReport(found, result_id=analysis.result_id)

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

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        return await session.hints(params.text_document.uri, params.range)


def _register_commands(server: Server) -> None:
    session = server.session

    @server.command(INSPECT)
    async def inspect(path: str) -> dict[str, Any]:
        if not path:
            raise JsonRpcInvalidParams(_WANTED)
        return await session.inspect(path)

    @server.command(SHOW)
    async def show(path: str) -> None:
        if not path:
            raise JsonRpcInvalidParams(_WANTED)
        said = in_a_message(await session.inspect(path))
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, said))
