"""Which statement has run before a place, whatever the length of the block."""

from __future__ import annotations

import ast

import pytest

from source.source_facts import module_of
from torchload_lint.source.names.steps import always_before, blocks_around

BEFORE = {
    "below": "first()\nplace()\n",
    "on one row": "first(); place()\n",
    "deeper": "first()\nif a:\n    for b in c:\n        place()\n",
    "in the test": "first()\nif place(): pass\n",
    "in a with": "with a:\n    first()\nplace()\n",
    "a function's": "def f():\n    first()\n    try: pass\n    finally: place()\n",
}
NOT_BEFORE = {
    "above": "place()\nfirst()\n",
    "above on one row": "place(); first()\n",
    "another branch": "if a: first()\nelse: place()\n",
    "another branch's rows": "if a:\n    first()\n    b()\nelse:\n    c()\n    place()\n",
    "a handler": "try:\n    a()\n    first()\nexcept E:\n    place()\n",
    "what ends it": "try:\n    first()\nfinally:\n    place()\n",
    "a sometimes": "if a:\n    first()\nplace()\n",
    "a function": "first()\ndef f():\n    place()\n",
    "a lambda": "first()\nf = lambda: place()\n",
    "suppressed": "with suppress(E):\n    first()\nplace()\n",
}


def answer(code):
    module = module_of(code)
    calls = {
        node.func.id: node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return always_before(module, module.statement(calls["first"]), calls["place"])


@pytest.mark.parametrize("case", BEFORE)
def test_what_has_run_before(case):
    assert answer(BEFORE[case])


@pytest.mark.parametrize("case", NOT_BEFORE)
def test_what_may_not_have_run(case):
    assert not answer(NOT_BEFORE[case])


def test_the_blocks_around_a_place():
    module = module_of("a()\nif b:\n    c()\nelse:\n    d()\n    e()\n")
    branch = module.tree.body[1]
    assert list(blocks_around(module, branch.orelse[1])) == [branch.orelse, module.tree.body]
