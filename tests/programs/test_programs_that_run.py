"""What is called exact, and what a safe fix makes, against what a thousand programs do when run."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from programs.generator import programs
from programs.hierarchies import all_of_whole
from programs.judging import judge

pytestmark = pytest.mark.torch

SEED, COUNT = 1, 1000


@pytest.fixture(scope="module")
def verdicts():
    return judge(list(programs(SEED, 0, COUNT)))


def test_most_programs_run(verdicts):
    assert sum(verdict.runs for verdict in verdicts) > 0.85 * COUNT


def test_programs_without_tricks_have_exact_paths(verdicts):
    plain = [verdict for verdict in verdicts if verdict.program.control and verdict.runs]
    assert len(plain) > 0.15 * COUNT
    assert not [(each.program.kind, each.reasons) for each in plain if not each.exact]


def test_what_is_called_exact_is_exact(verdicts):
    run = [verdict for verdict in verdicts if verdict.runs]
    assert sum(verdict.exact for verdict in run) > 0.2 * len(run)
    assert not [(each.program.kind, each.false_claim) for each in run if each.false_claim]


def test_no_safe_fix_breaks_a_program(verdicts):
    run = [verdict for verdict in verdicts if verdict.runs]
    assert sum(verdict.fixed for verdict in run) > 0.2 * len(run)
    assert not [(each.program.kind, each.harm) for each in run if each.harm]


def test_programs_that_are_written_as_a_whole():
    verdicts = judge(all_of_whole())
    assert not [each.program.kind for each in verdicts if not each.runs]
    assert not [(each.program.kind, each.false_claim) for each in verdicts if each.false_claim]
    assert not [(each.program.kind, each.harm) for each in verdicts if each.harm]
