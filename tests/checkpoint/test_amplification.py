"""Small files that ask for much: what they cost stays in proportion to their size."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import Verdict, inspect_bytes

NAMESPACE = b"cargparse\nNamespace\n"
TIMES = 300
HOSTILE = {
    "a list as arguments again and again": (
        b"](" + b"N" * 300_000 + b"eq\x00" + (NAMESPACE + b"h\x00R0") * TIMES
    ),
    "a text as arguments again and again": (
        b"X" + (1_000_000).to_bytes(4, "little") + b"a" * 1_000_000 + b"q\x00"
        + (NAMESPACE + b"h\x00R0") * TIMES
    ),
    "getattr of getattr of getattr": (
        b"cbuiltins\ngetattr\n" * 10_000 + b"cos\npath\n" + b"X\x01\x00\x00\x00a\x86R" * 10_000
    ),
    "objects of many classes": (
        b"](" + b"".join(b"cm\nC%d\n)\x81" % number for number in range(45_000)) + b"e"
    ),
    "calls of many functions": (
        b"](" + b"".join(b"cm\nf%d\n)R" % number for number in range(30_000)) + b"e"
    ),
    "pairs of pairs": b")q\x00" + b"".join(
        b"h" + bytes([at]) + b"h" + bytes([at]) + b"\x86q" + bytes([at + 1]) for at in range(200)
    ),
}  # fmt: skip


@pytest.mark.parametrize("program", HOSTILE.values(), ids=HOSTILE)
def test_time_and_memory_stay_small(program):
    data = files.archive(b"\x80\x02" + program + b".")
    began = time.process_time()
    inspect_bytes(data, "model.pt")
    assert time.process_time() - began < 10  # a second or two; minutes before the bounds
    tracemalloc.start()  # which takes most of the time by itself
    inspect_bytes(data, "model.pt")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * 1024 * 1024


def test_what_is_behind_many_getattrs_is_still_dangerous():
    program = HOSTILE["getattr of getattr of getattr"]
    report = inspect_bytes(files.archive(b"\x80\x02" + program + b"."), "model.pt")
    assert report.verdict is Verdict.DANGEROUS
