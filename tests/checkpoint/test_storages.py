"""Storages that are parts of others, or named twice: torch and the report agree about them."""

from __future__ import annotations

import io

import pytest

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
        return torch.load(io.BytesIO(data), weights_only=True).tolist()
    except (RuntimeError, ValueError) as error:
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
