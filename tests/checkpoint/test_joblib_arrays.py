"""Files of joblib, which hold the numbers of an array between the opcodes of their pickle."""

from __future__ import annotations

import pickle
import struct
import zlib

import pytest

from torchload_lint.checkpoint import Verdict, inspect_bytes
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS
from torchload_lint.checkpoint.report import UNKNOWN_CODE

PROTO = b"\x80\x02"
CLASS = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n"
NDARRAY = b"cnumpy\nndarray\n"
FLOATS = (
    b"cnumpy\ndtype\nU\x02f4\x89\x88\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
)
OBJECTS = (
    b"cnumpy\ndtype\nU\x02O8\x89\x88\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb"
)
ATTACK = b"cposix\nsystem\nU\x04true\x85R"
"""As an item between others."""
THREE = struct.pack("<3f", 1, 2, 3)
PADDING = b"\x04" + b"\xff" * 4


def text(value: str) -> bytes:
    return b"U" + bytes([len(value)]) + value.encode()


def wrapper(made: bytes = CLASS + b")\x81", **fields: bytes) -> bytes:
    """A wrapper and its state, as joblib writes them; a field may say something else."""
    state = {"subclass": NDARRAY, "shape": b"K\x03\x85", "order": text("C"), "dtype": FLOATS}
    state |= {"allow_mmap": b"\x88", "numpy_array_alignment_bytes": b"K\x10", **fields}
    return made + b"}(" + b"".join(text(key) + value for key, value in state.items()) + b"ub"


def listed(*items: bytes) -> bytes:
    return PROTO + b"](" + b"".join(items) + b"e."


ARRAY = wrapper() + PADDING + THREE
OLD_ARRAY = wrapper(numpy_array_alignment_bytes=b"N") + THREE
INNER = pickle.dumps([1, None], protocol=2)
OF_OBJECTS = wrapper(dtype=OBJECTS, shape=b"K\x02\x85") + INNER


def judged(data: bytes, **limits: object) -> tuple[Verdict, list[str]]:
    limited = DEFAULT_LIMITS._replace(**limits)
    report = inspect_bytes(data, "clf.joblib", limits=limited)
    return report.verdict, [one.code for one in report.problems]


NOT_READ = (Verdict.DANGEROUS, [UNKNOWN_CODE])


@pytest.mark.parametrize(
    "items",
    [[ARRAY], [OLD_ARRAY], [ARRAY, b"K\1", ARRAY, OF_OBJECTS], [OF_OBJECTS]],
    ids=range(4),
)
def test_what_joblib_writes_is_read_behind_each_array(items):
    report = inspect_bytes(listed(*items), "clf.joblib")
    assert report.verdict is Verdict.CANNOT_LOAD
    problem = report.problems[0]
    assert problem.code == "joblib"
    assert "joblib.load" in problem.advice


@pytest.mark.parametrize("items", [[ARRAY], [OLD_ARRAY], [ARRAY, OF_OBJECTS]], ids=range(3))
def test_an_attack_behind_arrays_is_seen(items):
    verdict, codes = judged(listed(*items, ATTACK))
    assert verdict is Verdict.DANGEROUS
    assert "dangerous" in codes


def test_pickle_ends_at_an_array_of_objects_and_what_a_second_load_reads_is_unknown():
    assert judged(listed(OF_OBJECTS, ARRAY))[0] is Verdict.DANGEROUS


def test_an_attack_in_an_array_of_objects_is_seen():
    inner = PROTO + ATTACK + b"."
    found = judged(listed(wrapper(dtype=OBJECTS) + inner, b"K\1"))
    assert found[0] is Verdict.DANGEROUS
    assert "dangerous" in found[1]


def test_what_only_an_older_joblib_reads_counts_too():
    """Before 1.2 there is no padding: the numbers begin, and end, earlier."""
    hidden = b"0" + ATTACK + b"0N"
    size = len(PADDING + THREE)
    array = wrapper(shape=b"K\x05\x85")
    padded = bytes([size + len(hidden) - 1 - 20]) + bytes(19)
    data = listed(array + padded + hidden + bytes(size + len(hidden) - len(padded + hidden) + 20))
    found = judged(data)
    assert found[0] is Verdict.DANGEROUS
    assert "dangerous" in found[1]


def test_an_attack_among_the_numbers_runs_for_pickle_alone_and_counts():
    array = wrapper(numpy_array_alignment_bytes=b"N", shape=b"K\x0c\x85")
    data = listed(array + (b"0" + ATTACK + b"\xff" * 48)[:48])
    found = judged(data)
    assert found[0] is Verdict.DANGEROUS
    assert "dangerous" in found[1]


@pytest.mark.parametrize(
    "array",
    [
        wrapper(made=b"ccopyreg\n_reconstructor\n" + CLASS + b"cbuiltins\nobject\nN\x87R"),
        wrapper(made=CLASS + b")R"),
        wrapper(subclass=b"cnumpy\nmatrix\n"),
        wrapper(order=text("X")),
        wrapper(shape=b"]"),
        wrapper(shape=b"J\xff\xff\xff\xff\x85"),
        wrapper(dtype=text("f4")),
        wrapper(dtype=FLOATS.replace(b"f4", b"q9")),
        wrapper(dtype=FLOATS[:-1]),
        CLASS + b")\x81NbN" + b"b",
    ],
    ids=range(10),
)
def test_a_wrapper_that_joblib_does_not_write_is_as_unknown_as_before(array):
    assert judged(listed(array + PADDING + THREE))[0] is Verdict.DANGEROUS


def test_a_state_that_harms_numpy_is_seen_behind_the_first_array():
    harmful = FLOATS.replace(b"K\0tb", b"K\x3ftb")
    assert judged(listed(ARRAY, harmful))[0] is Verdict.DANGEROUS
    assert judged(listed(ARRAY, FLOATS))[0] is Verdict.CANNOT_LOAD


@pytest.mark.parametrize(
    "data",
    [
        listed(ARRAY) + listed(b"K\1"),  # a second object behind the first one
        listed(ARRAY)[:-1],
        listed(ARRAY, wrapper(shape=b"J\0\0\0\x7f\x85")),
    ],
    ids=["behind", "cut", "long"],
)
def test_what_is_not_read_to_the_end_of_the_file_stays_unknown(data):
    assert judged(data) == NOT_READ


def test_numbers_within_a_frame_stay_unknown():
    """Python has read the frame before, and goes on in it; the numbers are read behind it."""
    framed = listed(ARRAY).replace(PROTO, b"\x80\x04\x95\xf0\0\0\0\0\0\0\0")
    assert judged(framed)[0] is Verdict.DANGEROUS


def test_bounds_hold():
    data = listed(*[ARRAY] * 50)
    assert judged(data)[0] is Verdict.CANNOT_LOAD
    assert judged(data, opcodes=300) == NOT_READ
    assert judged(data, pickle_bytes=len(data) - 1) == NOT_READ
    assert judged(data, places=10) == NOT_READ


def test_packed_ones_are_read_too():
    assert judged(zlib.compress(listed(ARRAY)))[0] is Verdict.UNREADABLE
    assert judged(zlib.compress(listed(ARRAY, ATTACK)))[0] is Verdict.DANGEROUS


def test_an_attack_before_the_numbers_is_one():
    verdict, codes = judged(listed(ATTACK, ARRAY))
    assert verdict is Verdict.DANGEROUS
    assert "dangerous" in codes


def test_other_functions_of_joblib_are_attacks():
    data = b"\x80\x02cjoblib\nload\nU\x04else\x85R."
    report = inspect_bytes(data, "clf.joblib")
    assert [one.code for one in report.problems] == ["dangerous"]
