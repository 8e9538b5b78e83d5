"""A file cannot change a numpy array or dtype after something uses it, or give it a state not its own.

numpy 2.4 was seen to end the process for most of these, under the allowlist that the report named.
"""

# ruff: noqa: E501 - one case a row

from __future__ import annotations

import io
from collections import OrderedDict

import numpy as np
import pytest
import torch

from checkpoint.cases import forge
from checkpoint.cases.forge import archive, array, call, mapping, name, number, pair, program, text
from torchload_lint.checkpoint import Verdict, inspect_bytes

NONE, FALSE, TRUE, BUILD = b"N", b"\x89", b"\x88", b"b"
DTYPE, NDARRAY = name("numpy", "dtype"), name("numpy", "ndarray")
RECONSTRUCT = name("numpy._core.multiarray", "_reconstruct")


def memo(at):
    return b"q" + bytes([at])


def again(at):
    return b"h" + bytes([at])


def state(subarray, names, fields, size, flags, order="|"):
    parts = (subarray, names, fields, number(size), number(1 if size > 0 else size), number(flags))
    return pair(number(3), text(order), *parts) + BUILD


def made(first, function=DTYPE):
    return call(function, first, FALSE, TRUE)


def simple(code, flags=0):
    return made(text(code)) + state(NONE, NONE, NONE, -1, flags)


F8, O8 = simple("f8"), simple("O8", 63)
NUMBERS, OBJECTS = ((pair(text("a")), mapping({"a": pair(part, number(0))})) for part in (F8, O8))
FAR = mapping({"a": pair(O8, number(1 << 30))})


TEXTS = call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), TRUE, NONE)


def times(unit, divisor=1):
    given = pair(NONE, pair(text(unit), number(1), number(divisor), number(1)))
    state_ = pair(number(4), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0), given)
    return made(text("M8")) + state_ + BUILD


def begun(size=0, code="b", function=RECONSTRUCT):
    return call(function, NDARRAY, pair(number(size)), text(code))


def filled(array_, dtype, data=None, shape=1):
    data = data or forge.raw(b"AAAAAAA\0")
    return array_ + pair(number(1), pair(number(shape)), dtype, FALSE, data) + BUILD


def tensor_of(array_):
    function = name("torch._utils", "_rebuild_device_tensor_from_numpy")
    return call(function, array_, name("torch", "float64"), text("cpu"), FALSE)


CHANGED = {
    "numbers by a type that are objects": made(name("numpy", "float64")) + state(NONE, NONE, NONE, -1, 63),
    "numbers by a builtin type that are objects": made(name("builtins", "float")) + state(NONE, NONE, NONE, -1, 63),
    "numbers by nothing that are objects": made(NONE) + state(NONE, NONE, NONE, -1, 63),
    "numbers by another name of dtype that are objects": made(text("f8"), name("numpy.core.multiarray", "dtype")) + state(NONE, NONE, NONE, -1, 63),
    "a record whose field is far away": made(name("numpy", "record")) + state(NONE, pair(text("a")), FAR, 8, 63),
    "a void that holds objects": made(name("numpy", "void")) + state(NONE, NONE, NONE, 8, 63),
    "another library's numbers that are objects": made(name("ml_dtypes", "bfloat16")) + state(NONE, NONE, NONE, 2, 63),
    "fields by a text that deny their objects": simple("i4,O"),
    "a subarray by a text that denies its objects": simple("2O"),
    "objects by a text that have no size": simple("O,i4", 63),
    "texts of one letter that have no size": simple("c"),
    "a void smaller than nothing": made(text("V")) + state(NONE, NONE, NONE, -1, 0),
    "a record smaller than nothing": made(name("numpy", "record")) + state(NONE, b")", b"}", -1, 0),
    "another library's numbers smaller than nothing": made(name("ml_dtypes", "bfloat16")) + state(NONE, NONE, NONE, -1, 0),
    "a dtype by its own class": call(name("numpy.dtypes", "VoidDType"), number(8)) + state(NONE, *NUMBERS, 8, 0),
    "an order of no machine": made(text("f8")) + state(NONE, NONE, NONE, -1, 0, order="x"),
    "a second state": pair(made(text("V8")) + memo(1) + state(NONE, *NUMBERS, 8, 0), filled(begun(), again(1)), again(1) + state(NONE, *OBJECTS, 8, 63)),
    "a state after an array has it": pair(made(text("V8")) + memo(1), filled(begun(), again(1)), again(1) + state(NONE, *OBJECTS, 8, 63)),
    "a state after a number has it": pair(made(text("V8")) + memo(1), call(name("numpy._core.multiarray", "scalar"), again(1), forge.raw(b"A" * 8)), again(1) + state(NONE, *OBJECTS, 8, 63)),
    "a state after a list of it was handed on": pair(made(text("V8")) + memo(1), call(name("numpy", "dtype"), array(pair(text("a"), again(1)))), again(1) + state(NONE, *OBJECTS, 8, 63)),
    "a state after a field of another has it": pair(made(text("V8")) + memo(1), made(text("V8")) + state(NONE, pair(text("a")), mapping({"a": pair(again(1), number(0))}), 8, 0), again(1) + state(NONE, *OBJECTS, 8, 63)),
    "fields that are changed": pair(made(text("V8")) + state(NONE, NUMBERS[0], NUMBERS[1] + memo(2), 8, 0) + memo(1), filled(begun(), again(1)), again(2) + text("a") + pair(O8, number(0)) + b"s"),
    "an array that is filled twice": pair(filled(begun() + memo(1), F8), filled(again(1), F8)),
    "an array whose memory a tensor has": pair(begun(1000, "f8") + memo(1), tensor_of(again(1)), filled(again(1), F8)),
    "a masked array whose memory a tensor has": pair(call(name("numpy.ma.core", "_mareconstruct"), name("numpy.ma", "MaskedArray"), NDARRAY, pair(number(9)), text("f8")) + memo(1), again(1) + pair(number(1), pair(number(1)), F8, FALSE, forge.raw(b"A" * 8), forge.raw(b"\0"), NONE) + BUILD),
    "an array by its class that is filled": filled(call(NDARRAY, pair(number(1000)), text("f8")), F8),
    "an array by copyreg that is filled": filled(call(name("copyreg", "_reconstructor"), NDARRAY, name("builtins", "object"), NONE), F8),
    "an array over bytes that are objects": call(NDARRAY, pair(number(1)), text("O"), forge.raw(b"A" * 8)),
    "an array by __new__ over bytes that are objects": forge.new(NDARRAY, pair(number(1)), text("O"), forge.raw(b"A" * 8)),
    "records over bytes": call(name("numpy", "recarray"), pair(number(1)), text("O"), forge.raw(b"A" * 8)),
    "fewer objects than the shape says": filled(begun(), O8, array(number(1)), shape=2),
    "fewer bytes than the shape says": filled(begun(), F8, shape=2),
    "fewer texts than the shape says": filled(begun(), TEXTS, array(text("a")), shape=5),
    "times of a unit that there is not": filled(begun(), times("cpu")),
    "times of a part of a unit": filled(begun(), times("D", 9)),
    "an order that is no number of a machine": begun() + pair(number(1), pair(number(1)), F8, b"\x8a\x08" + b"\xff" * 7 + b"\x7f", forge.raw(b"A" * 8)) + BUILD,
}  # fmt: skip


@pytest.mark.parametrize("code", CHANGED.values(), ids=CHANGED)
def test_what_changes_an_array_or_dtype_behind_numpy_is_called_dangerous(code: bytes) -> None:
    report = inspect_bytes(archive(program(code)), "m.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert not report.safe_globals
    assert "no program saves" in report.problems[0].message


@pytest.mark.parametrize("function", ["ndarray", "dtype"])
def test_no_function_of_numpy_is_called_for_a_tensor(function: str) -> None:
    """torch would call it, and set the state of what it gives, without a look at either."""
    given = pair(text("f8"), FALSE, TRUE)
    own = name("numpy.dtypes", "Float64DType")
    flags = pair(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(63))
    code = call(
        name("torch._tensor", "_rebuild_from_type_v2"), name("numpy", function), own, given, flags
    )
    report = inspect_bytes(archive(program(code)), "m.pt")
    assert report.verdict in {Verdict.DANGEROUS, Verdict.UNREADABLE, Verdict.CANNOT_LOAD}
    assert not report.safe_globals


RECORDS = np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "O")])
SHARED = np.dtype([("a", "f4"), ("b", [("x", "O")])])
WRITTEN = {
    "a dtype that arrays and numbers share": [np.zeros(2, SHARED), np.zeros(1, SHARED)[0], SHARED],
    "records": [RECORDS, RECORDS[0], RECORDS.dtype],
    "masked arrays": np.ma.masked_array(np.ones((2, 2)), [[True, False], [False, True]]),
    "an empty array of objects": np.empty((0, 3), dtype=object),
    "an array that holds itself": [array_ := np.empty(1, dtype=object), array_.fill(array_)],
    "a dtype with metadata": np.dtype("V8", metadata={"a": np.float64(1), "b": np.zeros(2)}),
    "many dimensions": np.ones((1,) * 32),
    "attributes in between": OrderedDict(a=np.dtype("f4"), b=np.zeros(3, np.dtype("f4"))),
}  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("value", WRITTEN.values(), ids=WRITTEN)
def test_what_numpy_writes_is_not(value: object, protocol: int) -> None:
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=protocol)
    assert inspect_bytes(buffer.getvalue(), "m.pt").verdict is not Verdict.DANGEROUS
