"""Files of joblib, which hold the numbers of an array between the opcodes of their pickle."""

from __future__ import annotations

import pytest

from torchload_lint.checkpoint import Verdict, inspect_bytes
from torchload_lint.checkpoint.report import UNKNOWN_CODE

WRAPPER = b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}U\x08subclasscnumpy\nndarray\nsb"
NUMBERS = b"\x10" + bytes(15) + b"\0\0\x80?"
ATTACK = b"cposix\nsystem\nU\x04true\x85R."


@pytest.mark.parametrize("rest", [NUMBERS + b".", NUMBERS + ATTACK])
def test_what_stands_behind_the_numbers_is_not_known(rest):
    report = inspect_bytes(WRAPPER + rest, "clf.joblib")
    assert report.verdict is Verdict.DANGEROUS
    assert [one.code for one in report.problems] == [UNKNOWN_CODE]
    assert "what stands behind them was not read" in report.problems[0].message
    assert "load it with joblib" in report.problems[0].advice


def test_an_attack_before_the_numbers_is_one():
    report = inspect_bytes(b"\x80\x02" + ATTACK[:-1] + b"0" + WRAPPER[2:] + NUMBERS, "clf.joblib")
    assert report.verdict is Verdict.DANGEROUS
    assert {"dangerous"} <= {one.code for one in report.problems}


def test_other_functions_of_joblib_are_attacks():
    data = b"\x80\x02cjoblib\nload\nU\x04else\x85R."
    report = inspect_bytes(data, "clf.joblib")
    assert [one.code for one in report.problems] == ["dangerous"]
