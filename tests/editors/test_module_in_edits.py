"""A fix in an editor is the one of the command, with the new module that it imports."""

from __future__ import annotations

import pytest

from editors.plain_client import PULLS, PlainClient
from torchload_lint.helper_module import helper_text

pytest.importorskip("pygls")
torch = pytest.importorskip("torch")

LOAD = 'import torch\n\nx = torch.load("m.pt")\n'
FIXED = (
    "import torch\n\n"
    "from restore_only import restore_only, safe_globals\n\n"
    "with safe_globals([restore_only(torch.nn.Linear)]):\n"
    '    x = torch.load("m.pt", weights_only=True)\n'
)
TORCHS_OWN = "from torch.serialization import safe_globals\n"
STRICTER = "(torchload-lint --fix writes a stricter list)"


def capabilities(**edits):
    return {**PULLS, "workspace": {"workspaceEdit": edits}}


CREATES = capabilities(documentChanges=True, resourceOperations=["create", "rename"])
WITHOUT = [
    PULLS,
    capabilities(documentChanges=True),
    capabilities(documentChanges=True, resourceOperations=["rename"]),
    capabilities(resourceOperations=["create"]),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text('target-torch = "2.6"\n')
    torch.save(torch.nn.Linear(1, 1), tmp_path / "m.pt")
    (tmp_path / "a.py").write_text(LOAD)
    return tmp_path


def row_and_column(edit):
    return edit["range"]["start"]["line"], edit["range"]["start"]["character"]


def applied(folder, edit):
    """A client's own way: files are created, then texts changed, in order."""
    for change in edit["documentChanges"]:
        if change.get("kind") == "create":
            path = folder / change["uri"].rpartition("/")[2]
            path.open("x").close()
            continue
        path = folder / change["textDocument"]["uri"].rpartition("/")[2]
        lines = path.read_text().split("\n")
        for each in sorted(change["edits"], key=row_and_column)[::-1]:
            start, end = each["range"]["start"], each["range"]["end"]
            before = [*lines[: start["line"]], lines[start["line"]][: start["character"]]]
            after = [lines[end["line"]][end["character"] :], *lines[end["line"] + 1 :]]
            lines = ("\n".join(before) + each["newText"] + "\n".join(after)).split("\n")
        path.write_text("\n".join(lines))


def new_text(action):
    edit = action["edit"]
    changes = edit.get("changes") or {
        one["textDocument"]["uri"]: one["edits"] for one in edit["documentChanges"]
    }
    return "".join(each["newText"] for edits in changes.values() for each in edits)


def fixes(client, kind):
    found = client.actions(client.uri("a.py"), kind)
    return [one for one in found if "suppress" not in one["title"]]


@pytest.mark.parametrize("kind", ["quickfix", "source.fixAll"])
def test_a_client_that_creates_files_gets_the_fix_of_the_command(folder, kind):
    with PlainClient(folder, CREATES) as client:
        client.open("a.py", LOAD)
        (fix,) = fixes(client, kind)
        assert STRICTER not in fix["title"]
        applied(folder, fix["edit"])
        assert (folder / "a.py").read_text() == FIXED
        assert (folder / "restore_only.py").read_text() == helper_text()
        client.change("a.py", FIXED)
        assert client.codes("a.py") == []


@pytest.mark.parametrize("kind", ["quickfix", "source.fixAll"])
@pytest.mark.parametrize("known", WITHOUT)
def test_another_client_is_told_that_the_command_writes_a_stricter_list(folder, kind, known):
    with PlainClient(folder, known) as client:
        client.open("a.py", LOAD)
        (fix,) = fixes(client, kind)
        assert fix["title"].endswith(STRICTER)
        assert TORCHS_OWN in new_text(fix)


@pytest.mark.parametrize("known", [CREATES, *WITHOUT])
def test_a_module_that_is_there_is_used_by_all_and_not_created(folder, known):
    (folder / "restore_only.py").write_text(helper_text())
    with PlainClient(folder, known) as client:
        client.open("a.py", LOAD)
        for kind in ("quickfix", "source.fixAll"):
            (fix,) = fixes(client, kind)
            assert STRICTER not in fix["title"]
            assert "restore_only(torch.nn.Linear)" in new_text(fix)
            assert not any("kind" in one for one in fix["edit"].get("documentChanges", ()))


def test_a_text_that_lies_nowhere_has_no_module_created_for_it(folder):
    with PlainClient(folder, CREATES) as client:
        item = {"uri": "untitled:a.py", "languageId": "python", "version": 1, "text": LOAD}
        client.tell("textDocument/didOpen", {"textDocument": item})
        for action in client.actions("untitled:a.py", "quickfix"):
            assert not any("kind" in one for one in action["edit"]["documentChanges"])
