"""An array of numbers holds no pickle; an array of objects is one, and is read as one."""

from __future__ import annotations

import struct

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import Verdict, inspect_byte_source, inspect_bytes, shallow
from torchload_lint.checkpoint.containers.bytesource import MemorySource
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS

HOSTILE = b"cos\nsystem\n(X\x02\x00\x00\x00idtR."
NUMBERS = "'<f8'"
OBJECTS = "'|O'"


def array(descr=NUMBERS, content=bytes(24), shape="(3,)", version=1):
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + content


def words(report):
    return " / ".join(problem.message for problem in report.problems)


@pytest.mark.parametrize(
    ("descr", "content"),
    [
        (NUMBERS, bytes(24)),
        ("'|b1'", bytes(3)),
        ("'<U5'", bytes(60)),
        ("'<M8[ns]'", bytes(24)),
        ("[('a', '<f4'), ('b', '<i8', (2,))]", bytes(60)),
        ("[(('title', 'a'), [('b', '|u1'), ('', '|V3')])]", bytes(12)),
    ],
)
def test_an_array_of_numbers_is_said_to_hold_no_pickle(descr, content):
    report = inspect_bytes(array(descr, content), "a.npy")
    assert report.verdict is Verdict.UNREADABLE
    assert words(report) == "this is an array that numpy.save wrote: numbers alone, no pickle"


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    "descr",
    [OBJECTS, "'O8'", "'object'", "'i4,O'", "[('a', '<f4'), ('b', '|O')]", "[('a', [('b', 'O')])]",
     "('|O', (2,))", "{'names': ['a'], 'formats': ['O']}"],
)  # fmt: skip
def test_the_pickle_of_an_array_of_objects_is_read(descr, version):
    report = inspect_bytes(array(descr, HOSTILE, version=version), "a.npy")
    assert report.verdict is Verdict.DANGEROUS
    assert "in the pickle behind its header" in words(report)
    assert "os.system('id')" in words(report)
    harmless = inspect_bytes(array(descr, files.PLAIN, version=version), "a.npy")
    assert harmless.verdict is Verdict.UNREADABLE
    assert "pickled objects, which numpy.load(path, allow_pickle=True)" in words(harmless)


@pytest.mark.parametrize("header", [b"", b"{", b"(" * 9000, b"-" * 9000 + b"1", b"\xff", b"[1]"])
def test_a_header_that_cannot_be_read_hides_nothing(header):
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    assert "header that cannot be read" in words(inspect_bytes(data + files.PLAIN, "a.npy"))
    assert inspect_bytes(data + HOSTILE, "a.npy").verdict is Verdict.DANGEROUS


def test_a_header_longer_than_numpy_takes_is_passed_over():
    report = inspect_bytes(array("'<f8'" + " " * 20_000, HOSTILE), "a.npy")
    assert report.verdict is Verdict.DANGEROUS


def test_a_second_array_behind_the_first_is_judged():
    report = inspect_bytes(array() + array(OBJECTS, HOSTILE), "a.npy")
    assert report.verdict is Verdict.DANGEROUS
    assert "in what is behind its numbers" in words(report)
    assert "with something behind it" in words(inspect_bytes(array() + array(), "a.npy"))


@pytest.mark.parametrize("deflate", [False, True])
def test_every_member_of_an_archive_of_arrays_is_judged(deflate):
    numbers, objects = ("a.npy", array()), ("b.npy", array(OBJECTS, files.PLAIN))
    plain = inspect_bytes(files.plain_zip([numbers, ("c.npy", array())], deflate=deflate), "a.npz")
    assert words(plain).endswith("that numpy.savez wrote: numbers alone, no pickle")
    harmless = inspect_bytes(files.plain_zip([numbers, objects], deflate=deflate), "a.npz")
    assert harmless.verdict is Verdict.UNREADABLE
    assert "with pickled objects in 'b.npy', which numpy.load" in words(harmless)
    hostile = [numbers, objects, ("c.npy", array(OBJECTS, HOSTILE))]
    report = inspect_bytes(files.plain_zip(hostile, deflate=deflate), "a.npz")
    assert report.verdict is Verdict.DANGEROUS
    assert "in the member 'c.npy': in the pickle behind its header" in words(report)
    assert [one.status for one in report.globals] == ["dangerous"]


def test_a_member_that_unpacks_to_too_much_is_refused_by_name():
    bomb = array(OBJECTS, b"N0" * (70 << 20) + HOSTILE)
    report = inspect_bytes(files.plain_zip([("bomb.npy", bomb)], deflate=True), "a.npz")
    assert "the member 'bomb.npy' was not read to its end" in words(report)
    assert "numbers alone" not in words(report)


def test_from_far_away_the_members_are_said_not_to_have_been_looked_at():
    source = MemorySource(files.plain_zip([("a.npy", array(OBJECTS, HOSTILE))], deflate=True))
    report = inspect_byte_source(source, "a.npz", limits=shallow(DEFAULT_LIMITS))
    assert "was not looked at" in words(report)
