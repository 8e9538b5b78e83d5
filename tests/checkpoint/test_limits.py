"""Hostile files cost bounded time and memory, and the report names the limit they met."""

from __future__ import annotations

import struct
import time
import tracemalloc

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import Limits, Verdict, inspect_bytes
from torchload_lint.checkpoint.known.dangerous import why_dangerous, why_inside
from torchload_lint.checkpoint.tree import TreeLimits, tree_of_bytes


def pickled(*parts):
    return files.archive(b"\x80\x02" + b"".join(parts) + b".")


def billion_laughs():
    """Lists of ten references each, thirty levels deep."""
    body = b"]q\x00"
    for level in range(30):
        body += b"](" + b"h" + bytes([level]) + (b"h" + bytes([level])) * 9 + b"e"
        body += b"q" + bytes([level + 1])
    return pickled(body)


HARMLESS_GIANTS = {
    "memo bomb": billion_laughs(),
    "deep lists": pickled(b"]" * 200_000, b"a" * 199_999),
    "deep tuples": pickled(b")", b"\x85" * 300_000),
    "deep marks": pickled(b"(" * 200_000, b"t" * 200_000),
    "a million marked items": pickled(b"(", b"N" * 1_000_000, b"t"),
    "huge memo index": pickled(b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff\x86"),
    "a list in itself": pickled(b"]q\x00h\x00a"),
    "a dict in itself": pickled(b"}q\x00", files.text("me"), b"h\x00s"),
}


@pytest.mark.parametrize("name", HARMLESS_GIANTS)
def test_giants_that_load_are_read_and_shown_in_bounded_time(name):
    start = time.process_time()
    report = inspect_bytes(HARMLESS_GIANTS[name], "model.pt")
    tree = tree_of_bytes(HARMLESS_GIANTS[name])
    assert time.process_time() - start < 20
    assert report.verdict is Verdict.LOADS, report.problems
    assert 0 < len(tree.splitlines()) <= 202


def test_opcodes_are_counted():
    report = inspect_bytes(
        pickled(b"(", b"N" * 2000, b"t"), "model.pt", limits=Limits(opcodes=1000)
    )
    assert report.verdict is Verdict.UNREADABLE
    assert report.problems[0].code == "limit"
    assert "opcodes" in report.problems[0].message


def test_a_zip_bomb_is_not_unpacked():
    data = files.archive(files.PLAIN + bytes(50_000_000), deflate=True)
    tracemalloc.start()
    report = inspect_bytes(data, "model.pt", limits=Limits(pickle_bytes=1_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.problems[0].code == "limit"
    assert "pickle_bytes" in report.problems[0].message
    assert peak < 5_000_000


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked():
    data = bytearray(files.archive(files.PLAIN + bytes(50_000_000), deflate=True))
    directory = data.find(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<L", 1000)
    tracemalloc.start()
    report = inspect_bytes(bytes(data), "model.pt")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.verdict is Verdict.UNREADABLE
    assert peak < 5_000_000


def test_a_directory_that_claims_billions_of_members():
    data = bytearray(files.archive())
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 12] = b"\xff\xff\xff\xff"
    assert inspect_bytes(bytes(data), "model.pt").verdict is Verdict.UNREADABLE
    data[end + 12 : end + 20] = b"\xff" * 8
    assert inspect_bytes(bytes(data), "model.pt").verdict is Verdict.UNREADABLE


def test_overlapping_members_are_read_once():
    """A thousand names for the same bytes: only the pickle is unpacked."""
    data = files.archive()
    directory = data.find(b"PK\x01\x02")
    end = data.rfind(b"PK\x05\x06")
    entries = data[directory:end] * 1000
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 3000, 3000, len(entries), directory, 0)
    report = inspect_bytes(data[:directory] + entries + tail, "model.pt")
    assert report.verdict is Verdict.LOADS, report.problems


def test_lengths_beyond_the_file_are_not_allocated():
    for opcode in (b"X\xff\xff\xff\xff", b"\x8d" + b"\xff" * 8, b"\x8b\xff\xff\xff\x7f"):
        report = inspect_bytes(pickled(opcode), "model.pt")
        assert report.verdict in {Verdict.UNREADABLE, Verdict.CANNOT_LOAD}


def test_integers_of_many_digits_are_read_and_shown():
    number = b"\x8b" + struct.pack("<i", 100_000) + b"\x01" * 100_000
    report = inspect_bytes(pickled(number), "model.pt")
    assert (report.verdict, report.problems[0].code) == (Verdict.CANNOT_LOAD, "opcode")
    assert tree_of_bytes(pickled(number)) == "<int>"


def test_many_globals_at_many_places_stay_readable():
    item = b"cargparse\nNamespace\n)\x81"
    report = inspect_bytes(pickled(b"](", item * 20_000, b"e"), "model.pt")
    assert report.verdict is Verdict.NEEDS_SAFE_GLOBALS
    assert len(report.safe_globals) == 1
    assert len(report.safe_globals[0].where) <= 8


def test_a_list_of_storages_beyond_all_bounds():
    keys = [str(number) for number in range(1000)]
    report = inspect_bytes(files.legacy(keys=keys), "model.pt", limits=Limits(storages=10))
    assert report.problems[0].code == "limit"


def test_a_legacy_pickle_larger_than_the_window_is_read_on():
    few = Limits(first_window=64)
    data = files.legacy(b"\x80\x02" + b"]" + files.text("x" * 5000) + b"a.")
    assert inspect_bytes(data, "model.pt", limits=few).verdict is Verdict.LOADS
    small = Limits(pickle_bytes=64, first_window=64)
    assert inspect_bytes(data, "model.pt", limits=small).problems[0].code == "limit"


def test_trees_stay_within_their_limits():
    data = pickled(b"](", b"".join(files.text("é\x1b[31m" * 50) for _ in range(500)), b"e")
    lines = tree_of_bytes(data, limits=TreeLimits(entries=1000, lines=50, width=40)).splitlines()
    assert len(lines) == 51
    assert all(len(line) <= 40 for line in lines)
    assert all("\x1b" not in line for line in lines)


def test_a_name_of_very_many_parts_is_refused_without_looking_at_each():
    assert why_inside("a." * 40_000 + "b") == "has 40001 parts"
    assert why_dangerous("a." * 40_000 + "b") == ""
    assert "os.system" in why_inside("a.b.os.system")
