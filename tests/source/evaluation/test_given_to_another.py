"""An object that makes another one of its class of what it was given itself."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

JOB = """
class Job:
    def __init__(self, path):
        self.path = path
{more}
    def run(self):
        return torch.load(self.path)
    def again(self):
        {again}.run()
Job("runs/a.pt").run()
"""
SAME = {
    "its own class": "type(self)(self.path)",
    "by its name": "Job(self.path)",
    "by keyword": "Job(path=self.path)",
}
CHANGED = {
    "joined": ("Job(self.path + 'x')", ""),
    "of another object": ("Job(other().path)", ""),
    "set again": ("Job(self.path)", "        if other():\n            self.path = other()\n"),
    "set by a method": (
        "(self.take(), Job(self.path))[1]",
        "    def take(self):\n        self.path = other()\n",
    ),
}


@pytest.mark.parametrize("again", SAME.values(), ids=SAME)
def test_what_it_was_given_adds_nothing(again):
    found = resolve(JOB.format(again=again, more=""))
    assert texts(found) == ["runs/a.pt"]
    assert found.unknown == ()
    assert found.patterns[0].exact


@pytest.mark.parametrize(("again", "more"), CHANGED.values(), ids=CHANGED)
def test_what_has_changed_is_not_left_out(again, more):
    found = resolve(JOB.format(again=again, more=more))
    assert found.unknown or not found.complete


def test_what_a_subclass_sets_is_not_left_out():
    program = JOB.format(again="type(self)(self.path)", more="")
    subclass = (
        "class Other(Job):\n    def set(self):\n        self.path = 'runs/b.pt'\nOther('x').set()\n"
    )
    found = resolve(program + subclass)
    assert "runs/b.pt" in texts(found)
