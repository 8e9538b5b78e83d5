"""One client's session: its settings, its open documents, and what was found in them."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.uris import to_fs_path

from torchload_lint.config import ConfigError
from torchload_lint.editors.answers import FIX_ALL, Answers
from torchload_lint.editors.hover import hover
from torchload_lint.editors.positions import Units
from torchload_lint.editors.views import Analysis, View, analyse, fixed_text
from torchload_lint.workspace import Projects, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pygls.lsp.server import LanguageServer
    from pygls.workspace import TextDocument

    T = TypeVar("T")

_LOG = logging.getLogger(__name__)
SETTINGS_KEY = "torchload-lint"
CONFIGURATION_FILES = ("pyproject.toml", "torchload-lint.toml", ".torchload-lint.toml")
_CELL_TYPES = {types.NotebookCellKind.Code: "code", types.NotebookCellKind.Markup: "markdown"}


class Session:
    """Everything that is remembered between questions."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._settings = Settings()
        self._projects = Projects(self._settings)
        self._epoch = 0
        self._kept: dict[str, tuple[tuple[int, ...], Analysis]] = {}
        self._complaint = ""
        # One worker: the projects' caches are shared, and a text is checked in milliseconds.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="check")

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

    def configure(self, settings: Any) -> None:  # noqa: ANN401 - JSON from the client
        """Take the client's settings over: keys of the configuration, in camel or kebab case.

        They may stand below the name of this tool. Others' settings leave ours as they are.
        """
        given = _object(settings)
        given = _object(given.get(SETTINGS_KEY, given.get("settings", given)))
        if not given:
            return
        file = given.pop("configuration", None) or None
        overrides, unknown = _overrides(given)
        if unknown:
            self._complain(f"unknown or wrong settings: {', '.join(unknown)}")
        self._settings = Settings(Path(str(file)) if file else None, overrides=overrides)
        self.forget()

    def forget(self) -> None:
        """Files on the disk, or the settings, have changed."""
        self._epoch += 1
        try:
            self._projects = Projects(self._settings)
        except ConfigError as error:
            self._complain(str(error))
            self._projects = Projects(Settings())

    def _complain(self, message: str) -> None:
        """Show a message once, and not with each key that is pressed."""
        if message != self._complaint:
            self._complaint = message
            self._server.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, f"{SETTINGS_KEY}: {message}")
            )

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

    def result_id(self, uri: str) -> str:
        """Changes whenever the diagnostics of a document may have."""
        view = self._view(self.primary(uri))
        return "-".join(map(str, self._stamp(view))) if view else str(self._epoch)

    def drop(self, uri: str) -> None:
        """A document was closed."""
        self._kept.pop(uri, None)

    def _stamp(self, view: View) -> tuple[int, ...]:
        versions = (self.version_of(uri) or 0 for uri in view.cell_uris)
        return (self._epoch, view.version, *versions)

    def _view(self, uri: str) -> View | None:
        """What the client shows now; None where the document is not open."""
        path = Path(to_fs_path(uri) or "untitled.py")
        if notebook := self._notebook(uri):
            cells = {
                cell.document: (_CELL_TYPES.get(cell.kind, "raw"), self._text(cell.document))
                for cell in notebook.cells
            }
            return View.of_cells(uri, path.with_suffix(".ipynb"), notebook.version, cells)
        document = self._document(uri)
        if document is None:
            return None
        return View(uri, path, document.version or 0, document.source)

    def _text(self, uri: str) -> str:
        document = self._document(uri)
        return document.source if document else ""

    # Questions

    async def analysis(self, uri: str) -> Analysis | None:
        """The findings for the text as it is now; None where it is closed or cannot be checked."""
        uri = self.primary(uri)
        view = self._view(uri)
        if view is None:
            return None
        stamp = self._stamp(view)
        kept = self._kept.get(uri)
        if kept and kept[0] == stamp:
            return kept[1]
        analysis = await self._beside(lambda: analyse(view, self._projects))
        if analysis is not None:
            self._kept[uri] = (stamp, analysis)
        return analysis

    async def actions(
        self, uri: str, wanted: types.Range, only: Sequence[str]
    ) -> list[types.CodeAction]:
        """Quick fixes in a range, and the one action that fixes all."""
        analysis = await self.analysis(uri)
        if analysis is None:
            return []
        answers = self.answers()
        found: list[types.CodeAction] = []
        if _asked(types.CodeActionKind.QuickFix.value, only):
            found += answers.quick_fixes(analysis, uri, wanted)
        if _asked(FIX_ALL, only) and any(d.fix for d in analysis.result.diagnostics):
            view = analysis.view
            fixed = await self._beside(lambda: fixed_text(view, self._projects))
            action = None if fixed is None else answers.fix_all(analysis, fixed)
            found += [] if action is None else [action]
        return found

    async def hover(self, uri: str, position: types.Position) -> types.Hover | None:
        """What is known of the place under the mouse."""
        analysis = await self.analysis(uri)
        if analysis is None:
            return None
        cell = analysis.view.cell_of(uri)
        units, lines = self.answers().units, analysis.lines(cell)
        place = units.place(position, lines)
        found = await self._beside(lambda: hover(analysis, self._projects, cell, place))
        if found is None:
            return None
        text, span = found
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, units.range(span, lines))

    async def _beside(self, work: Callable[[], T]) -> T | None:
        """Do it in the worker; what goes wrong is reported, once, and gives None."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except ConfigError as error:
            self._complain(str(error))
        except Exception as error:  # noqa: BLE001 - one text must not end the server for the others
            _LOG.exception("a document could not be checked")
            self._complain(f"internal error: {type(error).__name__}: {error}")
        return None


def _asked(kind: str, only: Iterable[str]) -> bool:
    """Whether a client that names the kinds it wants (or their parents) wants this one."""
    wanted = [str(getattr(one, "value", one)) for one in only]
    return not wanted or any(kind == one or kind.startswith(f"{one}.") for one in wanted)


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON from the client
    """A JSON object as a dictionary of our own; an empty one for anything else."""
    return dict(value) if isinstance(value, dict) else {}


def _overrides(given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Settings as fields of Config; and the names of those that are unknown, or of another type."""
    overrides: dict[str, Any] = {}
    unknown: list[str] = []
    for key, value in given.items():
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in key).replace("-", "_")
        if name in _LISTS and isinstance(value, list):
            overrides[name] = tuple(map(str, value))
        elif isinstance(value, _PLAIN.get(name, ())):
            overrides[name] = value
        else:
            unknown.append(key)
    return overrides, sorted(unknown)


_LISTS = frozenset(
    """
    select ignore extend_select extend_ignore fixable unfixable trusted checkpoint_roots src
    """.split()
)
_PLAIN = {"target_torch": str, "unsafe_fixes": bool}
