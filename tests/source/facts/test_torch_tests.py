"""Tests of torch's version around a call: on which releases it is reached."""

from __future__ import annotations

import ast

import pytest

from torchload_lint.source.facts.module import Module, read
from torchload_lint.source.facts.torch_tests import bounds_at

LINES = [(1, 8), (1, 12), (1, 13), (2, 0), (2, 3), (2, 4), (2, 5), (2, 6), (2, 15)]
HEAD = """\
import inspect
import torch
from packaging import version
from packaging.version import Version
"""
ALL = "1.8 1.12 1.13 2.0 2.3 2.4 2.5 2.6 2.15"
BEFORE_24, SINCE_24 = "1.8 1.12 1.13 2.0 2.3", "2.4 2.5 2.6 2.15"

REACHED = {
    "plain": ("torch.load(p)", ALL),
    "less": ('if Version(torch.__version__) < Version("2.4"):\n    torch.load(p)', BEFORE_24),
    "mirrored": ('if Version("2.4") > Version(torch.__version__):\n    torch.load(p)', BEFORE_24),
    "parsed": (
        'if version.parse(torch.__version__) >= version.parse("2.4.0"):\n    torch.load(p)',
        SINCE_24,
    ),
    "else": (
        'if Version(torch.__version__) >= Version("2.4"):\n    pass\nelse:\n    torch.load(p)',
        BEFORE_24,
    ),
    "elif": (
        'if x:\n    pass\nelif Version(torch.__version__) < Version("2.4"):\n    torch.load(p)',
        BEFORE_24,
    ),
    "not": ('if not Version(torch.__version__) >= Version("2.4"):\n    torch.load(p)', BEFORE_24),
    "and": ('if x and Version(torch.__version__) < Version("2.4"):\n    torch.load(p)', BEFORE_24),
    "or": ('if x or Version(torch.__version__) < Version("2.4"):\n    torch.load(p)', ALL),
    "text": ('if torch.__version__ >= "2.4":\n    torch.load(p)', SINCE_24),
    "tuple": (
        "if tuple(map(int, torch.__version__.split('.')[:2])) < (2, 4):\n    torch.load(p)",
        BEFORE_24,
    ),
    "major": ("if int(torch.__version__.split('.')[0]) < 2:\n    torch.load(p)", "1.8 1.12 1.13"),
    "a flag": (
        'NEW = Version(torch.__version__) >= Version("2.4")\nif NEW:\n    torch.load(p)',
        SINCE_24,
    ),
    "a flag that denies": (
        'OLD = not hasattr(torch.serialization, "safe_globals")\nif OLD:\n    torch.load(p)',
        "1.8 1.12 1.13 2.0 2.3 2.4",
    ),
    "a flag made of another": (
        'NEW = torch.__version__ >= "2.4"\nOLD = not NEW\nif OLD and p:\n    torch.load(p)',
        BEFORE_24,
    ),
    "flags made of each other": ("A = not B\nB = not A\nif A:\n    torch.load(p)", ALL),
    "a version in a name": (
        'V = Version(torch.__version__)\nif V < Version("2.4"):\n    torch.load(p)',
        BEFORE_24,
    ),
    "a flag's name": ("from x import WITH_PT24\nif not WITH_PT24:\n    torch.load(p)", BEFORE_24),
    "an early return": (
        'def f(p):\n    if torch.__version__ >= "2.4":\n        return 1\n    return torch.load(p)',
        BEFORE_24,
    ),
    "an early return inside of a block": (
        (
            'def f(p):\n    if torch.__version__ >= "2.4":\n        with allowed:\n'
            "            return 1\n    return torch.load(p)"
        ),
        BEFORE_24,
    ),
    "an early return on one way only": (
        (
            'def f(p):\n    if torch.__version__ >= "2.4":\n        if p:\n            return 1\n'
            "    return torch.load(p)"
        ),
        ALL,
    ),
    "no early return": (
        'def f(p):\n    if torch.__version__ >= "2.4":\n        x = 1\n    return torch.load(p)',
        ALL,
    ),
    "conditional expression": (
        'x = None if Version(torch.__version__) >= Version("2.4") else torch.load(p)',
        BEFORE_24,
    ),
    "hasattr": (
        'if hasattr(torch.serialization, "safe_globals"):\n    pass\nelse:\n    torch.load(p)',
        f"{BEFORE_24} 2.4",
    ),
    "signature": (
        'if "weights_only" not in inspect.signature(torch.load).parameters:\n    torch.load(p)',
        "1.8 1.12",
    ),
    "signature has it": (
        'if "weights_only" in inspect.signature(torch.load).parameters:\n    torch.load(p)',
        "1.13 2.0 2.3 2.4 2.5 2.6 2.15",
    ),
    "type error": (
        "try:\n    x = torch.load(p, weights_only=True)\nexcept TypeError:\n    x = torch.load(p)",
        "1.8 1.12",
    ),
    "another error": (
        "try:\n    x = torch.load(p, weights_only=True)\nexcept ValueError:\n    x = torch.load(p)",
        ALL,
    ),
    "type error of something else": (
        "try:\n    x = int(p)\nexcept TypeError:\n    x = torch.load(p)",
        ALL,
    ),
    "another error that is looked into": (
        (
            "try:\n    x = torch.load(p, weights_only=True)\nexcept Exception as e:\n"
            '    if "weights_only" not in str(e):\n        raise\n    x = torch.load(p)'
        ),
        ALL,
    ),
    "an import that worked": (
        (
            "try:\n    from torch.serialization import safe_globals\n    HAVE = True\n"
            "except ImportError:\n    HAVE = False\nif not HAVE:\n    torch.load(p)"
        ),
        f"{BEFORE_24} 2.4",
    ),
    "an import that did not": (
        (
            "try:\n    from torch.serialization import add_safe_globals\n"
            "except ImportError:\n    add_safe_globals = None\n"
            "if add_safe_globals is None:\n    torch.load(p)"
        ),
        BEFORE_24,
    ),
    "an import of another package": (
        (
            "try:\n    from apex import amp\n    HAVE = True\n"
            "except ImportError:\n    HAVE = False\nif HAVE:\n    torch.load(p)"
        ),
        ALL,
    ),
    "the installed distribution": (
        (
            "import importlib.metadata\n"
            'if Version(importlib.metadata.version("torch")) < Version("2.4"):\n    torch.load(p)'
        ),
        BEFORE_24,
    ),
    "another distribution": (
        'if Version(importlib.metadata.version("numpy")) < Version("2.4"):\n    torch.load(p)',
        ALL,
    ),
    "helper": ('if is_torch_version(">=", "2.4"):\n    torch.load(p)', SINCE_24),
    "another package": ('if Version(numpy.__version__) < Version("2"):\n    torch.load(p)', ALL),
    "python's version": ("import sys\nif sys.version_info < (3, 9):\n    torch.load(p)", ALL),
}


def last_plain_load(module: Module) -> ast.Call:
    calls = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "torch.load"
        and not node.keywords
    ]
    return calls[-1]


@pytest.mark.parametrize("case", REACHED)
def test_the_releases_on_which_a_call_is_reached(case):
    code, wanted = REACHED[case]
    module = read(f"{HEAD}{code}\n", "a.py", "a")
    assert isinstance(module, Module)
    bounds = bounds_at(last_plain_load(module), module)
    reached = [line for line in LINES if all(bound.admits(line) for bound in bounds)]
    assert " ".join(f"{major}.{minor}" for major, minor in reached) == wanted


@pytest.mark.parametrize(
    "code",
    [
        "if torch.__version__.startswith(prefix):\n    x = torch.load(p)\n",
        "match torch.__version__[0]:\n    case '1':\n        x = torch.load(p)\n",
        (
            "try:\n    x = torch.load(p, weights_only=True)\nexcept Exception as error:\n"
            "    if 'weights_only' not in str(error):\n        raise\n    x = torch.load(p)\n"
        ),
        (
            "try:\n    from torch.compat import old\n    OLD = True\nexcept ImportError:\n"
            "    OLD = False\nif OLD:\n    x = torch.load(p)\n"
        ),
    ],
)
def test_a_test_that_is_not_understood_is_known_to_be_there(code):
    module = read(HEAD + code, "a.py", "a")
    assert isinstance(module, Module)
    assert [bound.operator for bound in bounds_at(last_plain_load(module), module)] == ["?"]


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        (
            "if OLD:\n    x = torch.load(p, weights_only=True)\nelse:\n    x = torch.load(p)\n",
            ["?"],
        ),
        ("if OLD:\n    x = torch.load(p, weights_only=True)\n    y = torch.load(p)\nsay(x)\n", []),
        ("if OLD:\n    say(p)\nelse:\n    x = torch.load(p)\ny = 1\n", []),
    ],
)
def test_a_flag_that_chooses_the_keyword_is_one_of_torch(code, asked):
    module = read(HEAD + code, "a.py", "a")
    assert isinstance(module, Module)
    assert [bound.operator for bound in bounds_at(last_plain_load(module), module)] == asked
