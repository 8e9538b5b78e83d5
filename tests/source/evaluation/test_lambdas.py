"""What a lambda is given is all that it opens only where each of its uses is a call."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

INSIDE = (
    "def run():\n    load = lambda path: torch.load(path)\n    load('a.pt')\n    {use}\nrun()\n"
)
KNOWN = ("load('a.pt')", "[load(each) for each in ['a.pt']]", "list(map(load, ('a.pt',)))")
OPEN = ("other(load)", "return load", "[load]", "load(other())", "load(*other())")


@pytest.mark.parametrize("use", KNOWN)
def test_calls_are_all_that_it_opens(use):
    found = resolve(INSIDE.format(use=use))
    assert texts(found) == ["a.pt"]
    assert found.complete


@pytest.mark.parametrize("use", OPEN)
def test_what_is_not_known_stays_open(use):
    found = resolve(INSIDE.format(use=use))
    assert "a.pt" in texts(found)
    assert not found.complete


BY_ANOTHER_NAME = {
    "of a file": "load = lambda path: torch.load(path)\nload('a.pt')\n",
    "of a file, from a function": "def run():\n    global load\n"
    "    load = lambda path: torch.load(path)\n    load('a.pt')\nrun()\n",
    "where a text is run": INSIDE.format(use="exec(other())"),
}


@pytest.mark.parametrize("program", BY_ANOTHER_NAME.values(), ids=BY_ANOTHER_NAME)
def test_other_code_may_call_it(program):
    found = resolve(program)
    assert texts(found) == ["a.pt"]
    assert not found.complete


def test_a_name_that_is_bound_again_is_called_elsewhere():
    program = "load = lambda path: torch.load(path)\nload('a.pt')\nload = print\nload('b.pt')\n"
    assert texts(resolve(program)) == ["a.pt"]
