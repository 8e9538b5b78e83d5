"""A function that sets attributes of what it is given says nothing against what it never gets."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

KINDS = """
import enum

class Kind(enum.Enum):
    A = 1
    B = 2
"""
UPDATE = "def update(args, other):\n    for k, v in other:\n        setattr(args, k, v)\n"
TOOLS = "from tools import update\nimport argparse, kinds\n"
PARSED = "args = argparse.ArgumentParser().parse_args()\n"
KNOWN = (
    PARSED + "update(args, [])",
    PARSED + "update(other=[], args=args)",
    "update(argparse.Namespace(), [])",
    "def main(options):\n    update(options, [])\n" + PARSED + "main(args)",
    "def main(options: argparse.Namespace):\n    update(options, [])",
    PARSED + "update(args, [])\nupdate(args, [('kind', kinds.Kind)])",
)
"""Callers that give an object of their own."""
ONE = PARSED + "update(args, [])\n"
"""Beside each of the following, so that there is a call that is known."""
UNKNOWN = (
    "def nobody():\n    pass",
    "update(kinds.Kind, [])",
    ONE + "update(kinds, [])",
    ONE + "update(type(kinds.Kind.A), [])",
    ONE + "update(*[kinds.Kind, []])",
    ONE + "update(**{'args': kinds.Kind, 'other': []})",
    ONE + "list(map(update, [kinds.Kind], [[]]))",
    ONE + "other = update\nother(kinds.Kind, [])",
    ONE + "import functools\nfunctools.partial(update, kinds.Kind)([])",
    ONE + "TABLE = {'u': update}\nTABLE['u'](kinds.Kind, [])",
    ONE + "import threading\nthreading.Thread(target=update, args=(kinds.Kind, [])).start()",
    ONE + "import tools\ngetattr(tools, 'update')(kinds.Kind, [])",
    ONE + "import tools\ngetattr(tools, 'up' + 'date')(kinds.Kind, [])",
    ONE + "import tools\nvars(tools)['up' + 'date'](kinds.Kind, [])",
    ONE + "import importlib\ngetattr(importlib.import_module('t' + 'ools'), 'upd' + 'ate')(x, [])",
    ONE + "import sys\ngetattr(sys.modules['t' + 'ools'], 'upd' + 'ate')(kinds.Kind, [])",
    ONE
    + "def call(m, name, *a):\n    getattr(m, name)(*a)\nimport tools\ncall(tools, n, kinds.Kind)",
    ONE + "for one in (args, kinds.Kind):\n    update(one, [])",
    ONE + "def main(options):\n    update(options, [])\nmain(kinds.Kind)",
    ONE + "def main(options):\n    update(options, [])\nmain(args)\nthings.append(main)",
    ONE + "def a(x):\n    update(x, [])\ndef b(x):\n    a(x)\ndef c(x):\n    b(x)\nc(args)",
    ONE + "def main(options=kinds.Kind):\n    update(options, [])\nmain()",
    ONE + "def main(*options):\n    update(options[0], [])\nmain(kinds.Kind)",
    ONE + "update(args := kinds.Kind, [])",
    ONE + "def later(args):\n    args = kinds.Kind\n    update(args, [])\nlater(args)",
)


def harmless(tools: str, run: str) -> bool:
    files = {"kinds.py": KINDS, "tools.py": tools, "run.py": TOOLS + run}
    index = project(files)
    module = index.module("kinds")
    assert module is not None
    (node,) = (one for one in module.tree.body if getattr(one, "name", "") == "Kind")
    return prove_class(node, module, index).unproven == ""


@pytest.mark.parametrize("run", KNOWN)
def test_callers_that_give_an_object_of_their_own_say_nothing_against_a_class(run):
    assert harmless(UPDATE, run)


@pytest.mark.parametrize("run", UNKNOWN)
def test_a_caller_that_may_give_a_class_counts(run):
    assert not harmless(UPDATE, run)


@pytest.mark.parametrize(
    "tools",
    [
        "@register\n" + UPDATE,
        UPDATE + "globals()['up' + 'date'](1, [])\n",
        "class Tools:\n"
        + "".join(
            f"    {row}\n"
            for row in UPDATE.replace("update(args", "update(self, args").splitlines()
        ),
        UPDATE.replace("    for", "    args = other\n    for"),
        UPDATE.replace("(args, other)", "(*args, other=())"),
    ],
)
def test_a_function_that_is_reached_otherwise_counts(tools):
    assert not harmless(tools, ONE)
