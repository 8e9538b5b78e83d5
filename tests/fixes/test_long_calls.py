"""What a fix writes keeps to the project's line length, where the code did before."""

from __future__ import annotations

import pytest

from fixes.tools import check
from torchload_lint.fixes.repair import Allow
from torchload_lint.names import Spelling

NAMESPACE = Allow(Spelling("argparse", "Namespace"))
HEAD = "import torch\n\n\n"
CASES = {
    "fits": ("x = torch.load(path)\n", "x = torch.load(path, weights_only=True)\n", 79),
    "arguments on a row of their own": (
        "    held = torch.load('c.pt', map_location='cpu')['x']\n",
        (
            "    held = torch.load(\n"
            "        'c.pt', map_location='cpu', weights_only=True\n"
            "    )['x']\n"
        ),
        60,
    ),
    "a row for each": (
        "    x = torch.load(first_name, map_location=second)\n",
        (
            "    x = torch.load(\n        first_name,\n        map_location=second,\n"
            "        weights_only=True,\n    )\n"
        ),
        52,
    ),
    "too long before": (
        "x = torch.load('a-very-long-name.pt', map_location='cpu')\n",
        "x = torch.load('a-very-long-name.pt', map_location='cpu', weights_only=True)\n",
        30,
    ),
    "over rows already": (
        "x = torch.load(\n    'a-long-name-of-a-file.pt',\n)\n",
        "x = torch.load(\n    'a-long-name-of-a-file.pt',\n    weights_only=True,\n)\n",
        36,
    ),
    "all arguments on the row between the parentheses": (
        "x = torch.load(\n    'größeres.pt', map_location='cpu'\n)['x']\n",
        (
            "x = torch.load(\n    'größeres.pt',\n    map_location='cpu',\n"
            "    weights_only=True,\n)['x']\n"
        ),
        45,
    ),
    "a comment behind them": (
        "x = torch.load(\n    'c.pt', map_location='cpu'  # here\n)\n",
        "x = torch.load(\n    'c.pt', map_location='cpu',  # here\n    weights_only=True\n)\n",
        40,
    ),
    "a comment behind arguments beside the name": (
        "x = 'ö', torch.load('c.pt', map_location='cpu'  # here\n)\n",
        (
            "x = 'ö', torch.load('c.pt', map_location='cpu',  # here\n"
            "                    weights_only=True\n)\n"
        ),
        40,
    ),
    "a row that is joined to the next": (
        "x = torch.load(\n    'c.pt', map_location='cpu' \\\n)\n",
        "x = torch.load(\n    'c.pt', map_location='cpu', weights_only=True \\\n)\n",
        40,
    ),
    "in an f-string": (
        "print(f'{torch.load(path)}, and more')\n",
        "print(f'{torch.load(path, weights_only=True)}, and more')\n",
        40,
    ),
    "letters outside of ASCII": (
        "x = torch.load('gewähltes-größeres.pt')\n",
        "x = torch.load(\n    'gewähltes-größeres.pt', weights_only=True\n)\n",
        50,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_keyword_keeps_to_the_line_length(name):
    before, after, length = CASES[name]
    indented = before.startswith(" ")
    head = f"{HEAD}def f(path, first_name, second):\n" if indented else HEAD
    check(head + before, head + after, line_length=length)


def test_a_block_moves_the_statement_to_the_right():
    before = "import torch\n\nx = torch.load('weights/last.pt', map_location='cpu')\n"
    after = (
        "from argparse import Namespace\n\nimport torch\n"
        "from torch.serialization import safe_globals\n\n"
        "with safe_globals([Namespace]):\n    x = torch.load(\n"
        "        'weights/last.pt', map_location='cpu', weights_only=True\n    )\n"
    )
    check(before, after, NAMESPACE, line_length=72)


def test_a_block_moves_a_call_over_rows_to_the_right():
    before = "import torch\n\nx = torch.load(\n    'weights/last.pt', map_location='cpu'\n)\n"
    after = (
        "from argparse import Namespace\n\nimport torch\n"
        "from torch.serialization import safe_globals\n\n"
        "with safe_globals([Namespace]):\n    x = torch.load(\n        'weights/last.pt',\n"
        "        map_location='cpu',\n        weights_only=True,\n    )\n"
    )
    check(before, after, NAMESPACE, line_length=58)
