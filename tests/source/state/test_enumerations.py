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
