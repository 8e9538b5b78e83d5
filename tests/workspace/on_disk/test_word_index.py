"""Which files hold a part of a word, with an index and without."""

from __future__ import annotations

import pytest

from torchload_lint.config import Config
from torchload_lint.workspace.on_disk.source_files import SEARCHES_BEFORE_INDEX, DiskFiles
from torchload_lint.workspace.on_disk.word_index import WordIndex

SOURCES = {
    "a.py": "import torch\nstate = torch.load('model.pt')\n",
    "b.py": "def load_state(self):\n    return self.état_1\n",
    "c.py": "RELOAD=1;x=load\r\nclass Loader:pass",
    "d.py": "",
    "e.py": "# nothing but \\load\\ and caf\xe9_load",
}
PARTS = ["load", "oad", "LOAD", "model", "pt", "état_1", "tat_1", "1", "Loader", "caf", "é", "zzz"]


@pytest.mark.parametrize("part", PARTS)
def test_an_index_finds_what_a_search_finds(part: str) -> None:
    wanted = part.encode()
    files = [(name, text.encode()) for name, text in SOURCES.items()]
    index = WordIndex(files)
    if index.answers(wanted):
        assert index.holding(wanted) == [name for name, data in files if wanted in data]
    else:
        assert not part.isascii()


def test_nothing_and_several_words_are_not_looked_for_in_an_index() -> None:
    index = WordIndex([("a.py", b"a b")])
    assert not index.answers(b"")
    assert not index.answers(b"a b")


@pytest.fixture
def indexed(tmp_path):
    for name, text in SOURCES.items():
        (tmp_path / name).write_bytes(text.encode())
    files = DiskFiles(Config(root=tmp_path))
    for number in range(SEARCHES_BEFORE_INDEX):
        assert files.holding(f"unheard_of_{number}") == []
    return files


@pytest.mark.parametrize("part", PARTS)
def test_many_searches_change_no_answer(indexed, part):
    assert indexed.holding(part) == [name for name, text in SOURCES.items() if part in text]


def test_a_later_search_reads_through_no_file(indexed, monkeypatch):
    monkeypatch.setattr(indexed, "_among", None)
    assert indexed.holding("Loader") == ["c.py"]


def test_a_file_that_changes_is_found_by_its_new_words(indexed):
    indexed.keep("d.py", b"class Loader: pass\n")
    assert indexed.holding("Loader") == ["c.py", "d.py"]
    indexed.keep("c.py", b"")
    indexed.changed("c.py")
    assert indexed.holding("RELOAD") == ["c.py"]
