"""Patterns with unknown parts against the disk, within bounds."""

from __future__ import annotations

import glob
import os

import pytest

from torchload_lint.workspace.on_disk import spanning
from torchload_lint.workspace.on_disk.spanning import Listings, files_below

FILES = ("w/a.pt", "w/b.pt", "w/x/a.pt", "w/x/y/a.pt", "w/.hidden/a.pt", "w/.dot.pt", "top.pt")


@pytest.fixture
def tree(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    "pattern", ["w/*.pt", "w/?.pt", "w/*/a.pt", "w/[ab].pt", "w/**/a.pt", "w/**", "**/*.pt"]
)
def test_what_glob_finds_is_found(tree, pattern):
    expected = filter(os.path.isfile, glob.glob(str(tree / pattern), recursive=True))  # noqa: PTH207
    assert files_below(tree, pattern, Listings()) == sorted(map(os.path.normpath, expected))


def test_the_search_of_a_hostile_pattern_ends(tree, monkeypatch):
    monkeypatch.setattr(spanning, "MAX_GLOBBED", 3)
    for name in range(20):
        (tree / "w" / f"many{name}").mkdir()
    looked_at = []
    entries = spanning._entries
    monkeypatch.setattr(
        spanning, "_entries", lambda folder: looked_at.append(folder) or entries(folder)
    )
    files_below(tree, "w/**/**/**/a.pt", Listings())
    assert len(looked_at) <= 3


def test_a_link_in_a_circle(tree):
    (tree / "w" / "x" / "again").symlink_to("..")
    assert len(files_below(tree, "w/**/b.pt", Listings())) == 1


def test_a_folder_is_looked_at_once_for_all_patterns(tree, monkeypatch):
    looked_at = []
    entries = spanning._entries
    monkeypatch.setattr(
        spanning, "_entries", lambda folder: looked_at.append(folder) or entries(folder)
    )
    listings = Listings()
    for name in "abcde":
        files_below(tree, f"**/{name}.pt", listings)
    assert len(looked_at) == len(set(looked_at)) == 4


def test_listings_that_are_too_long_are_not_kept(tree, monkeypatch):
    monkeypatch.setattr(spanning, "MAX_GLOBBED", 7)
    listings = Listings()
    assert files_below(tree, "w/*.pt", listings) == files_below(tree, "w/*.pt", Listings())
    for number in range(20):
        (tree / f"w/{number}.txt").touch()
    listings.entries(str(tree / "w"))
    files_below(tree, "*/**", listings)
    assert sum(map(len, listings._entries.values())) <= 7
