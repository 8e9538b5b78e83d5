"""numpy believes a dtype's state; one that contradicts itself is refused, what numpy writes is not."""

# ruff: noqa: E501 - one case a row

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.checkpoint.report import Verdict

DTYPES = [
    "f8", ">f8", "i4", "?", "b", "u1", "O", "S3", "U3", "V3", "M8[s]", "m8[ns]", "c16", "g", "f2",
    [("a", "f8"), ("b", "O")], [("a", "f8"), ("b", "U3")], [("a", "i4", (2, 3))],
    [("a", [("x", "O"), ("y", "i1")]), ("b", "f4")], [(("title", "a"), "f8")], [("a", "?"), ("b", "S5")],
    {"names": ["a", "b"], "formats": ["i4", "f8"], "offsets": [0, 16], "itemsize": 32},
    {"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 2]},
    np.dtype([("a", "i1"), ("b", "f8")], align=True),
]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("value", ["dtype", "array"])
def test_what_numpy_writes(dtype, value):
    found = np.dtype(dtype)
    buffer = io.BytesIO()
    torch.save(found if value == "dtype" else np.zeros(2, found), buffer)
    assert inspect_bytes(buffer.getvalue(), "m.pt").verdict is not Verdict.DANGEROUS


def made(code, *state):
    number = {None: b"N"}
    parts = [
        number.get(one) or (forge.number(one) if isinstance(one, int) else one)
        if not isinstance(one, bytes)
        else one
        for one in state
    ]
    dtype = forge.call(forge.name("numpy", "dtype"), forge.text(code), b"\x89", b"\x88")
    return dtype + forge.pair(forge.number(3), forge.text("|"), *parts) + b"b"


def plain(code):
    return forge.call(forge.name("numpy", "dtype"), forge.text(code), b"\x89", b"\x88")


def names(*listed):
    return forge.pair(*map(forge.text, listed))


def fields(**given):
    return forge.mapping(
        {key: forge.pair(dtype, forge.number(at)) for key, (dtype, at) in given.items()}
    )


F8, O8 = plain("f8"), plain("O8")
CONTRADICTIONS = {
    "numbers that are objects": made("f8", None, None, None, -1, -1, 63),
    "numbers that count references": made("i8", None, None, None, -1, -1, 1),
    "objects that are numbers": made("O8", None, None, None, -1, -1, 0),
    "objects without their list": made("O8", None, None, None, -1, -1, 61),
    "numbers of another size": made("f8", None, None, None, 4, 1, 0),
    "texts of another size": made("U3", None, None, None, 4000, 4, 8),
    "an alignment beyond 64 bits": made("S3", None, None, None, 3, b"\x8a\x09" + bytes(8) + b"\1", 0),
    "bytes that are objects": made("V8", None, None, None, 8, 1, 63),
    "names without fields": made("V8", None, names("a"), None, 8, 1, 0),
    "fields without names": made("V8", None, None, fields(a=(F8, 0)), 8, 1, 0),
    "other names": made("V8", None, names("b"), fields(a=(F8, 0)), 8, 1, 0),
    "more names": made("V8", None, names("a", "b"), fields(a=(F8, 0)), 8, 1, 0),
    "a field beyond the end": made("V8", None, names("a"), fields(a=(F8, 8)), 8, 1, 0),
    "a field before the beginning": made("V8", None, names("a"), fields(a=(F8, -8)), 8, 1, 0),
    "a size beyond its own": made("V8", None, names("a"), fields(a=(F8, 0)), 8000, 1, 0),
    "fields that deny their objects": made("V8", None, names("a"), fields(a=(O8, 0)), 8, 1, 0),
    "fields whose objects have no list": made("V8", None, names("a"), fields(a=(O8, 0)), 8, 1, 25),
    "fields that say they are objects": made("V8", None, names("a"), fields(a=(F8, 0)), 8, 1, 27),
    "objects under numbers": made("V8", None, names("a", "b"), fields(a=(O8, 0), b=(F8, 0)), 8, 1, 27),
    "objects far under numbers": made("V24", None, names("a", "b", "c"), fields(a=(plain("V24"), 0), b=(plain("i1"), 1), c=(O8, 16)), 24, 1, 27),
    "fields of a number": made("f8", None, names("a"), fields(a=(F8, 0)), 8, 1, 0),
    "a field that is no dtype": made("V8", None, names("a"), forge.mapping({"a": forge.pair(b"N", forge.number(0))}), 8, 1, 0),
    "a subarray of another size": made("V16", forge.pair(F8, forge.pair(forge.number(9))), None, None, 16, 8, 0),
    "a subarray that denies its objects": made("V16", forge.pair(O8, forge.pair(forge.number(2))), None, None, 16, 8, 0),
    "a negative shape": made("V16", forge.pair(F8, forge.pair(forge.number(-2))), None, None, 16, 8, 0),
    "flags that are a text": made("f8", None, None, None, -1, -1, forge.text("x")),
    "another form": plain("f8") + forge.pair(forge.number(3), forge.text("<")) + b"b",
    "no tuple": plain("f8") + b"}b",
}  # fmt: skip


@pytest.mark.parametrize("program", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_contradicts_itself(program):
    data = forge.archive(forge.program(program))
    report = inspect_bytes(data, "m.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert "no program saves" in report.problems[0].message
