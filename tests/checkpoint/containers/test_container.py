"""Every kind of file is recognised and named, with the way out."""

from __future__ import annotations

import gzip
import os
import struct
import sys

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import Target, Verdict, inspect_bytes, inspect_file

NOT_CHECKPOINTS = {
    "empty": b"",
    "git-lfs-pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "html": b"<!DOCTYPE html>\n<html><body>404</body></html>",
    "gzip": gzip.compress(b"abc"),
    "npy": b"\x93NUMPY\x01\x00",
    "npz": files.plain_zip([("arr_0.npy", b"\x93NUMPY")]),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(20),
    "gguf": b"GGUF\x03\x00\x00\x00",
    "zeros": bytes(600),
    "text": b'{"a": 1}',
    "foreign-zip": files.plain_zip([("word/document.xml", b"<a/>")]),
    "not-a-checkpoint": b"hello, this is nothing at all\x00\x01",
}

SOUND_BUT_REFUSED = {
    "torchscript": files.archive(extra=[("constants.pkl", files.PLAIN)]),
    "tar": files.tar(),
    "safetensors": files.safetensors(),
    "torch.package": files.archive(extra=[(".data/extern_modules", b"")], version=""),
    "torch.export": files.plain_zip([("model/archive_format", b"pt2")]),
    "plain-pickle": files.NAMESPACE,
}


@pytest.mark.parametrize("code", NOT_CHECKPOINTS)
def test_what_is_no_checkpoint_is_named(code):
    report = inspect_bytes(NOT_CHECKPOINTS[code], "model.pt")
    assert report.verdict is Verdict.UNREADABLE
    assert [problem.code for problem in report.problems] == [code]
    assert report.problems[0].advice


@pytest.mark.parametrize("code", SOUND_BUT_REFUSED)
def test_other_formats_cannot_be_loaded_and_say_how_to_read_them(code):
    report = inspect_bytes(SOUND_BUT_REFUSED[code], "model.pt")
    assert report.verdict is Verdict.CANNOT_LOAD
    assert [problem.code for problem in report.problems] == [code]
    assert report.problems[0].advice


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("zip", files.archive()),
        ("zip", files.archive(deflate=True)),
        ("zip", files.archive(prefix="any name")),
        ("legacy", files.legacy()),
        (
            "zip",
            files.archive(b"\x80\x02" + files.tensor() + b".", extra=[("data/0", bytes(8))]),
        ),
        (
            "legacy",
            files.legacy(
                b"\x80\x02" + files.tensor(legacy=True) + b".", ["0"], files.stored(1.0, 2.0)
            ),
        ),
    ],
)
def test_checkpoints_load(kind, data):
    report = inspect_bytes(data, "model.pt")
    assert (report.container, report.verdict) == (kind, Verdict.LOADS), report.problems
    assert report.protocol == 2


def test_safetensors_by_its_name():
    data = files.safetensors()
    assert inspect_bytes(data, "a/model.safetensors").verdict is Verdict.LOADS
    older = inspect_bytes(data, "model.safetensors", Target.of("2.12"))
    assert older.verdict is Verdict.CANNOT_LOAD
    damaged = inspect_bytes(data[:-1], "model.safetensors")
    assert damaged.verdict is Verdict.UNREADABLE
    other = inspect_bytes(files.archive(), "model.safetensors")
    assert other.verdict is Verdict.UNREADABLE


def test_torchscript_went_to_jit_before_2_6():
    data = SOUND_BUT_REFUSED["torchscript"]
    assert inspect_bytes(data, "model.pt", Target.of("2.5")).verdict is Verdict.LOADS


@pytest.mark.parametrize("cut", [1, 30, 60, 150])
def test_a_cut_off_archive_is_truncated(cut):
    data = files.archive()
    report = inspect_bytes(data[:-cut], "model.pt")
    assert report.verdict is Verdict.UNREADABLE
    assert report.problems[0].code in {"truncated", "damaged"}
    assert report.problems[0].advice


def test_a_cut_off_legacy_file_is_truncated():
    data = files.legacy(
        b"\x80\x02" + files.tensor(legacy=True) + b".", ["0"], files.stored(1.0, 2.0)
    )
    report = inspect_bytes(data[:-1], "model.pt")
    assert (report.verdict, report.problems[0].code) == (Verdict.UNREADABLE, "truncated")


def test_a_storage_must_have_the_bytes_it_says():
    data = b"\x80\x02" + files.tensor(count=2) + b"."
    short = inspect_bytes(files.archive(data, extra=[("data/0", bytes(4))]), "model.pt")
    missing = inspect_bytes(files.archive(data), "model.pt")
    assert short.verdict is missing.verdict is Verdict.UNREADABLE
    assert "instead of" in short.problems[0].message
    assert "missing" in missing.problems[0].message


def test_the_first_of_two_equal_names_counts_and_case_does_not():
    members = [("a/DATA.PKL", files.PLAIN), ("a/data.pkl", files.NAMESPACE), ("a/version", b"3\n")]
    assert inspect_bytes(files.plain_zip(members), "model.pt").verdict is Verdict.LOADS
    members[:2] = reversed(members[:2])
    assert inspect_bytes(files.plain_zip(members), "x.pt").verdict is Verdict.NEEDS_SAFE_GLOBALS


@pytest.mark.parametrize(
    "members",
    [
        [("a/data.pkl", files.PLAIN), ("b/version", b"3\n")],
        [("a/data.pkl", files.PLAIN)],
        [("a/data.pkl", files.PLAIN), ("a/version", b"99\n")],
        [("a/data.pkl", files.PLAIN), ("a/version", b"x")],
    ],
)
def test_archives_that_torch_refuses_as_a_whole(members):
    report = inspect_bytes(files.plain_zip(members), "model.pt")
    assert (report.verdict, report.problems[0].code) == (Verdict.UNREADABLE, "damaged")


def test_an_archive_behind_other_bytes_is_not_one_to_torch():
    report = inspect_bytes(b"#!/bin/sh\n" + files.archive(), "model.pt")
    assert report.verdict is Verdict.UNREADABLE


def test_only_the_pickle_of_a_huge_archive_is_read(tmp_path):
    """A sparse file of 6 GB with zip64 sizes: only the directory and the pickle are read."""
    path = tmp_path / "huge.pt"
    size = 6 * 1024**3
    count = size // 4
    pickle = b"\x80\x02(" + files.text("storage") + b"ctorch\nFloatStorage\n" + files.text("0")
    pickle += files.text("cpu") + b"\x8a\x05" + count.to_bytes(5, "little") + b"tQ."
    write_sparse_archive(path, pickle, size)
    report = inspect_file(path)
    assert report.verdict is Verdict.LOADS, report.problems


def write_sparse_archive(path, pickle, size):
    """``a/data.pkl``, ``a/version`` and a hole called ``a/data/0``."""
    directory, count = b"", 0
    with path.open("wb") as out:
        for name, content in ((b"a/data.pkl", pickle), (b"a/version", b"3\n"), (b"a/data/0", None)):
            offset = out.tell()
            length = size if content is None else len(content)
            extra = struct.pack("<HHQQ", 1, 16, length, length)
            short = 0xFFFFFFFF
            out.write(
                struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, 0, short, short, len(name), 0)
            )
            out.write(name)
            if content is None:
                out.seek(size, os.SEEK_CUR)
            else:
                out.write(content)
            directory += struct.pack(
                "<4s6H3L5H2L", b"PK\1\2", 45, 45, 0, 0, 0, 0, 0, short, short, len(name),
                len(extra), 0, 0, 0, 0, offset,
            )  # fmt: skip
            directory += name + extra
            count += 1
        start = out.tell()
        out.write(directory)
        end = out.tell()
        out.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count,
                              len(directory), start))  # fmt: skip
        out.write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        out.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF,
                              0xFFFFFFFF, 0))  # fmt: skip


def test_paths_that_lead_to_no_file(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    dangling = tmp_path / "dangling.pt"
    dangling.symlink_to(tmp_path / "nowhere")
    expected = {tmp_path / "no.pt": "missing", dangling: "missing", folder: "directory"}
    for path, code in expected.items():
        report = inspect_file(path)
        assert (report.verdict, report.problems[0].code) == (Verdict.UNREADABLE, code)
        assert report.problems[0].advice
    assert inspect_file("nul\0byte").verdict is Verdict.UNREADABLE


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    pipe = tmp_path / "pipe.pt"
    os.mkfifo(pipe)
    assert inspect_file(pipe).problems[0].code == "not-a-file"


def test_a_distributed_checkpoint_is_a_folder(tmp_path):
    (tmp_path / ".metadata").write_bytes(files.PLAIN)
    report = inspect_file(tmp_path)
    assert (report.container, report.verdict) == ("dcp", Verdict.CANNOT_LOAD)
    assert "dcp_to_torch" in report.problems[0].advice
    (tmp_path / ".metadata").write_bytes(b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00a\x85R.")
    assert inspect_file(tmp_path).verdict is Verdict.DANGEROUS


def test_a_broken_pickle_is_still_searched_for_what_it_calls():
    data = b"\x80\x02cbuiltins\neval\nX\x03\x00\x00\x001+1\x85R\xff"
    for whole in (data, files.archive(data), files.legacy(data)):
        report = inspect_bytes(whole, "model.pt")
        assert report.verdict is Verdict.DANGEROUS
        assert "builtins.eval('1+1')" in report.problems[0].message
