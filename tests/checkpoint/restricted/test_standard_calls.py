"""Calls of classes of the standard library that have to be allowed, with values of every kind.

What is said to need exactly such an entry has to load with it: real torch decides. (Of an object of
another class that the file makes nothing is known.)
"""

from __future__ import annotations

import datetime as dt
import importlib
import io
import math
import pickle
import struct
from itertools import product

import pytest
import torch

from checkpoint.cases.forge import archive, call, mapping, name, number, pair, program, raw, text
from torchload_lint.checkpoint import Verdict, inspect_bytes
from torchload_lint.checkpoint.known.torch_versions import Target
from torchload_lint.checkpoint.restricted.standard_calls import _CALLS

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

BYTES = call(name("_codecs", "encode"), text("abcd"), text("latin1"))
VALUES = (
    *(b"N", b"\x88", b"\x89", b")", b"]", number(0), number(1), number(7), number(2**30)),
    *(b"G?\xf8\0\0\0\0\0\0", text("a"), text("1"), text("1/2"), text(""), text("nan"), BYTES),
    *(mapping({}), mapping({"a": number(1)}), pair(number(1)), pair(number(0), number(2))),
    *(pair(number(0), pair(number(1)), number(0)), pair(b"]"), pair(pair(text("a"), number(1)))),
)
CASES = [case for size in range(3) for case in product(VALUES, repeat=size)]
THREE = [case for case in product(VALUES[:8], repeat=3) if len({*case[:2]}) < 2 or case[2] == b"N"]


def found_by_torch(data: bytes, known: str) -> str:
    module, _, qualname = known.rpartition(".")
    own = getattr(importlib.import_module(module), qualname)
    with torch.serialization.safe_globals([own]):
        try:
            torch.load(io.BytesIO(data), weights_only=True)
        except Exception as error:  # noqa: BLE001 - whatever the class raises
            return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("known", sorted(one for one in _CALLS if "numpy" not in one))
def test_what_is_said_to_need_the_class_loads_with_it(known: str) -> None:
    needing = refused = 0
    wrong: list[tuple[object, ...]] = []
    for args in (*CASES, *THREE):
        data = archive(program(call(name(*known.rsplit(".", 1)), *args)))
        report = inspect_bytes(data, "case.pt", Target.of(torch.__version__.partition("+")[0]))
        if report.verdict is Verdict.NEEDS_SAFE_GLOBALS:
            needing += 1
            error = found_by_torch(data, known)
            wrong += [(args, error)] if error else []
        elif not found_by_torch(data, known):
            wrong += [(args, "torch loads it", report.problems)]
        else:
            refused += 1
    assert not wrong, (len(wrong), wrong[:20])
    assert needing or known == "datetime.timezone"  # which takes an object of another class
    assert refused


STATES = {"date": (4, 2), "datetime": (10, 2), "time": (6, 0)}


@pytest.mark.parametrize("known", STATES)
def test_states_of_dates_and_times_are_told_by_month_or_hour(known: str) -> None:
    size, place = STATES[known]
    zeros = "\x07\x01\x01\x01" + "\0" * 6
    odd = [zeros[: size - 1] + "\u0107", "\u1234" * size, "2013.0+cpu"[:size], zeros[: size - 1]]
    loaded = 0
    for written in (
        *(zeros[:place] + chr(one) + zeros[place + 1 : size] for one in range(256)),
        *odd,
    ):
        for state in {text(written), raw(written.encode("latin-1", "replace"))}:
            data = archive(program(call(name("datetime", known), state)))
            report = inspect_bytes(data, "case.pt", Target.of(torch.__version__.partition("+")[0]))
            works = not found_by_torch(data, f"datetime.{known}")
            assert (report.verdict is Verdict.NEEDS_SAFE_GLOBALS) is works, ascii(written)
            loaded += works
    assert loaded > 20


def long_number(value: int) -> bytes:
    """LONG1."""
    written = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(written)]) + written


DELTA = name("datetime", "timedelta")
FLOATS = {
    written: b"G" + struct.pack(">d", value)
    for written, value in {"1.5": 1.5, "nan": math.nan, "inf": math.inf, "1e300": 1e300}.items()
}
LENGTHS = {
    "a day and a half": (FLOATS["1.5"],),
    "not a number": (FLOATS["nan"],),
    "endless": (number(0), FLOATS["inf"]),
    "a large number of seconds": (number(0), FLOATS["1e300"]),
    "more microseconds than there are": (number(0), number(0), long_number(10**21)),
    "many microseconds": (number(0), number(0), long_number(86_400 * 10**6 - 1)),
    "23 hours": (number(0), *[number(0)] * 4, number(23)),
    "24 hours": (number(0), *[number(0)] * 4, number(24)),
    "a week": (number(0), *[number(0)] * 5, number(1)),
    "a day less an hour": (number(1), *[number(0)] * 4, number(-1)),
    "the longest": (number(999_999_999), number(86_399), number(999_999)),
    "longer": (number(999_999_999), number(86_400)),
}


@pytest.mark.parametrize("case", LENGTHS)
@pytest.mark.parametrize("whole", [False, True])
def test_a_length_of_time_is_what_python_has(case: str, whole: bool) -> None:
    length = call(DELTA, *LENGTHS[case])
    zone = call(name("datetime", "timezone"), length)
    data = archive(program(length if whole else zone))
    report = inspect_bytes(data, "case.pt", Target.of(torch.__version__.partition("+")[0]))
    with torch.serialization.safe_globals([dt.timedelta, dt.timezone]):
        try:
            torch.load(io.BytesIO(data), weights_only=True)
        except (ValueError, OverflowError, pickle.UnpicklingError):
            assert report.verdict is not Verdict.NEEDS_SAFE_GLOBALS
        else:
            assert report.verdict is Verdict.NEEDS_SAFE_GLOBALS
