"""Which files on the disk a path pattern names."""

from __future__ import annotations

import pytest

from torchload_lint.checkpoint import Target
from torchload_lint.config import Config
from torchload_lint.source.paths import PathPattern, Rung
from torchload_lint.workspace.on_disk import checkpoints as checkpoints_module
from torchload_lint.workspace.on_disk import spanning
from torchload_lint.workspace.on_disk.checkpoints import DiskCheckpoints

FILES = """
    best.pt runs/a/best.pt runs/a/b/best.pt runs/last-3.pt runs/a/last-4.pt deep/x/y/z/only.pt
    .hidden/best.pt node_modules/best.pt
""".split()
WANTED = {
    "best.pt": ["best.pt"],
    "runs/*/best.pt": ["runs/a/best.pt"],
    "*/best.pt": ["best.pt", "runs/a/b/best.pt", "runs/a/best.pt"],
    "*best.pt": ["best.pt", "runs/a/b/best.pt", "runs/a/best.pt"],
    "*/b/best.pt": ["runs/a/b/best.pt"],
    "runs/**/*.pt": [
        "runs/a/b/best.pt",
        "runs/a/best.pt",
        "runs/a/last-4.pt",
        "runs/last-3.pt",
    ],
    "runs/*/*.pt": ["runs/a/best.pt", "runs/a/last-4.pt"],
    "*/*/*.pt": [],
    "**/only.pt": ["deep/x/y/z/only.pt"],
    "deep/*/only.pt": ["deep/x/y/z/only.pt"],
    "deep/*only.pt": ["deep/x/y/z/only.pt"],
    "runs/last-*.pt": ["runs/last-3.pt"],
    "runs/*last-4.pt": ["runs/a/last-4.pt"],
    "runs/last-[4].pt": [],
    "*/missing.pt": [],
    "*.pt": [],
    "../*/best.pt": ["best.pt"],
    "../*/only.pt": [],
}


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "best.pt").write_bytes(b"")
    return tmp_path / "project"


def matching(folder, text, near="train.py"):
    checkpoints = DiskCheckpoints(Config(root=folder), Target())
    pattern = PathPattern(text, exact="*" not in text and "[" not in text, rung=Rung.LOCAL)
    return list(checkpoints.matching(pattern, near))


@pytest.mark.parametrize("text", WANTED)
def test_unknown_parts_may_hold_folders(folder, text):
    assert matching(folder, text) == WANTED[text]


def test_the_folder_of_the_code_comes_after_the_root(folder):
    assert matching(folder, "last-3.pt", near="runs/use.py") == ["runs/last-3.pt"]
    assert matching(folder, "best.pt", near="runs/a/use.py") == ["best.pt"]


@pytest.mark.parametrize(
    ("text", "near", "others"),
    [
        ("best.pt", "train.py", ["runs/a/b/best.pt", "runs/a/best.pt"]),
        ("best.pt", "runs/a/use.py", ["runs/a/b/best.pt", "runs/a/best.pt"]),
        ("./last-4.pt", "train.py", ["runs/a/last-4.pt"]),
        ("last-3.pt", "runs/use.py", []),
        ("runs/last-3.pt", "train.py", []),
        ("b/best.pt", "train.py", ["runs/a/b/best.pt"]),
        ("*/best.pt", "train.py", []),
    ],
)
def test_a_program_that_starts_in_another_folder_means_other_files(folder, text, near, others):
    for name in ("train.py", "runs/a/use.py", "runs/a/b/notes.txt"):
        (folder / name).write_text("")
    checkpoints = DiskCheckpoints(Config(root=folder), Target())
    pattern = PathPattern(text, exact="*" not in text, rung=Rung.LOCAL)
    assert list(checkpoints.others(pattern, near)) == others
    anchored = pattern._replace(anchored=True)
    assert not checkpoints.others(anchored, near)


def test_the_search_ends(folder, monkeypatch):
    monkeypatch.setattr(spanning, "MAX_ENTRIES", 6)
    assert matching(folder, "*/only.pt") == []
    monkeypatch.setattr(spanning, "MAX_ENTRIES", 20_000)
    assert matching(folder, "*/only.pt") == ["deep/x/y/z/only.pt"]
    monkeypatch.setattr(spanning, "MAX_DEPTH", 3)
    assert matching(folder, "*/only.pt") == []


def test_a_circle_of_links_is_not_followed(folder):
    (folder / "runs" / "loop").symlink_to(folder, target_is_directory=True)
    assert matching(folder, "*/only.pt") == ["deep/x/y/z/only.pt"]


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        (b"PK\3\4rest", True),
        (b"\x80\2l.", True),
        (b"version https://git-lfs.github.com/spec/v1\n", False),
        (b"", False),
        (b"#!/bin/sh\n", False),
        (b"\n\x0e\n\5<unk", False),
    ],
)
def test_a_checkpoint_is_within_reach_where_a_file_begins_like_one(tmp_path, data, counts):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.model").write_bytes(data)
    (tmp_path / "gone.pt").symlink_to("nowhere")
    (tmp_path / "notes.txt").write_bytes(b"PK")
    assert DiskCheckpoints(Config(root=tmp_path), Target()).any() is counts


def test_a_checkpoint_that_is_called_like_a_text_is_within_reach(tmp_path):
    (tmp_path / "notes.json").write_bytes(b"{}")
    assert not DiskCheckpoints(Config(root=tmp_path), Target()).any()
    (tmp_path / "net.json").write_bytes(b"PK\3\4rest")
    assert DiskCheckpoints(Config(root=tmp_path), Target()).any()


def test_a_folder_that_the_code_names_is_enough(folder):
    assert matching(folder, "runs/*.pt") == ["runs/last-3.pt"]
    assert matching(folder, "*/*.pt") == []


def test_a_pattern_of_the_configuration_is_taken_as_it_is_written(folder):
    checkpoints = DiskCheckpoints(Config(root=folder), Target())
    wanted = {
        "*.pt": ["best.pt"],
        "runs/a/*": ["runs/a/best.pt", "runs/a/last-4.pt"],
        "**/only.pt": ["deep/x/y/z/only.pt"],
    }
    for text, names in wanted.items():
        pattern = PathPattern(text, exact=True, rung=Rung.CONFIGURATION)
        assert list(checkpoints.matching(pattern, "train.py")) == names


@pytest.mark.parametrize(
    "name", ["graph.p", "net.pt1", "best.weights", "model.np", "state", "m.pt", "NET.PTH"]
)
@pytest.mark.parametrize("begins", [b"PK\3\4", b"\x80\2}q"])
def test_a_checkpoint_counts_whatever_it_is_called(tmp_path, name, begins):
    assert not DiskCheckpoints(Config(root=tmp_path), Target()).any()
    (tmp_path / name).write_bytes(begins)
    assert DiskCheckpoints(Config(root=tmp_path), Target()).any()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("archive.npz", b"PK\3\4"),  # numpy's own, which torch.load does not read
        ("tokenizer.model", b"\n\x0e\n\x05<unk>"),
        ("model.pt", b"version https://git-lfs.github.com/spec/v1"),
        ("notes", b"cut and paste"),
        ("data.bin1", b"(c) 2020"),
    ],
)
def test_what_is_no_checkpoint_does_not_count(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert not DiskCheckpoints(Config(root=tmp_path), Target()).any()


def test_a_short_name_that_a_command_line_gives_is_read(tmp_path):
    (tmp_path / "m").write_bytes(b"")
    checkpoints = DiskCheckpoints(Config(root=tmp_path), Target())
    given = PathPattern("m", exact=False, rung=Rung.COMMAND_LINE)
    assert list(checkpoints.matching(given, near="train.py")) == ["m"]


def test_a_folder_that_is_too_large_to_be_searched_may_hold_one(tmp_path, monkeypatch):
    for name in ("a/deep", "b/deep"):
        (tmp_path / name).mkdir(parents=True)
    assert not DiskCheckpoints(Config(root=tmp_path), Target()).any()
    monkeypatch.setattr(checkpoints_module, "MAX_GLOBBED", 2)
    assert DiskCheckpoints(Config(root=tmp_path), Target()).any()
