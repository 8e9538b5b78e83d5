"""What stands behind the object, or in records that torch does not read, is named and judged."""

from __future__ import annotations

import warnings

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import Verdict, inspect_bytes

HOSTILE = b"cos\nsystem\n(X\x02\x00\x00\x00idtR."


def words(report):
    return " / ".join(problem.message for problem in report.problems)


def stored_tensor():
    body = b"\x80\x02" + files.tensor(legacy=True) + b"."
    return files.legacy(body, ["0"], files.stored(1.0, 2.0))


@pytest.mark.parametrize("first", [files.legacy(), stored_tensor()])
@pytest.mark.parametrize("second", [HOSTILE, files.legacy(HOSTILE), files.archive(HOSTILE)])
def test_a_second_checkpoint_in_the_same_file_is_judged(first, second):
    assert inspect_bytes(first, "model.pt").problems == ()
    report = inspect_bytes(first + second, "model.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert "in what is behind the first object" in words(report)


@pytest.mark.parametrize("second", [files.legacy(), files.PLAIN, b"\x00" * 99, b"notes"])
def test_what_is_behind_and_harmless_is_only_named(second):
    report = inspect_bytes(files.legacy() + second, "model.pt")
    assert report.verdict is Verdict.LOADS
    assert f"{len(second):,} bytes are behind the object" in words(report)
    assert [problem.code for problem in report.problems] == ["behind"]


def test_pickles_behind_a_plain_pickle_are_judged_one_after_another():
    many = files.PLAIN * 60
    assert inspect_bytes(many, "a.pkl").verdict is Verdict.CANNOT_LOAD
    report = inspect_bytes(many + HOSTILE, "a.pkl")
    assert report.verdict is Verdict.DANGEROUS
    report = inspect_bytes(files.PLAIN * 200 + HOSTILE, "a.pkl")
    assert "more than 100 objects are there" in words(report)


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("name", ["extra.pkl", "data/7", "sub/a.pt", "code.txt"])
def test_a_record_that_torch_does_not_read_is_judged(name, deflate):
    for hostile in (HOSTILE, files.archive(HOSTILE)):
        data = files.archive(extra=[(name, hostile)], deflate=deflate)
        report = inspect_bytes(data, "model.pt")
        assert report.verdict is Verdict.DANGEROUS
        assert f"in the member 'archive/{name}'" in words(report)
    report = inspect_bytes(files.archive(extra=[(name, files.PLAIN)]), "model.pt")
    assert report.verdict is Verdict.LOADS
    assert words(report) == f"torch.load does not read 'archive/{name}'"


def test_the_second_record_of_a_name_is_judged():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both = [files.archive(extra=[("data.pkl", one)]) for one in (files.PLAIN, HOSTILE)]
    assert inspect_bytes(both[0], "model.pt").verdict is Verdict.LOADS
    assert "torch.load does not read" in words(inspect_bytes(both[0], "model.pt"))
    assert inspect_bytes(both[1], "model.pt").verdict is Verdict.DANGEROUS


def test_the_records_that_torch_writes_are_all_read():
    extra = [(".format_version", b"1"), (".storage_alignment", b"64"), ("data/0", bytes(8)),
             (".data/serialization_id", b"123")]  # fmt: skip
    body = b"\x80\x02" + files.tensor() + b"."
    assert inspect_bytes(files.archive(body, extra=extra), "model.pt").problems == ()


@pytest.mark.parametrize("behind", [b"\x00" * 99, b"notes", files.PLAIN])
def test_what_is_behind_an_archive_is_named(behind):
    report = inspect_bytes(files.archive() + behind, "model.pt")
    assert report.verdict is Verdict.LOADS
    assert f"{len(behind)} bytes are behind the archive" in words(report)


@pytest.mark.parametrize("hostile", [HOSTILE, files.legacy(HOSTILE)])
def test_what_is_behind_an_archive_is_judged(hostile):
    report = inspect_bytes(files.archive() + hostile, "model.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert "in what is behind the archive" in words(report)
