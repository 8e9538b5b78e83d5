"""How large contents get into the new file: by the kernel, in pieces, summed by a thread."""

from __future__ import annotations

import errno
import os
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch

from migrate.helpers import load, members, same
from torchload_lint.migrate import MigrationOptions, migrate_file
from torchload_lint.migrate.files import storage_bytes, zip_writer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

LARGE = torch.arange(3 * 2**20, dtype=torch.int32)  # 12 MB


def large_source(path: Path, *, legacy: bool) -> None:
    """Two large storages between small ones, at odd places."""
    value = {"a": torch.ones(3), "w": LARGE, "b": torch.ones(7), "v": LARGE.flip(0), "n": {"x": 1}}
    torch.save(value, path, _use_new_zipfile_serialization=not legacy)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("missing", ["", "pread", "copy_file_range", "another file system"])
def test_every_way_to_copy(
    missing: str, legacy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_bytes, "_WORTH_A_THREAD", 2**20)
    if missing == "another file system":
        monkeypatch.setattr(os, "copy_file_range", refuse)
    elif missing:
        monkeypatch.delattr(os, missing)
    large_source(tmp_path / "in.pt", legacy=legacy)
    migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    members(tmp_path / "out.pt")  # checksums
    expected = torch.load(tmp_path / "in.pt", weights_only=True)
    assert same(torch.load(tmp_path / "out.pt", weights_only=True, mmap=True), expected)
    migrate_file(tmp_path / "in.pt", tmp_path / "out.st", MigrationOptions(only=("w",)))
    assert same(load(tmp_path / "out.st"), LARGE)


def refuse(*_given: object) -> int:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


def test_the_kernel_stops_half_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter((12_345, 0, 4096))
    real = os.copy_file_range

    def copy(source: int, target: int, count: int, begin: int, to: int) -> int:
        asked = next(answers, None)
        return real(source, target, min(count, asked), begin, to) if asked else refuse()

    monkeypatch.setattr(os, "copy_file_range", copy)
    large_source(tmp_path / "in.pt", legacy=False)
    migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    members(tmp_path / "out.pt")


def test_large_records_keep_their_place_in_a_page(tmp_path: Path) -> None:
    large_source(tmp_path / "in.pt", legacy=False)
    migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    readers = [torch._C.PyTorchFileReader(str(tmp_path / name)) for name in ("in.pt", "out.pt")]
    for record in ("data/1", "data/3"):
        before, after = (reader.get_record_offset(record) for reader in readers)
        assert before % 4096 == after % 4096
        assert after % 64 == 0


def test_a_wrong_checksum_is_carried_on(tmp_path: Path) -> None:
    """So that damage which it shows is still shown."""
    large_source(tmp_path / "in.pt", legacy=False)
    data = bytearray((tmp_path / "in.pt").read_bytes())
    data[len(data) // 3] ^= 1
    (tmp_path / "in.pt").write_bytes(data)
    migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    for name in ("in.pt", "out.pt"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert str(archive.testzip()).endswith("data/1")


def test_a_source_that_ends_while_it_is_summed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_bytes, "_WORTH_A_THREAD", 2**20)
    large_source(tmp_path / "in.pt", legacy=True)
    real = storage_bytes.copy_summed

    def cut(content: Any, out: Any) -> int:
        os.truncate(tmp_path / "in.pt", 2**21)
        return real(content, out)

    monkeypatch.setattr(zip_writer, "copy_summed", cut)
    with pytest.raises(OSError, match="ended while it was read"):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["in.pt"]
