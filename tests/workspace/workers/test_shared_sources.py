"""Sources that one process reads and others see."""

from __future__ import annotations

import os

import pytest

from torchload_lint.workspace.workers import shared_sources
from torchload_lint.workspace.workers.shared_sources import SharedSources


@pytest.fixture
def settled():
    reading, writing = os.pipe()
    yield reading, lambda: os.close(writing)
    os.close(reading)


def test_shared_bytes_are_read_once_the_writers_are_done(tmp_path, monkeypatch, settled):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("on the disk")
    reading, finish = settled
    sources = SharedSources(["a.py", "b.py"], 2, reading)
    sources.writer(1).keep(0, b"shared")
    path = str(tmp_path / "a.py")
    assert sources.read(path) == b"on the disk"
    finish()
    assert sources.read(path) == b"shared"
    with pytest.raises(OSError, match=r"b\.py"):
        sources.read(str(tmp_path / "b.py"))


def test_writers_do_not_meet(tmp_path, monkeypatch, settled):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shared_sources, "KEPT_BYTES", 8)
    reading, finish = settled
    paths = ["a.py", "b.py", "c.py"]
    sources = SharedSources(paths, 2, reading)
    first, second = sources.writer(0), sources.writer(1)
    second.keep(1, b"bbbb")
    first.keep(0, b"aaaa")
    first.keep(2, b"c")  # no room left
    finish()
    assert sources.read(str(tmp_path / "a.py")) == b"aaaa"
    assert sources.read(str(tmp_path / "b.py")) == b"bbbb"
    with pytest.raises(FileNotFoundError):
        sources.read(str(tmp_path / "c.py"))


def test_paths_are_cleared_one_by_one(settled):
    reading, finish = settled
    sources = SharedSources(["a.py", "b.py"], 1, reading)
    sources.writer(0).clear(1)
    finish()
    assert [sources.is_cleared(number) for number in range(2)] == [False, True]


def test_without_memory_for_sources_they_are_read_from_the_disk(tmp_path, monkeypatch, settled):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("on the disk")
    mapped = shared_sources.mmap.mmap

    def scarce(where, size):
        if size > 1000:
            raise OSError("no memory")
        return mapped(where, size)

    monkeypatch.setattr(shared_sources.mmap, "mmap", scarce)
    reading, finish = settled
    sources = SharedSources(["a.py"], 1, reading)
    sources.writer(0).keep(0, b"shared")
    sources.writer(0).clear(0)
    finish()
    assert sources.read(str(tmp_path / "a.py")) == b"on the disk"
    assert sources.is_cleared(0)
