"""Turns of a loop that do not come to the load: what they would read is not listed."""

from __future__ import annotations

import textwrap
from fnmatch import fnmatchcase

import pytest

from source.resolving import resolve, texts

SKIPPED = {
    "computed from the loop's name": (
        """
        for n in range(3):
            at = 500 * n
            if n > 0:
                torch.load(f"{at}.pt")
        """,
        ["500.pt", "1000.pt"],
    ),
    "computed in place": (
        """
        for n in range(3):
            if n == 0:
                continue
            torch.load(f"{n - 1}.pt")
        """,
        ["0.pt", "1.pt"],
    ),
    "the other branch": (
        """
        for n in "ab", "c":
            at = os.path.join("runs", n + "1")
            if n == "c":
                pass
            else:
                torch.load(at + ".pt")
        """,
        ["runs/ab1.pt"],
    ),
    "in a comprehension": (
        'x = [torch.load(f"{n - 1}-{n}.pt") for n in range(3) if n]',
        ["0-1.pt", "1-2.pt"],
    ),
    "a name that is computed from it": (
        """
        for n in range(3):
            at = n * 2
            if at < 4:
                torch.load(f"{n}/{at}.pt")
        """,
        ["0/0.pt", "1/2.pt"],
    ),
    "a loop in the loop": (
        """
        for a in range(2):
            for b in range(2):
                at = 10 * a + b
                if a > 0:
                    torch.load(f"{at}.pt")
        """,
        ["10.pt", "11.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), SKIPPED.values(), ids=SKIPPED)
def test_a_turn_that_a_test_keeps_away_reads_nothing(source, expected):
    resolution = resolve(textwrap.dedent(source))
    assert texts(resolution) == expected
    assert all(each.exact for each in resolution.patterns)
    assert resolution.complete


TAKEN = {
    "another function sets the name": (
        """
        x = 0
        def bump():
            global x
            x = 5
        for n in range(2):
            x = n
            bump()
            if x > 0:
                torch.load(f"{n}/{n}.pt")
        """,
        "0/0.pt",
    ),
    "text that is run sets the name": (
        """
        for n in range(2):
            x = n
            exec("x = 7")
            if x > 0:
                torch.load(f"{n}/{n}.pt")
        """,
        "0/0.pt",
    ),
    "the name grows": (
        """
        for n in range(2):
            m = n
            m += len(sys.argv)
            if m > 0:
                torch.load(f"{n}/{n}.pt")
        """,
        "0/0.pt",
    ),
    "the path is of a turn before": (
        """
        path = None
        for n in range(2):
            if n > 0:
                torch.load(path)
            path = f"{n}/{n}.pt"
        """,
        "0/0.pt",
    ),
    "the path is of the first turn": (
        """
        for n in range(2):
            if n < 1:
                path = f"{n}/{n}.pt"
            if n > 0:
                torch.load(path)
        """,
        "0/0.pt",
    ),
    "an object keeps it": (
        """
        for n in range(2):
            if n < 1:
                kept.path = f"{n}/{n}.pt"
            if n > 0:
                torch.load(kept.path)
        """,
        "0/0.pt",
    ),
    "what is asked for is of a turn before": (
        """
        last = 0
        for n in range(2):
            if n < 1:
                last = n + 1
            if last > 0:
                torch.load(f"{n}/{n}.pt")
        """,
        "0/0.pt",
    ),
    "a list keeps it": (
        """
        paths = []
        for n in range(2):
            paths.append(f"{n}/{n}.pt")
            if n > 0:
                torch.load(paths[0])
        """,
        "0/0.pt",
    ),
}


@pytest.mark.parametrize(("source", "expected"), TAKEN.values(), ids=TAKEN)
def test_what_a_turn_may_have_left_behind_is_listed(source, expected):
    found = texts(resolve(textwrap.dedent(source)))
    assert any(fnmatchcase(expected, each) for each in found)


def test_a_caller_may_say_what_is_asked_for():
    source = """
        def go(first=0):
            for n in range(first, 2):
                at = n + 1
                if first:
                    torch.load(f"{n}/{at}.pt")
        """
    assert texts(resolve(textwrap.dedent(source))) == ["0/1.pt", "1/2.pt"]
