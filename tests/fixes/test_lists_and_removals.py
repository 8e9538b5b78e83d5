"""Fixes of allowlists themselves, and of whole statements."""

from __future__ import annotations

import ast

import pytest

from fixes.tools import parsed
from torchload_lint.diagnostic import Applicability, Fix
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.fixes.entries import pair_entry, remove_entry, replace_entry
from torchload_lint.fixes.removal import (
    narrow_registration,
    remove_block,
    remove_handler,
    remove_statement,
)
from torchload_lint.fixes.repair import Allow, NotRepaired, Repaired
from torchload_lint.names import Spelling

HEAD = "import torch\nfrom torch.serialization import safe_globals\n"


def applied(text: str, outcome: Repaired | NotRepaired) -> str:
    assert isinstance(outcome, Repaired), outcome
    after, done = apply_edits(text, [Fix(Applicability.UNSAFE, outcome.how, outcome.edits)])
    assert len(done) == 1
    ast.parse(after)
    return after


REMOVALS = [
    ("[A, B, C]", 0, "[B, C]"),
    ("[A, B, C]", 1, "[A, C]"),
    ("[A, B, C]", 2, "[A, B]"),
    ("[A, B, C,]", 2, "[A, B,]"),
    ("[A]", 0, "[]"),
    ("[A,]", 0, "[]"),
    ("(A, B)", 0, "(B,)"),
    ("(A, B)", 1, "(A,)"),
    ("(A, B,)", 1, "(A,)"),
    ('[(A, "a.A"), B]', 0, "[B]"),
    ("[\n    A,  # a\n    B,\n]", 0, "[\n    B,\n]"),
    ("[\n    A,\n    B,  # b\n]", 1, "[\n    A,\n]"),
    ("[\n    A,\n    B\n]", 1, "[\n    A,\n]"),
    ("[\n    A,\n    B\n]", 0, "[\n    B\n]"),
    ("[\n    A, B,\n    C\n]", 1, "[\n    A, \n    C\n]"),
    ("[A,\n    B]", 0, "[\n    B]"),
    ("[\n    A\n]", 0, "[]"),
    ("[  # none\n    A\n]", 0, "[  # none\n    ]"),
]


@pytest.mark.parametrize(("before", "index", "after"), REMOVALS)
def test_an_item_is_taken_out(before: str, index: int, after: str) -> None:
    text = f"{HEAD}with safe_globals({before}):\n    x = torch.load(p, weights_only=True)\n"
    module = parsed(text)
    (allowlist,) = module.allowlists
    outcome = remove_entry(module, allowlist, allowlist.entries[index])
    result = applied(text, outcome)
    assert result == text.replace(before, after)
    kept = [entry for position, entry in enumerate(allowlist.entries) if position != index]
    (again,) = parsed(result).allowlists
    assert [ast.dump(entry.node) for entry in again.entries] == [
        ast.dump(entry.node) for entry in kept
    ]


def test_an_item_of_a_constant_is_left_alone() -> None:
    text = f"{HEAD}NAMES = [int, str]\nwith safe_globals(NAMES):\n    x = torch.load(p)\n"
    module = parsed(text)
    (allowlist,) = module.allowlists
    for entry in allowlist.entries:
        assert isinstance(remove_entry(module, allowlist, entry), NotRepaired)


def test_an_item_becomes_a_pair() -> None:
    text = f"{HEAD}with safe_globals([int, str]):\n    x = torch.load(p, weights_only=True)\n"
    module = parsed(text)
    outcome = pair_entry(module, module.allowlists[0].entries[1], 'a."b\\')
    after = applied(text, outcome)
    assert after == text.replace("str]", '(str, "a.\\"b\\\\")]')
    assert parsed(after).allowlists[0].entries[1].key == 'a."b\\'


def test_a_string_becomes_the_class() -> None:
    text = f'{HEAD}torch.serialization.add_safe_globals(["argparse.Namespace"])\n'
    module = parsed(text)
    (allowlist,) = module.allowlists
    allow = Allow(Spelling("argparse", "Namespace"))
    after = applied(text, replace_entry(module, allowlist, allowlist.entries[0], allow))
    assert after == (
        f"from argparse import Namespace\n\n{HEAD}"
        "torch.serialization.add_safe_globals([Namespace])\n"
    )


NARROWED = {
    "in front of the load": (
        (
            "import argparse\nimport torch\n"
            "torch.serialization.add_safe_globals([argparse.Namespace])\n"
            "x = torch.load(p, weights_only=True)\n"
        ),
        (
            "import argparse\nimport torch\nfrom torch.serialization import safe_globals\n"
            "with safe_globals([argparse.Namespace]):\n    x = torch.load(p, weights_only=True)\n"
        ),
    ),
    "the only statement of a function": (
        (
            "from argparse import Namespace\nimport torch\ndef register():\n"
            "    torch.serialization.add_safe_globals([Namespace])\n"
            "def f(p):\n    return torch.load(p)\n"
        ),
        (
            "from argparse import Namespace\nimport torch\n"
            "from torch.serialization import safe_globals\n"
            "def register():\n    pass\n"
            "def f(p):\n    with safe_globals([Namespace]):\n"
            "        return torch.load(p, weights_only=True)\n"
        ),
    ),
    "a pair, and a class of the file itself": (
        (
            "import torch\nclass Net: pass\n"
            'torch.serialization.add_safe_globals([(Net, "__main__.Net"), set])\n\n'
            "x = torch.load(p)\n"
        ),
        (
            "import torch\nfrom torch.serialization import safe_globals\nclass Net: pass\n\n"
            'with safe_globals([(Net, "__main__.Net"), set]):\n'
            "    x = torch.load(p, weights_only=True)\n"
        ),
    ),
}


@pytest.mark.parametrize("name", NARROWED)
def test_a_registration_becomes_a_block(name: str) -> None:
    before, after = NARROWED[name]
    module = parsed(before)
    (allowlist,) = module.allowlists
    (load,) = module.loads
    outcome = narrow_registration(module, allowlist, load)
    assert applied(before, outcome) == after
    assert isinstance(outcome, Repaired)
    assert not outcome.keeps_meaning


@pytest.mark.parametrize(
    "registration",
    [
        "torch.serialization.add_safe_globals(names)",
        "torch.serialization.add_safe_globals([*names])",
        "y = torch.serialization.add_safe_globals([int])",
    ],
)
def test_a_registration_that_cannot_be_read_stays(registration: str) -> None:
    module = parsed(f"import torch\n{registration}\nx = torch.load(p)\n")
    outcome = narrow_registration(module, module.allowlists[0], module.loads[0])
    assert isinstance(outcome, NotRepaired)


STATEMENTS = {
    "x = 1\ntorch.load = y  # no\nz = 2\n": "x = 1\nz = 2\n",
    "if a:\n    torch.load = y  # no\n": "if a:\n    pass  # no\n",
    "x = 1; torch.load = y\n": "x = 1\n",
    "torch.load = y; x = 1\n": "x = 1\n",
    "x = 1; torch.load = y; z = 2\n": "x = 1; z = 2\n",
    "torch.load = f(\n    1,\n)\nx = 1\n": "x = 1\n",
    "if a: torch.load = y\n": "if a: pass\n",
}


@pytest.mark.parametrize("before", STATEMENTS)
def test_a_statement_is_taken_out(before: str) -> None:
    module = parsed(f"import torch\n{before}")
    statement = next(
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute)
    )
    after = applied(module.text, remove_statement(module, statement))
    assert after == f"import torch\n{STATEMENTS[before]}"


HANDLERS = {
    "the only one": (
        (
            "def f():\n    try:\n        # safe\n        x = load(p)  # a\n        y = 1\n"
            "    except E:\n        x = unsafe(p)\n    return x\n"
        ),
        "def f():\n    # safe\n    x = load(p)  # a\n    y = 1\n    return x\n",
    ),
    "with an else": (
        "try:\n    x = load(p)\nexcept E:\n    x = unsafe(p)\nelse:\n    y = 1\n",
        "x = load(p)\ny = 1\n",
    ),
    "with a finally": (
        "try:\n    x = load(p)\nexcept E:\n    x = unsafe(p)\nfinally:\n    y = 1\n",
        "try:\n    x = load(p)\nfinally:\n    y = 1\n",
    ),
    "one of two": (
        "try:\n    x = load(p)\nexcept E:\n    x = unsafe(p)\nexcept F:\n    y = 1\n",
        "try:\n    x = load(p)\nexcept F:\n    y = 1\n",
    ),
    "a string over rows": (
        'def f():\n    try:\n        x = load("""a\n  b""")\n    except E:\n        pass\n',
        'def f():\n    x = load("""a\n  b""")\n',
    ),
    "on one row": ("try: x = load(p)  # a\nexcept E: x = 1\n", "x = load(p)  # a\n"),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_is_taken_out(name: str, newline: str) -> None:
    before, after = (text.replace("\n", newline) for text in HANDLERS[name])
    module = parsed(before)
    statement = next(node for node in ast.walk(module.tree) if isinstance(node, ast.Try))
    outcome = remove_handler(module, statement, statement.handlers[0])
    assert applied(before, outcome) == after


IMPORTS = {
    "the only one": ("from a import A\n", ""),
    "the first of two": ("from a import A, B\n", "from a import B\n"),
    "the last of two": ("from a import B, A\n", "from a import B\n"),
    "under another name": ("from a import B, C as A\n", "from a import B\n"),
    "over rows": ("from a import (\n    A,\n    B,\n)\n", "from a import (\n    B,\n)\n"),
    "over rows, the last": ("from a import (\n    B,\n    A,\n)\n", "from a import (\n    B,\n)\n"),
    "a comment": ("from a import A  # for others\n", None),
    "a comment inside": ("from a import (\n    A,  # for others\n    B,\n)\n", None),
    "used elsewhere": ("from a import A\nprint(A)\n", None),
    "offered to others": ('from a import A\n__all__ = ["A"]\n', None),
    "a module": ("import A\n", None),
    "bound twice": ("from a import A\nfrom b import A\n", None),
    "two on the row": ("from a import A; print()\n", None),
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.values(), ids=IMPORTS)
def test_an_import_goes_with_its_only_use(before: str, after: str | None) -> None:
    block = "with safe_globals([int, A]):\n    x = torch.load(p, weights_only=True)\n"
    module = parsed(HEAD + before + block)
    (allowlist,) = module.allowlists
    result = applied(HEAD + before + block, remove_entry(module, allowlist, allowlist.entries[1]))
    assert result == HEAD + (before if after is None else after) + block.replace(", A", "")


def test_what_a_package_or_a_notebook_imports_stays() -> None:
    text = f"{HEAD}from a import A\nwith safe_globals([A]):\n    torch.load(p)\n"
    for path in ("myapp/__init__.py", "use.ipynb"):
        module = parsed(text, path, "myapp")
        (allowlist,) = module.allowlists
        result = applied(text, remove_entry(module, allowlist, allowlist.entries[0]))
        assert result == text.replace("[A]", "[]")


def test_an_empty_block_goes_with_its_import() -> None:
    block = "    with safe_globals([]):\n        a = 1\n        b = torch.load(p)\n"
    text = f"{HEAD}\nif x:\n{block}"
    module = parsed(text)
    assert applied(text, remove_block(module, module.allowlists[0])) == (
        "import torch\n\nif x:\n    a = 1\n    b = torch.load(p)\n"
    )
    text = f"{HEAD}with safe_globals([]):  # nothing yet\n    # for now\n    a = torch.load(p)\n"
    module = parsed(text)
    assert applied(text, remove_block(module, module.allowlists[0])) == (
        "import torch\n# nothing yet\n# for now\na = torch.load(p)\n"
    )
    text = f"{HEAD}with open(p) as f, safe_globals([]):\n    b = torch.load(f)\n"
    module = parsed(text)
    assert isinstance(remove_block(module, module.allowlists[0]), NotRepaired)
