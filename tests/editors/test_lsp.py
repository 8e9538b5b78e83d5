"""The language server, end to end: a real client process talks to a real server process."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls")
pytest_lsp = pytest.importorskip("pytest_lsp")

from lsprotocol import types  # noqa: E402 - only where it is installed
from pytest_lsp import (  # noqa: E402
    ClientServerConfig,
    LanguageClient,
    client_capabilities,
    make_test_lsp_client,
)

pytestmark = pytest.mark.asyncio

SOURCE = Path(__file__).parents[2] / "src"
COMMAND = [sys.executable, "-m", "torchload_lint", "server"]


def make_client():
    """pytest-lsp's client, which does not know what it is asked to watch."""
    client = make_test_lsp_client()
    client.registered = []

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params):
        client.registered += params.registrations

    return client


CONFIG = ClientServerConfig(
    server_command=COMMAND,
    client_factory=make_client,
    server_env={**os.environ, "PYTHONPATH": str(SOURCE)},
)
NOTES_TOO = '[tool.torchload-lint]\nmin-severity = "info"\n'
CODE = """\
import torch

é = "😀"; net.load_state_dict(torch.load(path))  # noqa: TLL999, TLL101
other = torch.load("m.pt", weights_only=False)
"""


def capabilities(name):
    known = client_capabilities(name)
    if name == "visual-studio-code":  # the recorded one is older than these two
        assert known.text_document
        assert known.workspace
        known.text_document.diagnostic = types.DiagnosticClientCapabilities()
        known.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(
            refresh_support=True
        )
        known.notebook_document = types.NotebookDocumentClientCapabilities(
            types.NotebookDocumentSyncClientCapabilities()
        )
    return known


async def start(client, name, root, **settings):
    params = types.InitializeParams(
        capabilities=capabilities(name),
        root_uri=root.as_uri(),
        initialization_options=settings or None,
    )
    client.init_result = await client.initialize_session(params)


@pytest_lsp.fixture(config=CONFIG, params=["neovim", "visual-studio-code", "emacs"])
async def client(lsp_client: LanguageClient, request, tmp_path):
    await start(lsp_client, request.param, tmp_path)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=CONFIG)
async def emacs(lsp_client: LanguageClient, tmp_path):
    """A client that waits for diagnostics to be sent."""
    await start(lsp_client, "emacs", tmp_path)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=CONFIG)
async def code(lsp_client: LanguageClient, tmp_path):
    """A client that asks for diagnostics, and knows notebooks."""
    await start(lsp_client, "visual-studio-code", tmp_path)
    yield
    await lsp_client.shutdown_session()


def open_text(client, path, text):
    item = types.TextDocumentItem(path.as_uri(), "python", 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return path.as_uri()


def change(client, uri, version, text):
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version, uri),
            [types.TextDocumentContentChangeWholeDocument(text)],
        )
    )


async def pulled(client, uri, previous=None):
    asked = types.DocumentDiagnosticParams(
        types.TextDocumentIdentifier(uri), previous_result_id=previous
    )
    return await client.text_document_diagnostic_async(asked)


async def diagnostics(client, uri):
    """Whichever way this client gets them."""
    if client.capabilities.text_document.diagnostic:
        return list((await pulled(client, uri)).items)
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(client.diagnostics[uri])


async def sent(client, uris):
    """Wait until the findings of all these documents have been sent."""
    while not set(uris) <= set(client.diagnostics):
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)


def codes(found):
    return [diagnostic.code for diagnostic in found]


async def actions(client, uri, line, only=None):
    place = types.Range(types.Position(line, 0), types.Position(line, 200))
    context = types.CodeActionContext([], only=only)
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
    return await client.text_document_code_action_async(params) or []


def texts_after(edit, uri, text, encoding):
    """A client's own way of applying an edit."""
    if edit.document_changes is not None:
        (found,) = [change for change in edit.document_changes if change.text_document.uri == uri]
        edits = found.edits
    else:
        edits = edit.changes[uri]
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    lines = text.split("\n")

    def offset(position):
        before = sum(len(line) + 1 for line in lines[: position.line])
        line = lines[position.line].encode(codec) if position.line < len(lines) else b""
        return before + len(line[: position.character * width].decode(codec))

    for one in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character))[::-1]:
        text = text[: offset(one.range.start)] + one.new_text + text[offset(one.range.end) :]
    return text


# --- every client


async def test_diagnostics_in_the_clients_own_units(client: LanguageClient, tmp_path):
    # A name that a URI can only hold in other characters.
    (tmp_path / "pyproject.toml").write_text(NOTES_TOO)
    uri = open_text(client, tmp_path / "ä b.py", CODE)
    found = await diagnostics(client, uri)
    (implicit,) = [one for one in found if one.code == "TLL102"]
    encoding = client.init_result.capabilities.position_encoding or "utf-16"
    encoding = getattr(encoding, "value", encoding)
    before = 'é = "😀"; net.load_state_dict('
    expected = {
        "utf-8": len(before.encode()),
        "utf-16": len(before.encode("utf-16-le")) // 2,
        "utf-32": len(before),
    }
    assert implicit.range.start == types.Position(2, expected[encoding])
    assert implicit.source == "torchload-lint"
    assert implicit.code_description.href.startswith("https://")
    # The fix, applied by the client in its units, lands at the right place.
    fixes = [one for one in await actions(client, uri, 2) if one.is_preferred]
    text = texts_after(fixes[0].edit, uri, CODE, encoding)
    assert "torch.load(path, weights_only=True))  # noqa" in text


async def test_unsaved_text_is_what_counts(client: LanguageClient, tmp_path):
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    uri = open_text(client, path, CODE)
    assert "TLL101" in codes(await diagnostics(client, uri))
    change(client, uri, 2, "import torch\n")
    assert await diagnostics(client, uri) == []
    assert path.read_text() == "x = 1\n"


# --- one client each


async def test_a_closed_document_has_no_diagnostics(emacs: LanguageClient, tmp_path):
    uri = open_text(emacs, tmp_path / "a.py", CODE)
    assert await diagnostics(emacs, uri)
    emacs.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )
    assert await diagnostics(emacs, uri) == []


async def test_keystrokes_do_not_wait_for_the_linter(emacs: LanguageClient, tmp_path):
    uri = open_text(emacs, tmp_path / "a.py", CODE)
    for version in range(2, 40):
        change(emacs, uri, version, CODE * version)
    change(emacs, uri, 40, "import torch\ntorch.load(p, weights_only=False)\n")
    found = []
    while not found or len(found) > 1:
        found = await asyncio.wait_for(diagnostics(emacs, uri), 20)
    assert codes(found) == ["TLL101"]


async def test_unchanged_text_is_not_told_again(code: LanguageClient, tmp_path):
    uri = open_text(code, tmp_path / "a.py", CODE)
    first = await pulled(code, uri)
    again = await pulled(code, uri, first.result_id)
    assert again.kind == "unchanged"
    change(code, uri, 2, CODE + "\n")
    assert (await pulled(code, uri, first.result_id)).kind == "full"


async def test_a_load_that_fails_here_and_is_unsafe_there_is_one_finding(
    code: LanguageClient, tmp_path
):
    """Before torch 2.6 the load is unsafe, from then on it fails: one fix answers both."""
    needs = '[tool.torchload-lint.checkpoints]\n"m.pt" = ["argparse.Namespace"]\n'
    (tmp_path / "pyproject.toml").write_text(
        '[tool.torchload-lint]\ntarget-torch = ">=2.5"\n' + needs
    )
    uri = open_text(code, tmp_path / "a.py", 'import torch\nm = torch.load("m.pt")\n')
    found = await diagnostics(code, uri)
    assert codes(found) == ["TLL103"]
    (fix,) = [one for one in await actions(code, uri, 1, only=["quickfix"]) if one.is_preferred]
    assert codes(fix.diagnostics) == ["TLL103"]


async def test_a_load_that_will_fail_is_one_finding(code: LanguageClient, tmp_path):
    needs = '[tool.torchload-lint.checkpoints]\n"m.pt" = ["argparse.Namespace"]\n'
    (tmp_path / "pyproject.toml").write_text(needs)
    uri = open_text(code, tmp_path / "a.py", 'import torch\nm = torch.load("m.pt")\n')
    assert codes(await diagnostics(code, uri)) == ["TLL103"]


async def test_suppress_with_a_comment(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text(NOTES_TOO)
    uri = open_text(code, tmp_path / "a.py", "import torch\ntorch.load(p)\n")
    (action,) = [one for one in await actions(code, uri, 1) if "noqa" in one.title]
    text = texts_after(action.edit, uri, "import torch\ntorch.load(p)\n", "utf-16")
    assert text == "import torch\ntorch.load(p)  # noqa: TLL102\n"
    change(code, uri, 2, text)
    # Edits name the version that they are for, so that a client can refuse a late one.
    assert action.edit.document_changes[0].text_document.version == 1


async def test_fix_all_holds_only_safe_fixes(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text(NOTES_TOO)
    text = "import torch\n\na = torch.load(p)\nb = torch.load(q)\n"
    uri = open_text(code, tmp_path / "a.py", text)
    found = await actions(code, uri, 0, only=["source.fixAll"])
    assert [one.kind for one in found] == ["source.fixAll.torchload-lint"]
    assert texts_after(found[0].edit, uri, text, "utf-16") == (
        "import torch\n\n"
        "a = torch.load(p, weights_only=True)\nb = torch.load(q, weights_only=True)\n"
    )
    assert await actions(code, uri, 0, only=["source.organizeImports"]) == []
    assert {one.kind for one in await actions(code, uri, 2, only=["quickfix"])} == {"quickfix"}


async def test_fix_all_leaves_unsafe_fixes_alone(code: LanguageClient, tmp_path):
    text = (
        "import torch\ndef resume(p):\n    c = torch.load(p, weights_only=False)\n"
        "    net.load_state_dict(c['net'])\n"
    )
    uri = open_text(code, tmp_path / "a.py", text)
    assert "TLL101" in codes(await diagnostics(code, uri))
    (fix,) = [one for one in await actions(code, uri, 2) if "noqa" not in one.title]
    assert fix.title.endswith(
        "(unsafe: only items of the value are used, as a state dict; the file may hold more)"
    )
    assert not fix.is_preferred
    assert await actions(code, uri, 1, only=["source.fixAll"]) == []


async def hover(client, uri, line, character):
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
    return await client.text_document_hover_async(params)


async def test_hover_on_a_code_shows_the_rules_page(code: LanguageClient, tmp_path):
    text = "import torch\ntorch.load(p)  # noqa: TLL102, TLL999\n"
    uri = open_text(code, tmp_path / "a.py", text)
    shown = await hover(code, uri, 1, text.split("\n")[1].index("TLL102") + 2)
    assert shown.contents.value.startswith("# implicit-weights-only (TLL102)")
    assert "## Why is this bad?" in shown.contents.value
    assert shown.range.end.character - shown.range.start.character == len("TLL102")
    assert await hover(code, uri, 1, text.split("\n")[1].index("TLL999") + 2) is None
    assert await hover(code, uri, 0, 3) is None


async def test_hover_on_a_load_shows_what_the_checkpoint_holds(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\nmin-severity = "info"\n')
    (tmp_path / "m.pt").write_bytes(b"<html>not found</html>")
    text = 'import torch\nx = torch.load("m.pt")\ny = torch.load("none.pt")\n'
    uri = open_text(code, tmp_path / "a.py", text)
    shown = await hover(code, uri, 1, 8)
    assert "`m.pt`" in shown.contents.value
    assert "**is not a readable checkpoint**" in shown.contents.value
    missing = await hover(code, uri, 2, 8)
    assert "`none.pt`: no file there" in missing.contents.value


async def test_files_that_are_alike_stand_together(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\nmin-severity = "info"\n')
    for number in range(4):
        (tmp_path / f"m{number}.pt").write_bytes(b"<html>not found</html>")
    text = 'import torch\nfor n in range(4):\n    torch.load(f"m{n}.pt")\n'
    uri = open_text(code, tmp_path / "a.py", text)
    shown = (await hover(code, uri, 2, 8)).contents.value
    assert "- `m0.pt` and 3 more like it (html): **is not a readable checkpoint**" in shown
    assert "m1.pt" not in shown


async def test_a_checkpoint_that_changes_is_read_again(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\nmin-severity = "info"\n')
    uri = open_text(code, tmp_path / "a.py", 'import torch\nx = torch.load("m.pt")\n')
    first = await pulled(code, uri)
    assert "TLL502" in codes(first.items)
    # What torch's legacy format starts with is a pickle; this one is an empty dict (protocol 2).
    (tmp_path / "m.pt").write_bytes(pickle.dumps({}, protocol=2))
    event = types.FileEvent((tmp_path / "m.pt").as_uri(), types.FileChangeType.Created)
    code.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    second = await pulled(code, uri, first.result_id)
    assert second.kind == "full"
    assert not [one for one in second.items if "is not there" in one.message]


async def test_configuration_files_and_settings_are_followed(code: LanguageClient, tmp_path):
    config = tmp_path / "pyproject.toml"
    config.write_text(NOTES_TOO)
    uri = open_text(code, tmp_path / "a.py", "import torch\nx = torch.load(p)\n")
    assert codes(await diagnostics(code, uri)) == ["TLL102"]
    config.write_text('[tool.torchload-lint]\nignore = ["TLL102"]\n')
    event = types.FileEvent(config.as_uri(), types.FileChangeType.Changed)
    code.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    assert await diagnostics(code, uri) == []
    settings = {"torchload-lint": {"ignore": [], "select": ["TLL102"]}}
    code.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    assert codes(await diagnostics(code, uri)) == ["TLL102"]


async def test_settings_are_asked_for(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text(NOTES_TOO)
    uri = open_text(code, tmp_path / "a.py", "import torch\nx = torch.load(p)\n")
    assert codes(await diagnostics(code, uri)) == ["TLL102"]
    code.set_configuration({"torchload-lint": {"extendIgnore": ["TLL102"]}})
    code.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    found = [None]
    for _ in range(50):  # until the server has asked and been answered
        found = await diagnostics(code, uri)
        if not found:
            break
        await asyncio.sleep(0.1)
    assert found == []


async def test_wrong_settings_are_named(emacs: LanguageClient, tmp_path):
    settings = {"torchload-lint": {"selct": ["TLL1"], "src": "x", "ignore": ["TLL102"]}}
    emacs.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    await emacs.wait_for_notification(types.WINDOW_SHOW_MESSAGE)
    assert emacs.messages[-1].message == (
        "torchload-lint: unknown setting 'selct' (did you mean 'select'?); "
        "src must be a list of strings, not a string"
    )
    uri = open_text(emacs, tmp_path / "a.py", "import torch\nx = torch.load(p)\n")
    assert await diagnostics(emacs, uri) == []


async def test_files_are_watched_where_the_client_can(emacs: LanguageClient, tmp_path):
    open_text(emacs, tmp_path / "a.py", "")
    await diagnostics(emacs, (tmp_path / "a.py").as_uri())
    for _ in range(100):  # the request comes when the client is ready, not with the diagnostics
        if emacs.registered:
            break
        await asyncio.sleep(0.1)
    (registration,) = emacs.registered
    assert registration.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    globs = str(registration.register_options)
    assert "pyproject.toml" in globs
    assert "ckpt" in globs


async def test_a_wrong_configuration_is_said_once(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\nnonsense = 1\n")
    uri = open_text(code, tmp_path / "a.py", "import torch\nx = torch.load(p)\n")
    assert await diagnostics(code, uri) == []
    change(code, uri, 2, "import torch\nx = torch.load(q)\n")
    assert await diagnostics(code, uri) == []
    assert len([one for one in code.messages if "nonsense" in one.message]) == 1


def notebook(path, *cells):
    # As VS Code names them where it runs on another machine.
    host = "vscode-notebook-cell://127.0.0.1:8080"
    uris = [f"{host}{path}#W{number}sZmlsZQ%3D%3D" for number in range(len(cells))]
    document = types.NotebookDocument(
        path.as_uri(),
        "jupyter-notebook",
        1,
        [types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in uris],
    )
    items = [
        types.TextDocumentItem(uri, "python", 1, text)
        for uri, text in zip(uris, cells, strict=True)
    ]
    return uris, types.DidOpenNotebookDocumentParams(document, items)


async def test_notebook_cells_are_documents_of_their_own(code: LanguageClient, tmp_path):
    (tmp_path / "pyproject.toml").write_text(NOTES_TOO)
    cells = ("import torch", "%time\nx = 1", "net.load_state_dict(torch.load(p))")
    uris, opened = notebook(tmp_path / "n ö.ipynb", *cells)
    code.notebook_document_did_open(opened)
    # They are sent to every client, and not told twice to one that asks.
    await sent(code, uris)
    assert [codes(code.diagnostics[uri]) for uri in uris] == [[], [], ["TLL102"]]
    assert not (await pulled(code, uris[2])).items
    (found,) = code.diagnostics[uris[2]]
    assert found.range.start == types.Position(0, 20)
    (fix,) = [one for one in await actions(code, uris[2], 0) if one.is_preferred]
    assert texts_after(fix.edit, uris[2], cells[2], "utf-16") == (
        "net.load_state_dict(torch.load(p, weights_only=True))"
    )
    (every,) = await actions(code, uris[2], 0, only=["source.fixAll"])
    assert texts_after(every.edit, uris[2], cells[2], "utf-16") == (
        "net.load_state_dict(torch.load(p, weights_only=True))"
    )
    (comment,) = [one for one in await actions(code, uris[2], 0) if "noqa" in one.title]
    assert texts_after(comment.edit, uris[2], cells[2], "utf-16").endswith("  # noqa: TLL102")
    code.diagnostics.clear()
    code.notebook_document_did_close(
        types.DidCloseNotebookDocumentParams(
            types.NotebookDocumentIdentifier(opened.notebook_document.uri),
            [types.TextDocumentIdentifier(uri) for uri in uris],
        )
    )
    await sent(code, uris)
    assert not code.diagnostics[uris[2]]
