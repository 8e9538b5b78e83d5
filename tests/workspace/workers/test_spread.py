"""Checkpoints shared out to forks. Each test runs in a process of its own, which may be forked."""

from __future__ import annotations

import sys
import textwrap

import pytest

from workspace.workers.own_process import lines_printed_by

PROGRAM = """
import os, signal, sys
from torchload_lint.workspace.workers import spread as spreading

spreading.processors = lambda: 3
parent, forked, fork = os.getpid(), [], os.fork
os.fork = lambda: (pid := fork()) and forked.append(pid) or pid

def work(number):
    if os.getpid() != parent:
        {in_fork}
    {work}
    return number, os.getpid()

answers = spreading.spread(range({items}), work)
{use}
print(len(forked))
for pid in forked:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        continue
    raise SystemExit(f"{{pid}} is still there")
"""
ALL = """
found = list(answers)
assert [number for number, _ in found] == list(range(len(found)))
print(len(found), len({pid for _, pid in found}))
"""


def ran(items: int = 40, in_fork: str = "pass", work: str = "pass", use: str = ALL) -> list[str]:
    program = textwrap.dedent(PROGRAM).format(items=items, in_fork=in_fork, work=work, use=use)
    return lines_printed_by(program)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux alone")


def test_all_answers_come_in_order_from_three_processes() -> None:
    assert ran() == ["40 3", "2"]


def test_a_few_are_done_by_this_process() -> None:
    assert ran(items=8) == ["8 1", "0"]


@pytest.mark.parametrize(
    "in_fork",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "number > 20 and os._exit(1)",
        "raise OSError('only here')",
        "return number, lambda: None",
    ],
)
def test_what_a_fork_does_not_answer_is_done_here(in_fork: str) -> None:
    found = ran(in_fork=in_fork)
    assert found[0].startswith("40 ")
    assert found[1] == "2"


def test_what_work_raises_is_raised_here() -> None:
    use = """
try:
    list(answers)
except ValueError as error:
    print(error)
"""
    assert ran(work="if number == 31: raise ValueError(number)", use=use) == ["31", "2"]


def test_nothing_is_left_where_nobody_takes_the_rest() -> None:
    assert ran(use="print(next(answers)[0], next(answers)[0])\nanswers.close()") == ["0 1", "2"]
