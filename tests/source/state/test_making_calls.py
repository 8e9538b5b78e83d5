"""Fields of classes without a constructor, as the calls that make their objects give them."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

CLASS = (
    "from dataclasses import dataclass\n@dataclass\nclass Resume:\n    path: str\n"
    "    device: str = 'cpu'\n    def run(self):\n        torch.load(self.path)\n"
)
MADE = {
    "by place": ("Resume('a.pt').run()\n", ["a.pt"]),
    "by name": ("Resume(device='cuda', path='a.pt').run()\n", ["a.pt"]),
    "twice": ("Resume('a.pt').run()\nr = Resume('b.pt')\n", ["a.pt", "b.pt"]),
    "from a parameter": ("def main(p):\n    Resume(p).run()\nmain('a.pt')\n", ["a.pt"]),
    "of another class": ("class Other:\n    pass\nOther('a.pt')\n", []),
    "with more": ("Resume(*more).run()\n", []),
    "nowhere": ("", []),
}


@pytest.mark.parametrize(("calls", "expected"), MADE.values(), ids=MADE)
def test_a_field_is_what_its_objects_are_made_with(calls, expected):
    found = resolve(CLASS + calls)
    assert texts(found) == expected
    assert not found.complete


def test_another_file_makes_the_object():
    maker = "from lib.steps import Resume as R, Resume\nResume('a.pt').run()\n"
    own = "class Resume:\n    pass\nResume('b.pt')\n"
    others = {"lib/__init__.py": "", "run.py": maker, "other.py": own}
    assert texts(resolve(CLASS, others, at="lib/steps.py")) == ["a.pt"]
