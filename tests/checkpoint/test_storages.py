"""Storages that are parts of others, or named twice: torch and the report agree about them."""

from __future__ import annotations

import io
import struct

import pytest

from checkpoint import bare_files
from checkpoint.cases import forge
from torchload_lint.checkpoint import Verdict, inspect_bytes

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

WHOLE = b"K\x06N"
"""Six elements, and nothing that says that it is a part."""


def old_file(part, size):
    """Six numbers, of which a tensor of ``size`` elements has a part, as torch < 0.4 wrote it."""
    stream = io.BytesIO()
    torch.save(torch.arange(6.0), stream, _use_new_zipfile_serialization=False)
    data = stream.getvalue().replace(WHOLE, b"K\x06X\x01\0\0\0v" + part + b"\x87", 1)
    return data.replace(b"K\x00K\x06\x85", b"K\x00K" + bytes([size]) + b"\x85", 1)


def loads(data):
    try:
        loaded = torch.load(io.BytesIO(data), weights_only=True)
        return loaded.tolist() if isinstance(loaded, torch.Tensor) else loaded
    except (AssertionError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        return str(error)


def test_a_tensor_within_a_part_of_a_storage_loads():
    data = old_file(b"K\x02K\x03", 3)
    assert loads(data) == [2.0, 3.0, 4.0]
    assert inspect_bytes(data, "old.pt").verdict is Verdict.LOADS


@pytest.mark.parametrize(("part", "size"), [(b"K\x02K\x03", 4), (b"K\x05K\x04", 2)])
def test_a_tensor_beyond_a_part_of_a_storage_does_not(part, size):
    data = old_file(part, size)
    assert "resiz" in loads(data)
    assert inspect_bytes(data, "old.pt").verdict is not Verdict.LOADS


@pytest.mark.parametrize("count", [b"]", b"X\x01\0\0\0a"])
def test_what_a_storage_says_of_its_size_the_second_time_is_passed_over(count):
    stream = io.BytesIO()
    shared = torch.arange(6.0)
    torch.save([shared, shared[:2]], stream, _use_new_zipfile_serialization=False)
    before, found, behind = stream.getvalue().rpartition(WHOLE)
    data = before + count + found[2:] + behind
    assert [one.tolist() for one in torch.load(io.BytesIO(data), weights_only=True)] == [
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        [0.0, 1.0],
    ]
    assert inspect_bytes(data, "twice.pt").verdict is Verdict.LOADS


def identity(key="0", place="cpu", count=4, part=None, *, old=False):
    """A persistent id: a storage of floats."""
    name = forge.text(key) if isinstance(key, str) else forge.number(key)
    told = forge.text(count) if isinstance(count, str) else forge.number(count)
    fields = [forge.text("storage"), forge.name("torch", "FloatStorage")]
    fields += [name, forge.text(place), told]
    if old:
        fields.append(b"N" if part is None else forge.pair(*map(forge.number, part)))
    return forge.pair(*fields) + b"Q"


def made(storages, *, old, keys=("0",), size=0):
    """A file that names these storages one after the other, the last one for a tensor."""
    items = [identity(*storage, old=old) for storage in storages]
    items[-1] = forge.tensor(items[-1], size)
    program = forge.program(forge.array(*items))
    if old:
        numbers = struct.pack("<q4f", 4, *range(4))
        return bare_files.legacy(program, keys, numbers * len(keys))
    return bare_files.archive(program, extra=[("data/0", forge.STORAGE)])


WITHOUT_MEMORY = ("0", "meta", 4)
OLD = [
    (True, {"storages": [WITHOUT_MEMORY, ("0", "cpu", -1)]}),
    (True, {"storages": [WITHOUT_MEMORY, ("0", "cpu", "a")], "size": 4}),
    (True, {"storages": [("0", "cpu", 0), ("0", "cpu", -1)], "keys": ()}),
    (False, {"storages": [("0", "cpu", 0), ("0", "cpu", 4)]}),
    (True, {"storages": [("0", "cpu", 4), ("0", "nowhere", 4)]}),
    (False, {"storages": [("0", "nowhere", 4), ("0", "cpu", 4)]}),
    (True, {"storages": [("0", "cpu", 4), (0, "cpu", 4)], "keys": ("0", 0), "size": 4}),
    (False, {"storages": [("0", "cpu", 4)], "keys": (0,)}),
    (False, {"storages": [(0, "cpu", 4)]}),
    (True, {"storages": [("0", "cpu", 4, (7, 1, 2)), ("0", "cpu", 4, (7, 9, 9))], "size": 2}),
    (False, {"storages": [("0", "cpu", 4, (7, 1, 1)), ("0", "cpu", 4, (7, 0, 4))], "size": 2}),
    (False, {"storages": [("0", "meta", 4, (7, 1, 2))], "keys": ()}),
    (False, {"storages": [("0", "cpu", 4, (0, 1, 1)), (0, "cpu", 4)], "size": 4}),
]
NEW = [
    (False, {"storages": [WITHOUT_MEMORY, ("0", "cpu", -1)]}),
    (False, {"storages": [WITHOUT_MEMORY, ("0", "cpu", 3)]}),
    (True, {"storages": [WITHOUT_MEMORY, ("0", "cpu", 4)], "size": 4}),
    (True, {"storages": [("0", "cpu", 4), ("0", "nowhere", -1)], "size": 4}),
    (False, {"storages": [("0", "cpu", 4), (0, "cpu", -1)]}),
    (True, {"storages": [WITHOUT_MEMORY], "size": 9}),
    (False, {"storages": [("0", "cpu", 4)], "size": 9}),
]


@pytest.mark.parametrize(
    ("works", "described", "old"),
    [(*case, True) for case in OLD] + [(*case, False) for case in NEW],
)
def test_torch_tells_a_storage_that_is_named_again_by_its_key_and_its_memory(works, described, old):
    data = made(**described, old=old)
    assert isinstance(answer := loads(data), str) is not works, answer
    assert (inspect_bytes(data, "again.pt").verdict is Verdict.LOADS) is works


def test_memory_for_storages_that_have_no_bytes_in_the_file_is_not_called_loadable():
    code = identity("0", "meta", 2**30, old=True).replace(
        forge.number(2**30), b"\x8a\x06" + bytes(5) + b"\1"
    )
    data = bare_files.legacy(forge.program(code), (), b"")
    assert "allocate" in loads(data)
    assert inspect_bytes(data, "large.pt").verdict is Verdict.UNREADABLE
