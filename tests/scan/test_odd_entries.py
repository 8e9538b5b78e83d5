"""One odd entry of a folder costs only itself, and every report says what was not read."""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest

from scanned import checkpoint, table
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.local_folders import LocalFolders
from torchload_lint.scan import list_all

REPORTS = ("found.sarif", "page.html", "bill.cdx.json")


def loop(folder):
    (folder / "odd.pt").symlink_to("odd.pt")


def link_out(folder):
    elsewhere = folder.parent / "elsewhere.pt"
    elsewhere.write_bytes(checkpoint("dangerous"))
    (folder / "odd.pt").symlink_to(elsewhere)


def linked_folder(folder):
    (folder / "odd.pt").symlink_to("../..", target_is_directory=True)


def nowhere(folder):
    (folder / "odd.pt").symlink_to("gone.pt")


def pipe(folder):
    os.mkfifo(folder / "odd.pt")


@pytest.mark.parametrize("make", [loop, link_out, linked_folder, nowhere, pipe])
def test_an_entry_that_cannot_be_read_costs_only_itself_and_is_told(folder, scan, make):
    make(folder / "models")
    done = scan("models", *(part for name in REPORTS for part in ("--report", name)))
    rows = {row["uri"].rstrip("/").rpartition("/")[2]: row for row in table(folder)}
    assert len(rows) == 7
    assert rows["odd.pt"]["judgement"] == "unreadable"
    assert rows["dangerous.pt"]["judgement"] == "dangerous"
    last = done.stdout.splitlines()[-2]
    assert last.startswith("7 objects: 1 dangerous, 2 unreadable,")
    assert last.endswith("1 object could not be read.")
    assert done.exit_code == 2
    for name in REPORTS:
        assert "1 object could not be read." in (folder / name).read_text()
    (run,) = json.loads((folder / "found.sarif").read_text())["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize("name", ["new\nline.pt", "a#b?c%41.pt", "\udcff.pt", " .pt"])
def test_a_file_of_any_name_is_read(folder, scan, name):
    (folder / "models" / name).write_bytes(checkpoint("dangerous"))
    done = scan("models")
    assert done.stdout.startswith("7 objects: 2 dangerous")
    assert done.exit_code == 0


def test_what_begins_like_a_checkpoint_is_one_whatever_it_is_called(folder, scan):
    (folder / "models/picture.png").write_bytes(checkpoint("dangerous"))
    (folder / "models/notes.txt").write_text("text")
    done = scan("models", *(part for name in REPORTS for part in ("--report", name)))
    assert done.stdout.startswith("7 objects: 2 dangerous")
    assert "1 object of other names not looked at." in done.stdout
    assert done.exit_code == 0
    for name in REPORTS:
        assert "1 object of other names not looked at." in (folder / name).read_text()


def test_a_folder_that_cannot_be_listed_is_told(folder, monkeypatch):
    (folder / "models/shut").mkdir()
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found, errors = list_all(["models"])
    assert not errors
    (shut,) = [one for one in found if one.problem]
    assert shut.uri.endswith("/models/shut/")
    assert shut.problem == "it cannot be listed: Permission denied"
    assert len(found) == 7


@pytest.mark.usefixtures("folder")
def test_what_a_store_has_listed_counts_whatever_fails_later(monkeypatch):
    below = LocalFolders.below

    def breaking(self, uri):
        for number, one in enumerate(below(self, uri)):
            if number == 3:
                raise RemoteError("the store has gone")
            yield one

    monkeypatch.setattr(LocalFolders, "below", breaking)
    others = Counter()
    found, errors = list_all(["models"], others=others)
    assert len(found) == 3
    assert errors == ["the store has gone"]


def test_a_file_that_changes_between_two_reads_is_said(folder):
    place, path = LocalFolders(), folder / "models/loads.pt"
    item = place.one(path.as_uri())
    assert place.fetch(item, 0, 2) == b"PK"
    path.write_bytes(b"another")
    with pytest.raises(RemoteError, match="it changed while it was read"):
        place.fetch(item, 0, 2)
