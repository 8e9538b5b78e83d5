"""Which files are read in search of changes that do not name what they change."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.project.changes.reflection import changes

CHANGING = [
    "setattr(x, 'name', 1)",
    "x.__setattr__('name', 1)",
    "from unittest.mock import patch\nwith patch('a.NAME', 1): pass",
    "def test(monkeypatch):\n    monkeypatch.setattr('a.NAME', 1)",
    "vars(x)['name'] = 1",
    "x.__dict__['name'] = 1",
    "globals()['name'] = 1",
    "frame.f_globals['name'] = 1",
    "function.__globals__['name'] = 1",
    "import functools\nfunctools.update_wrapper(a, b, ('name',))",
    "exec(text)",
    "import builtins\nbuiltins.eval(text)",
    "from builtins import exec as run\nrun(text)",
    "x.__class__ = Other",
    "function.__defaults__ = (1,)",
    "import sys\nsys.modules['a'] = x",
    "from sys import modules\nmodules['a'] = x",
    "import importlib\nimportlib.reload(x)",
]
HARMLESS = [
    "model.eval()",
    "cursor.executemany('x', rows)",
    "name = self.__class__.__name__",
    "for layer in net.modules(): pass",
    "dispatch(x)\nself.patches = 4\nmocked = 1",
    "x.vars = 1\nx.locals = 2",
]


def found_in(source):
    index = project({"main.py": "NAME = 1\n", "other.py": f"{source}\n"})
    found = changes(index, index.module_at("main.py"))
    return found, "other.py" in index._modules


@pytest.mark.parametrize("source", CHANGING)
def test_a_change_in_another_file_is_found(source):
    found, _ = found_in(source)
    assert {change.module.path for change in found} == {"other.py"}


@pytest.mark.parametrize("source", HARMLESS)
def test_a_file_without_any_is_not_even_parsed(source):
    assert found_in(source) == ([], False)
