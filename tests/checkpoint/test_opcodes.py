"""The opcodes and their arguments are those of Python's own disassembler."""

from __future__ import annotations

import io
import pickle
import pickletools

import pytest

from torchload_lint.checkpoint.limits import LimitExceededError, Limits
from torchload_lint.checkpoint.opcodes import CODES, PickleFaultError, read_opcodes

VALUES = [
    None, True, 0, 255, 65536, -1, 2**40, 2**3000, 1.5, "a", "ä" * 300, b"ab", b"x" * 300,
    (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [1, [2]], {"a": {"b": []}}, {1, 2},
    frozenset({3}), bytearray(b"abc"), OSError, pickle.PickleBuffer,
]  # fmt: skip


def test_every_opcode_of_python_is_known():
    assert {opcode.name: ord(opcode.code) for opcode in pickletools.opcodes} == CODES


@pytest.mark.parametrize("protocol", range(6))
def test_the_same_steps_as_pickletools(protocol):
    for value in VALUES:
        data = pickle.dumps(value, protocol)
        ours = [(step.name, step.position) for step in read_opcodes(data)]
        theirs = [(op.name, position) for op, _, position in pickletools.genops(io.BytesIO(data))]
        assert ours == theirs


def test_arguments_are_values():
    data = pickle.dumps((300, -2, 1.5, "ä", 2**70, OSError), 2)
    found = {step.name: step.argument for step in read_opcodes(data)}
    assert found["BININT2"] == 300
    assert found["BININT"] == -2
    assert found["BINFLOAT"] == 1.5
    assert found["BINUNICODE"] == "ä"
    assert found["LONG1"] == 2**70
    assert found["GLOBAL"] == ("exceptions", "OSError")


@pytest.mark.parametrize(
    "data",
    [b"", b"N", b"K", b"X\x05\x00\x00\x00ab", b"\x8a\x09\x01", b"G\x00", b"cabc\n", b"U", b"I12"],
)
def test_what_ends_early_is_truncated(data):
    with pytest.raises(PickleFaultError) as caught:
        list(read_opcodes(data))
    assert caught.value.code == "truncated"


@pytest.mark.parametrize("data", [b"\xff", b"N\x00.", b"X\x01\x00\x00\x00\xff.", b"c\xff\nx\n."])
def test_what_is_no_pickle_is_malformed(data):
    with pytest.raises(PickleFaultError) as caught:
        list(read_opcodes(data))
    assert caught.value.code == "malformed"


def test_reading_starts_where_it_is_told_and_ends_at_stop():
    data = b"N." + b"K\x07." + b"junk"
    assert [step.name for step in read_opcodes(data, 2)] == ["BININT1", "STOP"]


def test_limits_are_named():
    with pytest.raises(LimitExceededError, match="3 opcodes") as caught:
        list(read_opcodes(b"NNNNN.", 0, Limits(opcodes=3)))
    assert caught.value.limit == "opcodes"
    with pytest.raises(LimitExceededError) as caught:
        list(read_opcodes(b"c" + b"a" * 100 + b"\nb\n.", 0, Limits(line_bytes=50)))
    assert caught.value.limit == "line_bytes"
