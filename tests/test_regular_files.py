"""Reading what a stranger may have put into a repository."""

from __future__ import annotations

import os

import pytest

from torchload_lint.regular_files import read_regular, read_regular_text


def test_a_regular_file(tmp_path):
    (tmp_path / "a.txt").write_bytes("häuser".encode())
    assert read_regular_text(tmp_path / "a.txt") == "häuser"


def test_a_link_to_a_regular_file(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a")
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert read_regular(tmp_path / "b.txt") == b"a"


def test_an_endless_device(tmp_path):
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(tmp_path / "zero")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(tmp_path / "pipe")


def test_a_file_that_is_too_large(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(3 * 2**20)
    with pytest.raises(OSError, match="larger than 2 MB"):
        read_regular(tmp_path / "sparse", limit=2 * 2**20)


def test_what_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "nothing")
