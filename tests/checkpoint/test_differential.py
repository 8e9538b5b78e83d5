"""Each generated checkpoint: our verdict beside what real torch does with the file.

The expected answers are torch's own, found while the test runs. ``TORCHLOAD_LINT_TORCH_PYTHON``
names another interpreter, whose torch is then the judge and the target.
"""

from __future__ import annotations

import os

import pytest

pytest.importorskip("torch")

from checkpoint.agreement import disagreements, report_on, unreported
from checkpoint.cases import BOUND_TO_TORCH, CASES, POWERFUL, UNDECIDABLE, write_case
from checkpoint.oracle import Oracle, Truth
from torchload_lint.checkpoint.report import Verdict

pytestmark = pytest.mark.torch

OTHER_TORCH = "TORCHLOAD_LINT_TORCH_PYTHON" in os.environ


@pytest.fixture(scope="module")
def shared_oracle():
    oracle = Oracle()
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def version(shared_oracle):
    return shared_oracle.version()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture
def oracle(shared_oracle, request):
    """A worker of its own for a case that another case's imports would change."""
    if not CASES[request.getfixturevalue("name")].fresh:
        yield shared_oracle
        return
    fresh = Oracle()
    yield fresh
    fresh.close()


@pytest.mark.parametrize("name", CASES)
def test_report_and_torch_agree(name, oracle, version, folder):
    case = CASES[name]
    if case.missing:
        pytest.skip(f"needs {', '.join(case.missing)}")
    if OTHER_TORCH and name in BOUND_TO_TORCH:
        pytest.skip("another torch cannot load what this one saved")
    path = write_case(case, folder)
    report = report_on(path, version)
    if name in UNDECIDABLE:
        assert "undecided" in {problem.code for problem in report.problems}
        return
    problems = list(disagreements(path, report, judged(case, path, oracle), oracle))
    if case.runs and case.runs != ("-",):
        problems += [f"{name} is not reported" for name in unreported(report, case.runs)]
    if report.verdict is Verdict.DANGEROUS and case.category != "malicious":
        assert name in POWERFUL, "nothing in it is dangerous"
    assert not problems, "; ".join(problems)


def judged(case, path, oracle) -> Truth:
    """What torch says; a case that a fresh process has to judge is asked in one of its own."""
    if not case.fresh:
        return oracle.truth(path)
    own = Oracle()
    try:
        return own.truth(path)
    finally:
        own.close()


@pytest.mark.skipif(OTHER_TORCH, reason="recorded with torch 2.13")
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.truth])
def test_torch_still_does_what_was_recorded(name, shared_oracle, folder):
    """The recorded categories hold, so that a new torch is noticed and not silently adopted."""
    case = CASES[name]
    if case.missing:
        pytest.skip(f"needs {', '.join(case.missing)}")
    truth = judged(case, write_case(case, folder), shared_oracle)
    assert truth.outcome == case.truth.value, truth.error


def test_there_are_enough_cases():
    assert len(CASES) >= 250
    assert len({case.category for case in CASES.values()}) >= 10
