"""Parameters that can only be one of a few things."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

KINDS = "from enum import Enum\nclass Kind(Enum):\n    BASE = 'base.pt'\n    LARGE = 'large.pt'\n"
LITERAL = "from typing import Literal, Optional\n"

CASES = {
    "a literal": (
        LITERAL + "def f(m: Literal['base', 'large']):\n    torch.load(f'{m}.pt')\n",
        ["base.pt", "large.pt"],
    ),
    "a literal or none": (
        LITERAL + "def f(m: Optional[Literal['base']]):\n    torch.load(f'{m}.pt')\n",
        ["base.pt"],
    ),
    "a literal with a default": (
        LITERAL + "def f(m: Literal['base', 'large'] = 'large'):\n    torch.load(f'{m}.pt')\n",
        ["large.pt"],
    ),
    "what callers give": (
        LITERAL + "def f(m: Literal['base', 'large']):\n    torch.load(f'{m}.pt')\nf('base')\n",
        ["base.pt"],
    ),
    "other annotations": (
        "def f(m: dict['base', 'large']):\n    torch.load(f'{m}.pt')\n",
        ["*.pt"],
    ),
    "a member's value": (
        KINDS + "def f(kind: Kind):\n    torch.load(kind.value)\n",
        ["base.pt", "large.pt"],
    ),
    "a member's name": (
        KINDS + "def f(kind: Kind):\n    torch.load(f'nets/{kind.name.lower()}.pt')\n",
        ["nets/base.pt", "nets/large.pt"],
    ),
    "one member": (KINDS + "torch.load(Kind.LARGE.value)\n", ["large.pt"]),
    "a value of what is no enumeration": (
        KINDS.replace("(Enum)", "") + "def f(kind: Kind):\n    torch.load(kind.value)\n",
        [],
    ),
}


@pytest.mark.parametrize(("code", "expected"), CASES.values(), ids=CASES)
def test_one_of_a_few_things(code, expected):
    assert texts(resolve(code)) == expected


MEMBERS = """
from enum import Enum, IntEnum
class Mode(Enum):
    BEST = "top"
    LAST = "end"
    FINAL = "end"
    def file(self):
        return self.value + ".pt"
class Text(str, Enum):
    BEST = "top"
class Level(IntEnum):
    ONE = 1
PATHS = {Mode.BEST: "a.pt", Mode.LAST: "b.pt"}
BY_TEXT = {Text.BEST: "c.pt"}
"""
"""Of ``LAST``, ``FINAL`` is another name."""

ODD = """
class Odd(Enum):
    BEST = "top"
    def __init__(self, given):
        self._value_ = given.upper()
"""

KNOWN = (
    "Mode.BEST.name",
    "Mode.LAST.name + '.pt'",
    "Mode.BEST.value",
    "f'{Mode.BEST.value}.pt'",
    "Mode.LAST.file()",
    "'x' + Text.BEST",
    "'%s' % Text.BEST.value",
    "os.path.join('runs', Text.BEST)",
    "PATHS[Mode.LAST]",
    "PATHS.get(Mode.BEST)",
    "BY_TEXT['top']",
    "BY_TEXT[Text.BEST]",
    "Level.ONE.name",
    "f'{Level.ONE.value}.pt'",
)
OPEN = (
    "Mode.FINAL.name",
    "f'{Mode.BEST}.pt'",
    "str(Mode.BEST)",
    "'%s.pt' % Mode.BEST",
    "'{}.pt'.format(Text.BEST)",
    "str(Text.BEST) + '.pt'",
    "f'{Text.BEST!r:>9}'",
    "Odd.BEST.value",
    "f'{Level.ONE}.pt'",
)


def opened(expression):
    """What Python itself says of an expression."""
    namespace = {}
    exec(f"import os\n{MEMBERS}{ODD}\nfound = {expression}", namespace)
    return namespace["found"]


@pytest.mark.parametrize("expression", KNOWN)
def test_what_is_known_of_a_member_is_what_python_says(expression):
    result = resolve(f"{MEMBERS}torch.load({expression})\n")
    assert texts(result) == [opened(expression)]
    assert result.complete


@pytest.mark.parametrize("expression", OPEN)
def test_what_a_member_gives_otherwise_is_not_called_known(expression):
    odd = ODD if "Odd" in expression else ""
    result = resolve(f"{MEMBERS}{odd}torch.load({expression})\n")
    assert not result.complete or texts(result) == [opened(expression)]
    assert opened(expression)
