"""The server follows what changes around a document: no answer rests on what is gone."""

from __future__ import annotations

import argparse
import io
import queue

import pytest

from editors.plain_client import PULLS, Gone, PlainClient

pytest.importorskip("pygls")
torch = pytest.importorskip("torch")

LOAD = "import torch\n\n\ndef f(p):\n    return torch.load(p, weights_only=True)\n"
CALLER = 'import b\n\nb.f("%s")\n'
IMPLICIT = "import torch\nx = torch.load(p)\n"


@pytest.fixture(scope="module")
def checkpoint():
    data = io.BytesIO()
    torch.save({"a": argparse.Namespace(x=1)}, data)
    return data.getvalue()


@pytest.fixture
def folder(tmp_path, checkpoint):
    (tmp_path / "torchload-lint.toml").write_text('min-severity = "info"\n')
    (tmp_path / "m.pt").write_bytes(checkpoint)
    (tmp_path / "b.py").write_text(LOAD)
    return tmp_path


@pytest.fixture
def client(folder):
    with PlainClient(folder) as made:
        yield made


def test_a_file_that_is_changed_outside_of_the_editor(client, folder):
    (folder / "a.py").write_text(CALLER % "other.pt")
    client.open("b.py", LOAD)
    assert client.codes("b.py") == []
    (folder / "a.py").write_text(CALLER % "m.pt")
    assert client.codes("b.py") == ["TLL103"]
    (folder / "a.py").unlink()
    assert client.codes("b.py") == []


def test_a_file_that_is_new_or_a_checkpoint_that_is_gone(client, folder):
    client.open("b.py", LOAD)
    assert client.codes("b.py") == []
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "a.py").write_text('import b\n\nb.f("m.pt")\n')
    assert client.codes("b.py") == ["TLL103"]
    (folder / "m.pt").rename(folder / "n.pt")
    assert client.codes("b.py") == []


def test_a_file_that_loads_through_an_installed_package_is_looked_at(client, folder):
    package = folder / ".venv" / "lib" / "python3.11" / "site-packages" / "parcel"
    package.mkdir(parents=True)
    (folder / ".venv" / "pyvenv.cfg").write_text("version = 3.11\n")
    (package / "__init__.py").write_text(LOAD)
    client.open("c.py", "from parcel import f\n\nf('m.pt'\n")
    assert client.codes("c.py") == ["TLL001"]


def test_an_unsaved_edit_of_another_file_counts(client, folder):
    (folder / "a.py").write_text(CALLER % "other.pt")
    client.open("a.py", CALLER % "other.pt")
    client.open("b.py", LOAD)
    assert client.codes("b.py") == []
    client.change("a.py", CALLER % "m.pt")
    assert client.codes("b.py") == ["TLL103"]
    client.close("a.py")  # without saving: the disk has the other path
    assert client.codes("b.py") == []


REFRESH = "workspace/diagnostic/refresh"
REFRESHED = {**PULLS, "workspace": {"diagnostics": {"refreshSupport": True}}}


def is_made_to_ask_again(client, seconds) -> bool:
    try:
        while client.take(seconds).get("method") != REFRESH:
            pass
    except queue.Empty:
        return False
    return True


def test_an_unsaved_edit_makes_a_client_ask_again_for_what_rests_on_it(folder):
    """It asks by itself for the text that it has changed, and for no other."""
    (folder / "a.py").write_text(CALLER % "other.pt")
    with PlainClient(folder, REFRESHED) as client:
        client.open("a.py", CALLER % "other.pt")
        client.open("b.py", LOAD)
        assert client.codes("a.py") == client.codes("b.py") == []
        client.change("a.py", CALLER % "m.pt")
        assert client.codes("a.py") == []
        assert is_made_to_ask_again(client, 20)
        assert client.codes("b.py") == ["TLL103"]
        client.change("a.py", "# no more than a comment\n" + CALLER % "m.pt")
        assert client.codes("a.py") == []
        assert not is_made_to_ask_again(client, 4)


def test_requirements_are_followed(client, folder):
    client.open("a.py", IMPLICIT)
    (before,) = client.diagnostics("a.py")
    (folder / "requirements.txt").write_text("torch==2.2\n")
    (after,) = client.diagnostics("a.py")
    assert before["message"] != after["message"]


def test_a_configuration_that_is_built_on_is_followed(client, folder):
    (folder / "torchload-lint.toml").write_text('extend = ".shared/all.toml"\n')
    client.open("b.py", IMPLICIT)
    assert client.codes("b.py") == []
    (folder / ".shared").mkdir()  # hidden, so it is looked at for being extended alone
    (folder / ".shared" / "all.toml").write_text('min-severity = "info"\n')
    assert client.codes("b.py") == ["TLL102"]
    (folder / ".shared" / "all.toml").write_text('ignore = ["TLL102"]\n')
    assert client.codes("b.py") == []


def test_a_configuration_that_breaks_again_is_told_again(client, folder):
    client.open("a.py", IMPLICIT)
    config = folder / "torchload-lint.toml"
    for number in (1, 2):
        config.write_text("nonsense = 1\n")
        assert client.codes("a.py") == []
        assert client.codes("a.py") == []
        assert len(client.messages) == number
        config.write_text('min-severity = "info"\n')
        assert client.codes("a.py") == ["TLL102"]


@pytest.mark.parametrize("nothing", [{}, None, {"torchload-lint": {}}, {"torchload-lint": None}])
def test_a_setting_that_is_taken_away_is_gone(client, nothing):
    client.open("a.py", IMPLICIT)
    for settings, codes in (
        ({"torchload-lint": {"ignore": ["TLL102"]}}, []),
        (nothing, ["TLL102"]),
    ):
        client.tell("workspace/didChangeConfiguration", {"settings": settings})
        assert client.codes("a.py") == codes


def test_settings_of_others_leave_ours_alone(client):
    client.open("a.py", IMPLICIT)
    for settings in ({"torchload-lint": {"ignore": ["TLL102"]}}, {"python": {"ignore": []}}):
        client.tell("workspace/didChangeConfiguration", {"settings": settings})
        assert client.codes("a.py") == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"targetTorch": "banana"}, "targetTorch must be a version"),
        ({"target-torch": 2.6}, "target-torch must be a string"),
        ({"extendSelect": ["TLL9"]}, "extendSelect: unknown rule 'TLL9'"),
        ({"selectt": []}, "unknown setting 'selectt' (did you mean 'select'?)"),
        ({"outputFormat": "json"}, "unknown setting 'outputFormat'"),
        ({"configuration": 1}, "configuration must be the path of a file"),
        ({"perFileIgnores": {"a": 1}}, "perFileIgnores ['a'] must be a list of strings"),
    ],
)
def test_wrong_settings_are_told_as_they_were_written(client, settings, told):
    client.open("a.py", IMPLICIT)
    client.tell("workspace/didChangeConfiguration", {"settings": {"torchload-lint": settings}})
    assert client.codes("a.py") == ["TLL102"]  # what is wrong is left out
    (message,) = client.messages
    assert told in message


@pytest.mark.parametrize("content", [None, "ignore = [", "nonsense = 1\n"])
def test_where_the_named_configuration_is_wrong_the_closest_one_holds(client, folder, content):
    named = folder / "other" / "named.toml"
    named.parent.mkdir()
    if content is not None:
        named.write_text(content)
    client.open("a.py", IMPLICIT)
    settings = {"torchload-lint": {"configuration": str(named)}}
    client.tell("workspace/didChangeConfiguration", {"settings": settings})
    assert client.codes("a.py") == client.codes("a.py") == ["TLL102"]
    (message,) = client.messages
    assert str(named) in message
    named.write_text('ignore = ["TLL102"]\nmin-severity = "info"\n')  # what is put right counts
    assert client.codes("a.py") == []
    named.unlink()
    assert client.codes("a.py") == ["TLL102"]
    assert len(client.messages) == 2


def test_excluded_is_excluded(client, folder):
    client.open("old/a.py", IMPLICIT)
    client.open("a.py", IMPLICIT)
    (folder / "torchload-lint.toml").write_text('min-severity = "info"\nextend-exclude = ["old"]\n')
    assert client.codes("old/a.py") == []
    assert client.actions(client.uri("old/a.py"), "source.fixAll") == []
    assert client.codes("a.py") == ["TLL102"]


def cell(uri, text):
    return {"uri": uri, "languageId": "python", "version": 1, "text": text}


def test_a_cell_that_is_deleted_has_no_findings_any_more(client):
    notebook = client.uri("n.ipynb")
    cells = [f"vscode-notebook-cell:/n.ipynb#{number}" for number in range(3)]
    texts = ["import torch", "x = torch.load(p)", "y = torch.load(q)"]
    document = {
        "uri": notebook,
        "notebookType": "jupyter-notebook",
        "version": 1,
        "cells": [{"kind": 2, "document": uri} for uri in cells],
    }
    items = [cell(uri, text) for uri, text in zip(cells, texts, strict=True)]
    opened = {"notebookDocument": document, "cellTextDocuments": items}
    client.tell("notebookDocument/didOpen", opened)
    assert [one["code"] for one in client.wait_for_sent(cells[2])] == ["TLL102"]
    structure = {
        "array": {"start": 1, "deleteCount": 1},
        "didClose": [{"uri": cells[1]}],
    }
    client.tell(
        "notebookDocument/didChange",
        {
            "notebookDocument": {"uri": notebook, "version": 2},
            "change": {"cells": {"structure": structure}},
        },
    )
    assert client.wait_for_sent(cells[1]) == []
    assert [one["code"] for one in client.sent[cells[2]]] == ["TLL102"]


def ended(client) -> int:
    def take_all():
        while True:
            client.take()

    with pytest.raises(Gone):
        take_all()
    return client.process.wait(60)


def test_the_exit_status_says_whether_the_client_left_in_order(folder):
    for in_order, status in ((True, 0), (False, 1)):
        with PlainClient(folder) as client:
            client.open("a.py", IMPLICIT)
            if in_order:
                assert client.ask("shutdown", None)["result"] is None
            client.tell("exit", None)
            assert ended(client) == status
    with PlainClient(folder) as client:
        client.process.stdin.close()
        assert ended(client) == 1


def test_requests_that_come_too_early_or_too_late_are_refused(folder):
    hover = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}}
    client = PlainClient(folder)
    assert client.ask("textDocument/hover", hover)["error"]["code"] == -32002
    client.tell("textDocument/didClose", {"textDocument": {"uri": "file:///a.py"}})
    with client:
        client.open("a.py", IMPLICIT)
        assert client.ask("shutdown", None)["result"] is None
        assert client.ask("textDocument/hover", hover)["error"]["code"] == -32600
        assert client.ask("shutdown", None)["error"]["code"] == -32600
        client.tell("exit", None)
        assert ended(client) == 0
