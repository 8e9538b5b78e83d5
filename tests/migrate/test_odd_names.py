"""What stands where a text or a number should: tuples of tuples, and integers without end.

A tuple that holds another one twice, forty times over, has a few hundred bytes in a pickle, and
more parts than anyone can look at; of an integer with thousands of digits Python makes no text.
"""

from __future__ import annotations

import io
import struct
import tarfile
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
import torch

from torchload_lint.checkpoint import Verdict, inspect_bytes, inspect_file
from torchload_lint.migrate import MigrationError, migrate_file, plan, summary_text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

NESTED = b")" + b"2\x86" * 45
WIDE = b")r\0\0\1\0" + b"".join(
    b"0(" + (b"j" + struct.pack("<i", 65536 + at)) * 300 + b"tr" + struct.pack("<i", 65537 + at)
    for at in range(6)
)
LONG = b"\x8b" + struct.pack("<i", 3000) + b"\1" * 3000


def text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<i", len(data)) + data


def called(name: str, *args: bytes) -> bytes:
    module, _, function = name.rpartition(".")
    return f"c{module}\n{function}\n".encode() + b"(" + b"".join(args) + b"tR"


def filled(**entries: bytes) -> bytes:
    return b"}(" + b"".join(text(name) + item for name, item in entries.items()) + b"u"


def module(name: str, **more: bytes) -> bytes:
    registries = {"_modules": b"}", "_parameters": b"}", "_buffers": b"}", "training": b"\x88"}
    return called(name) + filled(**{**registries, **more}) + b"b"


def one(key: bytes) -> bytes:
    return b"}" + key + b"K\1s"


PLACES = {
    "a key": one,
    "an object as key": lambda it: b"}" + called("app.Net") + one(it) + b"bK\5s",
    "an attribute": lambda it: called("app.Net") + one(it) + b"b",
    "a module's names": lambda it: module("app.Net", _modules=one(it), _parameters=one(it)),
    "a module's values": lambda it: module("app.Net", width=it, _version=it, other=one(it)),
    "hooks": lambda it: module("app.Net", _forward_hooks=one(it), _state_dict_hooks=one(it)),
    "a tensor of a class": lambda it: called(
        "torch._tensor._rebuild_from_type_v2", b"ctorch._utils\n_rebuild_tensor\n", b"capp\nT\n",
        b")", one(it)),
    "a dict's state": lambda it: called("collections.OrderedDict") + one(it) + b"b",
    "a parameter's state": lambda it: called(
        "torch._utils._rebuild_parameter_with_state", b"N", b"\x88",
        called("collections.OrderedDict"), one(it)),
    "a deque's length": lambda it: called("collections.deque", b")", it),
    "the state of a tensor's hooks": lambda it: called(
        "torch._utils._rebuild_parameter", b"N", b"\x88", one(it)),
    "a size": lambda it: called("torch.Size", it + b"\x85"),
    "a shape": lambda it: called("torch._utils._rebuild_meta_tensor_no_storage",
                                 b"ctorch\nfloat32\n", it + b"\x85", it + b"\x85", b"\x88"),
    "a device": lambda it: called("torch.device", it),
    "a storage": lambda it: it + b"Q",
    "a storage's key": lambda it: b"(" + text("storage") + b"ctorch\nFloatStorage\n" + it
    + text("cpu") + b"K\1tQ",
    "a storage's size": lambda it: b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0")
    + text("cpu") + it + b"tQ",
    "a unit of time": lambda it: called("numpy.dtype", text("M8"), b"\x89", b"\x88")
    + b"(K\4" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0}(" + it
    + b"K\1K\1K\1t\x86tb",
    "an array's shape": lambda it: called("numpy.core.multiarray._reconstruct",
                                          b"cnumpy\nndarray\n", b"K\0\x85", text("b"))
    + b"(K\1K\0" + it + b"\x86" + called("numpy.dtype", text("f4"), b"\x89", b"\x88")
    + b"(K\3" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89" + text("") + b"tb",
    "how many units": lambda it: called("numpy.dtype", text("M8"), b"\x89", b"\x88")
    + b"(K\4" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0}(" + text("s") + it
    + b"K\1K\1t\x86tb",
}  # fmt: skip
"""Where a pickle may hold any value → a pickle with that value there."""


@pytest.mark.parametrize("value", [NESTED, WIDE, LONG], ids=["nested", "wide", "long"])
@pytest.mark.parametrize("place", PLACES)
def test_any_value_may_stand_anywhere(place: str, value: bytes, tmp_path: Path) -> None:
    path = tmp_path / "in.pt"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x/data.pkl", b"\x80\x04" + PLACES[place](value) + b".")
        file.writestr("x/version", "3\n")
        file.writestr("x/data/0", b"1234")
    start = time.process_time()
    assert not any("failed on this file" in one.message for one in inspect_file(path).problems)
    why = ""
    try:
        summary_text(plan(path), path, None, trees=True)
        migrate_file(path, tmp_path / "out.pt")
    except MigrationError as error:
        why = str(error)
    assert "in a way that is not understood" not in why
    assert why or torch.load(tmp_path / "out.pt", weights_only=True) is not None
    assert time.process_time() - start < 10


def test_an_object_may_have_itself_as_the_name_of_an_attribute(tmp_path: Path) -> None:
    itself = called("app.Net") + b"q\0}h\0h\0sb"
    (tmp_path / "in.pkl").write_bytes(b"\x80\x02}" + itself + b"K\1s.")
    migrate_file(tmp_path / "in.pkl", tmp_path / "out.pt")
    assert inspect_file(tmp_path / "in.pkl").verdict is Verdict.CANNOT_LOAD
    assert torch.load(tmp_path / "out.pt", weights_only=True) == {}


def test_a_tar_file_names_its_storages_by_numbers(tmp_path: Path) -> None:
    storages = b"\x80\x02K\0.\x80\x02]((K\0" + NESTED + b"K\0K\1te."
    with tarfile.open(tmp_path / "in.pt", "w") as archive:
        for name, data in [("storages", storages), ("tensors", b"\x80\x02K\0."),
                           ("pickle", b"\x80\x02N.")]:  # fmt: skip
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    start = time.process_time()
    with pytest.raises(MigrationError, match="the tar file is damaged"):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert time.process_time() - start < 10


def test_the_names_of_all_state_dicts_are_counted_together(tmp_path: Path) -> None:
    """Each module of a list had its own bound, and a few kilobytes became a file of gigabytes."""
    chain = module("app.Leaf") + b"q\0" + b"".join(
        b"0" + module("app.Pair", _modules=filled(a=b"h" + bytes([at]), b=b"h" + bytes([at])))
        + b"q" + bytes([at + 1]) for at in range(14)
    )  # fmt: skip
    roots = b"".join(module("app.Root", _modules=filled(a=b"h\x0e")) for _ in range(40))
    (tmp_path / "in.pkl").write_bytes(b"\x80\x02" + chain + b"0](" + roots + b"e.")
    with pytest.raises(MigrationError, match=r"state dicts .* more than 400,000 names"):
        migrate_file(tmp_path / "in.pkl", tmp_path / "out.pt")


def resaved(file: bytes, old: bytes, new: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as before, zipfile.ZipFile(buffer, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(old, new))
    return buffer.getvalue()


@pytest.mark.parametrize("location", ["cpu", "meta", "cpu:0", "cpu:", "meta:0", "cpu\ud800", "CPU"])
def test_where_a_storage_lay(location: str) -> None:
    """Of the processor and of ``meta`` there is one, without a number."""
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(2)}, buffer)
    data = resaved(buffer.getvalue(), text("cpu"), text(location))
    try:
        loads = torch.load(io.BytesIO(data), weights_only=True) is not None
    except RuntimeError:  # "don't know how to restore data location"
        loads = False
    assert (inspect_bytes(data, "a.pt").verdict is Verdict.LOADS) == loads


@pytest.mark.parametrize("number", ["cuda", "cuda:0", "cuda:127", "cuda:128", "cuda:x", "cuda:01"])
def test_the_number_of_a_device(number: str) -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(2)}, buffer)
    data = resaved(buffer.getvalue(), text("cpu"), text(number))
    try:
        is_device = str(torch.device(number)) == number  # 128 becomes -128 there
    except RuntimeError:
        is_device = False
    assert (inspect_bytes(data, "a.pt").verdict is Verdict.LOADS) == is_device


def test_half_a_pair_of_surrogates_is_no_flag_of_a_tensor(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(torch.ones(2, dtype=torch.complex64).conj(), buffer)
    for name in ("conj", "kind", "\ud800"):
        data = resaved(buffer.getvalue(), text("conj"), text(name))
        try:
            loads = torch.load(io.BytesIO(data), weights_only=True) is not None
        except TypeError:
            loads = False
        assert (inspect_bytes(data, "a.pt").verdict is Verdict.LOADS) == loads, name
        (tmp_path / "in.pt").write_bytes(data)
        if not loads:
            with pytest.raises(MigrationError, match="flags"):
                migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
