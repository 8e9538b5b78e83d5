"""The files themselves: what is read, what is written, and what becomes of a failure."""

from __future__ import annotations

import argparse
import io
import os
import pickle
import struct
import tarfile
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from migrate.helpers import bits, load, members, migrated_with_plan, same
from torchload_lint.migrate import (
    Arrays,
    MigrationError,
    MigrationOptions,
    NoteKind,
    TargetFormat,
    migrate_file,
    plan,
)
from torchload_lint.migrate.files import zip_writer
from torchload_lint.migrate.files.pickle_writer import write_pickle
from torchload_lint.migrate.files.storage_bytes import BytesContent
from torchload_lint.migrate.files.zip_writer import ZipWriter

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

STATE = {
    "w": torch.arange(10.0),
    "b": torch.ones(3, dtype=torch.int16),
    "ns": argparse.Namespace(a=1),
}
PLAIN = {**STATE, "ns": {"a": 1}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.pt"
    torch.save(STATE, path)
    return path


def test_records(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pt"
    result = migrate_file(source, out)
    assert same(load(out), PLAIN)
    assert result.size == out.stat().st_size
    found = members(out)
    assert list(found) == [
        "archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1",
        "archive/version",
    ]  # fmt: skip
    assert found["archive/data/0"] == STATE["w"].numpy().tobytes()
    assert found["archive/data.pkl"][:2] == b"\x80\x02"


def test_records_are_aligned_and_can_be_mapped(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pt"
    migrate_file(source, out)
    with zipfile.ZipFile(out) as archive, out.open("rb") as file:
        for info in archive.infolist():
            file.seek(info.header_offset + 26)
            name, extra = struct.unpack("<2H", file.read(4))
            assert (info.header_offset + 30 + name + extra) % 64 == 0
    mapped = torch.load(out, weights_only=True, mmap=True)
    assert same(mapped, PLAIN)


def test_same_content_makes_the_same_file(source: Path, tmp_path: Path) -> None:
    for name in ("one.pt", "two.pt"):
        migrate_file(source, tmp_path / name)
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()


def test_migrating_twice_changes_nothing(source: Path, tmp_path: Path) -> None:
    migrate_file(source, tmp_path / "one.pt")
    second = migrate_file(tmp_path / "one.pt", tmp_path / "two.pt")
    assert second.plan.notes == ()
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()


def test_only_storages_that_are_used_are_written(tmp_path: Path) -> None:
    value = {"keep": torch.ones(4), "drop": torch.zeros(1000)}
    torch.save(value, tmp_path / "in.pt")
    migrate_file(tmp_path / "in.pt", tmp_path / "out.pt", MigrationOptions(only=("keep",)))
    assert [name for name in members(tmp_path / "out.pt") if "/data/" in name] == ["archive/data/0"]


@pytest.mark.parametrize("is_zip", [True, False])
def test_tensors_of_nothing_keep_their_dtypes_over_one_storage(tmp_path: Path, is_zip) -> None:
    nothing = torch.empty(0, 2)
    views = [nothing, nothing.view(torch.int16), nothing.view(torch.complex64).conj(), nothing]
    found, _ = migrated_with_plan(views, tmp_path, _use_new_zipfile_serialization=is_zip)
    assert [one.dtype for one in found] == [one.dtype for one in views]
    assert found[2].is_conj()
    assert found[3] is found[0]


def test_legacy_file(tmp_path: Path) -> None:
    found, found_plan = migrated_with_plan(STATE, tmp_path, _use_new_zipfile_serialization=False)
    assert found_plan.container == "legacy"
    assert same(found, PLAIN)
    members(tmp_path / "after.pt")


def test_legacy_whole_module(tmp_path: Path) -> None:
    """No allowlist can load this; its class comes with its source."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    found, _ = migrated_with_plan(model, tmp_path, _use_new_zipfile_serialization=False)
    assert same(found, model.state_dict())


def test_deflated_archive(source: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.pt"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members(source).items():
            archive.writestr(name, content)
    migrate_file(packed, tmp_path / "out.pt")
    assert same(load(tmp_path / "out.pt"), PLAIN)


def test_damage_inside_a_deflated_record(source: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.pt"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members(source).items():
            archive.writestr(name, content)
        info = next(i for i in archive.infolist() if i.filename.endswith("data/0"))
    data = bytearray(packed.read_bytes())
    start = info.header_offset + 30 + len(info.filename)
    data[start : start + 4] = b"\xff\xff\xff\xff"
    packed.write_bytes(data)
    with pytest.raises(OSError, match="does not unpack"):
        migrate_file(packed, tmp_path / "out.pt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["packed.pt", "source.pt"]


def tar_file(path: Path, tensor: torch.Tensor, view: tuple[int, int]) -> None:
    """A file as torch 0.1 wrote it: two tensors, one of them over a view of the storage."""
    storages = io.BytesIO()
    for part in (1, (7, "cpu", torch.FloatStorage)):
        pickle.dump(part, storages, 2)
    storages.write(struct.pack("<q", tensor.numel()) + tensor.numpy().tobytes())
    pickle.dump([(8, 7, *view)], storages, 2)
    tensors = io.BytesIO()
    pickle.dump(2, tensors, 2)
    for key, storage, size in ((1, 7, tensor.numel()), (2, 8, view[1])):
        pickle.dump((key, storage, torch.FloatTensor), tensors, 2)
        tensors.write(struct.pack("<iiqqq", 1, 0, size, 1, 0))
    main = io.BytesIO()
    pickler = Numbered(main, 2)
    pickler.dump(OrderedDict(whole=Reference(1), part=Reference(2), args=argparse.Namespace(a=1)))
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        parts = {"sys_info": pickle.dumps({}, 2), "pickle": main.getvalue(),
                 "tensors": tensors.getvalue(), "storages": storages.getvalue()}  # fmt: skip
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


class Reference(int):
    """A tensor by number."""


class Numbered(pickle.Pickler):
    def persistent_id(self, value: Any) -> str | None:
        return str(int(value)) if isinstance(value, Reference) else None


@pytest.mark.filterwarnings("ignore")
def test_tar_file(tmp_path: Path) -> None:
    path = tmp_path / "old.tar"
    tar_file(path, torch.arange(6.0), (2, 3))
    found = migrate_file(path, tmp_path / "out.pt")
    assert found.plan.container == "tar"
    loaded = load(tmp_path / "out.pt")
    assert loaded["args"] == {"a": 1}
    assert loaded["whole"].tolist() == [0, 1, 2, 3, 4, 5]
    assert loaded["part"].tolist() == [2, 3, 4]
    assert (
        loaded["part"].untyped_storage().data_ptr() == loaded["whole"].untyped_storage().data_ptr()
    )
    truth = torch.load(path, weights_only=False)  # written by this test
    assert [bits(loaded[k]) for k in ("whole", "part")] == [
        bits(truth[k]) for k in ("whole", "part")
    ]


def left_out(path: Path, out: Path) -> list[str]:
    """What a migration says that it leaves behind."""
    found = migrate_file(path, out, MigrationOptions(replaces=True)).plan.notes
    return [note.what for note in found if note.kind is NoteKind.LEFT_OUT]


@pytest.mark.filterwarnings("ignore")
def test_what_a_tar_file_holds_beside_its_object_is_named(tmp_path: Path) -> None:
    path, more, out = tmp_path / "old.tar", tmp_path / "more.tar", tmp_path / "out.pt"
    tar_file(path, torch.arange(6.0), (2, 3))
    assert not left_out(path, out)
    with tarfile.open(more, "w") as archive, tarfile.open(path) as old:
        for member in old.getmembers():
            archive.addfile(member, old.extractfile(member))
        archive.addfile(tarfile.TarInfo("notes.txt"), io.BytesIO())
    path.write_bytes(path.read_bytes() + b"behind" + bytes(9))
    assert [what.endswith(" bytes beside the object") for what in left_out(path, out)] == [True]
    assert left_out(more, out) == ["members beside the object ('notes.txt')"]


def test_what_an_archive_holds_beside_its_records_is_named(source: Path, tmp_path: Path) -> None:
    content, out = source.read_bytes(), tmp_path / "out.pt"
    assert not left_out(source, out)
    source.write_bytes(content + b"behind")
    assert left_out(source, out) == ["6 bytes beside the records"]
    source.write_bytes(content + content)
    assert left_out(source, out) == [f"{len(content):,} bytes beside the records"]
    parts = members(source)
    with zipfile.ZipFile(source, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        archive.comment = b"made by me"
    assert left_out(source, out) == ["10 bytes beside the records"]


def big_endian(value: object, path: Path) -> Path:
    """What a machine saves that has the other end first: numbers of two bytes."""
    torch.save(value, path.with_suffix(".little"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members(path.with_suffix(".little")).items():
            numbers = np.frombuffer(content, "<u2").byteswap() if "/data/" in name else None
            whole = content if numbers is None else numbers.tobytes()
            archive.writestr(name, b"big" if name.endswith("byteorder") else whole)
    return path


@pytest.mark.parametrize("arrays", list(Arrays))
def test_numpy_arrays_without_a_storage_class_in_a_big_endian_archive(
    tmp_path: Path, arrays: Arrays
) -> None:
    """torch turns the bytes of int16 around there, and those of uint16 not: as a tensor, 1 was 256
    in the new file.
    """
    value = {"u": np.array([1, 2], "<u2"), "i": np.array([1, 2], "<i2"), "s": np.uint16(1)}
    path = big_endian({**value, "w": torch.zeros(1, dtype=torch.int16)}, tmp_path / "big.pt")
    migrate_file(
        path, tmp_path / "out.pt", MigrationOptions(arrays=arrays, scalars_as_tensors=True)
    )
    found = load(tmp_path / "out.pt")
    assert found["u"] == [1, 2]
    assert found["s"] == 1
    assert list(map(int, found["i"])) == [1, 2]


def test_what_torch_reads_otherwise_in_a_big_endian_archive_is_no_safetensors(
    tmp_path: Path,
) -> None:
    options = MigrationOptions(format=TargetFormat.SAFETENSORS)
    path = big_endian({"w": torch.arange(3, dtype=torch.int16)}, tmp_path / "signed.pt")
    migrate_file(path, tmp_path / "out.safetensors", options)
    assert load_file(tmp_path / "out.safetensors")["w"].tolist() == load(path)["w"].tolist()
    path = big_endian({"w": torch.arange(3).to(torch.uint16)}, tmp_path / "unsigned.pt")
    with pytest.raises(MigrationError, match=r"'w' \(uint16 in the file of a big-endian machine\)"):
        migrate_file(path, tmp_path / "other.safetensors", options)
    migrate_file(path, tmp_path / "same.pt")
    assert load(tmp_path / "same.pt")["w"].tolist() == load(path)["w"].tolist()


def test_big_endian_archive_stays_big_endian(tmp_path: Path) -> None:
    torch.save(
        {"w": torch.arange(3, dtype=torch.int32), "a": np.arange(3, dtype="<i4")}, tmp_path / "l.pt"
    )
    swapped = tmp_path / "big.pt"
    with zipfile.ZipFile(swapped, "w") as archive:
        for name, content in members(tmp_path / "l.pt").items():
            if name.endswith("byteorder"):
                archive.writestr(name, b"big")
            elif "/data/" in name:
                archive.writestr(name, np.frombuffer(content, "<i4").astype(">i4").tobytes())
            else:
                archive.writestr(name, content)
    migrate_file(swapped, tmp_path / "out.pt")
    found = load(tmp_path / "out.pt")
    assert members(tmp_path / "out.pt")["archive/byteorder"] == b"big"
    assert found["w"].tolist() == [0, 1, 2]
    assert found["a"].tolist() == [0, 1, 2]


# -- failures --------------------------------------------------------------------------------------


def test_the_original_is_never_the_new_file(source: Path, tmp_path: Path) -> None:
    content = source.read_bytes()
    link = tmp_path / "link.pt"
    link.symlink_to(source)
    hard = tmp_path / "hard.pt"
    hard.hardlink_to(source)
    for out in (source, link, hard, tmp_path / "." / "source.pt"):
        with pytest.raises(MigrationError, match="would replace the checkpoint"):
            migrate_file(source, out)
    assert source.read_bytes() == content


def test_a_link_as_the_new_file(source: Path, tmp_path: Path) -> None:
    """What it leads to is written, as with cp; also where nothing is there yet."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out.pt").symlink_to(tmp_path / "elsewhere" / "real.pt")
    for _ in range(2):
        migrate_file(source, tmp_path / "out.pt")
        assert (tmp_path / "out.pt").is_symlink()
        assert same(load(tmp_path / "elsewhere" / "real.pt"), PLAIN)


def test_a_failure_leaves_nothing_behind(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.pt"
    out.write_bytes(b"before")

    def fail(_self: ZipWriter) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(zip_writer.ZipWriter, "finish", fail)
    with pytest.raises(OSError, match="no space left"):
        migrate_file(source, out)
    assert out.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pt", "source.pt"]


def test_a_plan_writes_nothing(source: Path, tmp_path: Path) -> None:
    found = plan(source)
    assert [path.name for path in tmp_path.iterdir()] == ["source.pt"]
    assert (found.storages, found.nbytes) == (2, 46)


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    for name in ("pipe.pt", "."):
        with pytest.raises(MigrationError, match="not a regular file"):
            plan(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        plan(tmp_path / "missing.pt")


def test_truncated_files(source: Path, tmp_path: Path) -> None:
    data = source.read_bytes()
    torch.save(STATE, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    legacy = (tmp_path / "old.pt").read_bytes()
    cut = tmp_path / "cut.pt"
    for whole in (data, legacy):
        for size in (1, len(whole) // 2, len(whole) - 1):
            cut.write_bytes(whole[:size])
            with pytest.raises((MigrationError, OSError)):
                migrate_file(cut, tmp_path / "out.pt")
            assert not (tmp_path / "out.pt").exists()


OTHER_FILES = {
    "a TorchScript archive": lambda path: torch.jit.script(torch.nn.Linear(2, 2)).save(path),
    "is a web page": lambda path: path.write_bytes(b"<!DOCTYPE html>"),
    "git-lfs pointer": lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1"),
    "is empty": lambda path: path.write_bytes(b""),
    "something behind it": lambda path: path.write_bytes(pickle.dumps({"a": 1}) * 2),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", OTHER_FILES)
def test_other_files_are_refused_with_advice(what: str, tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    OTHER_FILES[what](path)
    with pytest.raises(MigrationError, match=what):
        migrate_file(path, tmp_path / "out.pt")


# -- the writers -----------------------------------------------------------------------------------


class Zeros:
    """A record of any size that takes no room: a hole in the file."""

    crc: int | None = 0
    place_in_page = None

    def __init__(self, size: int) -> None:
        self.size = size

    def copy_to(self, out: Any) -> None:
        out.seek(self.size - 1, os.SEEK_CUR)
        out.write(b"\0")


def test_records_and_archives_of_more_than_four_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    size = 5 * 1024**3
    with path.open("wb") as file:
        archive = ZipWriter(file)
        archive.add("data/0", Zeros(size))  # type: ignore[arg-type]
        archive.add("after", BytesContent(b"abc"))
        archive.add("version", BytesContent(b"3\n"))
        archive.finish()
    with zipfile.ZipFile(path) as read:
        first, second, _ = read.infolist()
        assert (first.file_size, first.header_offset) == (size, 0)
        assert second.header_offset > size
        assert read.read(second) == b"abc"
    reader = torch._C.PyTorchFileReader(str(path))
    assert reader.get_record_offset("data/0") % 64 == 0
    assert reader.get_record("after") == b"abc"


@pytest.mark.parametrize(
    "value", [2**8000, object(), frozenset()], ids=["integer", "object", "set"]
)
def test_the_writer_takes_plain_values_only(value: Any) -> None:
    with pytest.raises((TypeError, KeyError)):
        write_pickle(value)


def test_what_stands_behind_the_object_is_said_to_be_left_out(tmp_path: Path) -> None:
    path, out = tmp_path / "two.pt", tmp_path / "out.pt"
    with path.open("wb") as file:
        torch.save(torch.ones(2), file, _use_new_zipfile_serialization=False)
        end = file.tell()
        torch.save({"epoch": 3}, file, _use_new_zipfile_serialization=False)
    (note,) = migrate_file(path, out).plan.of_kind(NoteKind.LEFT_OUT)
    assert note.what.startswith(f"{path.stat().st_size - end:,} bytes behind the object")
    assert same(load(out), torch.ones(2))


def test_records_that_torch_does_not_read_are_said_to_be_left_out(
    source: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("source/notes.json", "{}")
        archive.writestr("source/data/77", b"\0" * 8)
    (note,) = migrate_file(source, tmp_path / "out.pt").plan.of_kind(NoteKind.LEFT_OUT)
    assert "source/notes.json" in note.what
    assert "source/data/77" in note.what
