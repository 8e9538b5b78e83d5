"""What fsspec reads: exactly the parts that are asked for, of one file."""

from __future__ import annotations

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError


class Counting(fsspec.AbstractFileSystem):
    """A file system that gets along with the plain ``cat_file``; ``asked``: the parts it reads."""

    protocol = "counting"
    cachable = False
    files: dict = {}  # noqa: RUF012 - set by each test
    asked: list = []  # noqa: RUF012

    def info(self, path, **_):
        data, etag = self.files[path]
        return {"name": path, "size": len(data), "type": "file", "ETag": etag}

    def ls(self, path, detail=True, **_):
        found = [self.info(name) for name in self.files if name.startswith(path)]
        return found if detail else [one["name"] for one in found]

    def _open(self, path, mode="rb", block_size=None, **options):
        system = self

        class File(fsspec.spec.AbstractBufferedFile):
            def _fetch_range(self, start, end):
                system.asked.append((start, end))
                return system.files[path][0][start:end]

        return File(self, path, mode, block_size or "default", **options)


@pytest.fixture
def counting(monkeypatch):
    fsspec.register_implementation("counting", Counting, clobber=True)
    monkeypatch.setattr(Counting, "files", {"m.pt": (bytes(range(200)), "one")})
    monkeypatch.setattr(Counting, "asked", [])
    return Counting


def test_no_more_is_read_than_is_asked_for(counting):
    place = store_of("counting://m.pt")
    item = place.one("counting://m.pt")
    assert (item.size, item.etag) == (200, "one")
    assert place.fetch(item, 100, 104) == bytes(range(100, 104))
    assert counting.asked == [(100, 104)]


@pytest.mark.parametrize("state", [(bytes(200), "two"), (bytes(201), "one")])
def test_another_file_in_its_place_is_noticed(counting, state):
    place = store_of("counting://m.pt")
    item = place.one("counting://m.pt")
    counting.files["m.pt"] = state
    with pytest.raises(RemoteError, match="it changed while it was read"):
        place.fetch(item, 100, 104)


def test_a_folder(tmp_path):
    fsspec.register_implementation("here", type("Here", (LocalFileSystem,), {"protocol": "here"}))
    (tmp_path / "m.pt").write_bytes(b"abcdef")
    place = store_of(f"here://{tmp_path}/m.pt")
    (item,) = place.below(f"here://{tmp_path}")
    assert place.fetch(item, 1, 3) == b"bc"
