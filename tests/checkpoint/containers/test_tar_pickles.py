"""Tar files, as torch < 0.2 wrote them: an unsafe load runs their pickles, behind any first bytes.

Real torch loads each of them, with a payload that makes a folder.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import sys
import tarfile

import pytest

from checkpoint.cases import forge
from torchload_lint.checkpoint import Verdict, inspect_bytes

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

NAMES = ("storages", "tensors", "pickle")


class Payload:
    def __reduce__(self):
        return os.mkdir, ("marker",)


HOSTILE = pickle.dumps(Payload(), 2)
NONE = pickle.dumps(0, 2) + pickle.dumps([], 2)
NO_TENSORS = pickle.dumps(0, 2)
STORAGE = b"\x80\x02(K\x01" + forge.text("cpu") + b"ctorch\nFloatStorage\nt."
ONE = pickle.dumps(1, 2) + STORAGE + struct.pack("<q2f", 2, 1, 2) + pickle.dumps([], 2)
TENSOR = b"\x80\x02(K\x02K\x01ctorch\nFloatTensor\nt."
ONE_TENSOR = pickle.dumps(1, 2) + TENSOR + struct.pack("<i4x3q", 1, 2, 1, 0)
BY_NUMBER = b"\x80\x02}" + forge.text("w") + b"K\x02Qs."
MODULE = b"\x80\x02(cos\nmkdir\nNNtQ" + forge.text("marker") + b"\x85R."


EMPTY = pickle.dumps({}, 2)


def tar(storages=NONE, tensors=NO_TENSORS, main=EMPTY, *, first="", change=None):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        members = [(first, b"")] if first else []
        for name, data in [*members, *zip(NAMES, (storages, tensors, main), strict=True)]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return change(stream.getvalue()) if change else stream.getvalue()


def summed(data, write):
    """The same, with another form of its first checksum."""
    total = 256 + sum(data[:148]) + sum(data[156:512])
    return data[:148] + write(total) + data[156:]


def signed(data):
    named = b"\xff" + data[1:]
    return summed(named, lambda total: b"%06o\0 " % (total - 256))


FILES = {
    "in storages": tar(HOSTILE),
    "behind a storage": tar(pickle.dumps(2, 2) + ONE[5:-4] + HOSTILE),
    "in views": tar(pickle.dumps(0, 2) + HOSTILE),
    "in tensors": tar(tensors=HOSTILE),
    "in a tensor": tar(ONE, pickle.dumps(1, 2) + HOSTILE),
    "in the object": tar(ONE, ONE_TENSOR, HOSTILE),
    "called by its persistent id": tar(main=MODULE),
    "behind GGUF": tar(main=HOSTILE, first="GGUF"),
    "behind BZh": tar(main=HOSTILE, first="BZh9"),
    "with a signed checksum": tar(main=HOSTILE, first="xx", change=signed),
    "with a binary checksum": tar(
        HOSTILE, change=lambda data: summed(data, lambda n: b"\x80" + n.to_bytes(7, "big"))
    ),
}
LOAD = """
import torch
try:
    print(torch.load("saved.pt", weights_only=False))
except Exception as error:
    print(type(error).__name__)
"""


def loaded(folder, data):
    """What real torch prints, and whether the payload ran."""
    (folder / "saved.pt").write_bytes(data)
    command = [sys.executable, "-W", "ignore", "-c", LOAD]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip(), (folder / "marker").exists()


@pytest.mark.parametrize("where", FILES)
def test_what_an_unsafe_load_would_call_is_seen(where, tmp_path):
    assert loaded(tmp_path, FILES[where])[1]
    report = inspect_bytes(FILES[where], "saved.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert "mkdir" in report.problems[0].message


def test_what_torch_wrote_is_no_danger(tmp_path):
    file = tar(ONE, ONE_TENSOR, BY_NUMBER)
    assert loaded(tmp_path, file) == ("{'w': tensor([1., 2.])}", False)
    assert inspect_bytes(file, "saved.pt").verdict is Verdict.CANNOT_LOAD


def test_a_link_in_the_place_of_a_member_is_not_believed():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        info = tarfile.TarInfo("storages")
        info.type, info.linkname = tarfile.SYMTYPE, "/tmp/other"
        out.addfile(info)
    report = inspect_bytes(stream.getvalue(), "saved.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert "its member storages is no plain file" in report.problems[0].message


def test_another_tar_file_is_none_of_torch():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        out.addfile(tarfile.TarInfo("readme"))
    assert inspect_bytes(stream.getvalue(), "saved.pt").verdict is Verdict.CANNOT_LOAD


def test_a_pickle_that_only_looks_like_a_tar_file(tmp_path):
    block = bytearray(HOSTILE.ljust(512, b"\0"))
    block[124:136] = b"no number\0\0\0"  # the size: Python's tarfile refuses it
    path = tmp_path / "a.pt"
    path.write_bytes(summed(bytes(block[:148]) + b" " * 8 + bytes(block[156:]), b"%06o\0 ".__mod__))
    assert inspect_bytes(path.read_bytes(), "a.pt").verdict is Verdict.DANGEROUS
    load = "import torch; torch.load('a.pt', weights_only=False)"
    subprocess.run([sys.executable, "-c", load], cwd=tmp_path, capture_output=True, check=False)
    assert (tmp_path / "marker").is_dir()
