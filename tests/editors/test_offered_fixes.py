"""Which actions an editor offers at a finding, and what they say."""

from __future__ import annotations

import pytest

from editors.plain_client import PlainClient

pytest.importorskip("pygls")

UNSAFE = "x, y = 1, torch.load(\n    path,\n    weights_only=False,\n)  # the end\n"
TEXT = f"import torch\n\n{UNSAFE}\nz = 1\n"


@pytest.fixture
def client(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text('target-torch = "2.6"\n')
    with PlainClient(tmp_path) as made:
        yield made


def at(client, name, row, column=0, to=None):
    """The quick fixes for the cursor at a place (from 0), or a selection to another one."""
    start = {"line": row, "character": column}
    asked = {"textDocument": {"uri": client.uri(name)}}
    asked["range"] = {"start": start, "end": start if to is None else to}
    asked["context"] = {"diagnostics": [], "only": ["quickfix"]}
    return client.ask("textDocument/codeAction", asked)["result"] or []


@pytest.mark.parametrize(
    ("row", "column", "offered"),
    [(2, 0, True), (2, 12, True), (3, 0, True), (5, 9, True), (0, 3, False), (6, 0, False)],
)
def test_the_cursor_may_stand_anywhere_on_the_rows_of_a_finding(client, row, column, offered):
    client.open("a.py", TEXT)
    titles = [one["title"] for one in at(client, "a.py", row, column)]
    assert any("suppress TLL101" in title for title in titles) == offered


def test_what_is_selected_may_end_or_begin_on_a_row_of_the_finding(client):
    client.open("a.py", TEXT)
    assert at(client, "a.py", 0, 0, to={"line": 2, "character": 1})
    assert at(client, "a.py", 5, 3, to={"line": 7, "character": 1})
