"""Which classes of a project run code while they are unpickled, directly or not."""

from __future__ import annotations

from textwrap import dedent

import pytest

from project_files import project
from torchload_lint.names import GlobalName
from torchload_lint.source.proofs.class_lookup import find

TOOLS = """
    import os
    import subprocess

    Base = subprocess.Popen

    class Meta(type):
        def __call__(cls, command):
            os.system(command)

    class Runner:
        def __init__(self, command):
            self.run(command)

        def run(self, command):
            subprocess.run(command)

    def helper(command):
        return deeper(command)

    def deeper(command):
        return os.system(command)
"""

RUNNING = {
    "directly": ("def __setstate__(self, state): os.system(state)", "os.system"),
    "in the constructor": ("def __init__(self, x): eval(x)", "builtins.eval"),
    "through a function": ("def __setstate__(self, state): tools.helper(state)", "os.system"),
    "through a method": (
        "def __setstate__(self, state): self.go(state)\n    def go(self, x): exec(x)",
        "builtins.exec",
    ),
    "through another class": ("def __init__(self, x): tools.Runner(x)", "subprocess.run"),
    "assigned": ("__setstate__ = os.system", "os.system"),
    "a function handed on": ("def __init__(self, x): list(map(os.system, x))", "os.system"),
    "after a dataclass": ("def __post_init__(self): os.system(self.x)", "os.system"),
    "when it goes": ("def __del__(self): os.remove(self.path)", "os.remove"),
    "when it is called": ("def __call__(self): subprocess.run(self.x)", "subprocess.run"),
    "when it is gone through": ("def __iter__(self): os.system(self.x)", "os.system"),
    "when an item is asked for": ("def __getitem__(self, i): eval(self.x)", "builtins.eval"),
    "when its truth is asked for": ("def __bool__(self): os.system(self.x)", "os.system"),
    "when its keys are asked for": ("def keys(self): os.system(self.x)", "os.system"),
    "when a property is set": (
        "@property\n    def p(self): ...\n    @p.setter\n    def p(self, x): os.system(x)",
        "os.system",
    ),
    "by a configuration": (
        "def __init__(self, x): hydra.utils.instantiate(x)",
        "hydra.utils.instantiate",
    ),
    "into a file": ('def __init__(self, path): open(path, "w")', "builtins.open"),
    "into a file, said by name": ('def __init__(self, p): open(p, mode="ab")', "builtins.open"),
    "a copied folder": ("def __setstate__(self, s): shutil.copytree(*s)", "shutil.copytree"),
    "an unpacked file": (
        "def __setstate__(self, s): shutil.unpack_archive(s)",
        "shutil.unpack_archive",
    ),
    "a link": ("def __setstate__(self, s): os.symlink(*s)", "os.symlink"),
    "another process": ("def __setstate__(self, s): os.fork()", "os.fork"),
    "something from the network": (
        "def __setstate__(self, s): urllib.request.urlopen(s)",
        "urllib.request.urlopen",
    ),
    "an unsafe load": (
        "def __init__(self, x): self.x = torch.load(x, weights_only=False)",
        "torch.load",
    ),
    "a load with a pickle module": (
        "def __init__(self, x): self.x = torch.load(x, pickle_module=dill)",
        "torch.load",
    ),
}

QUIET = {
    "another method": "def forward(self, x): os.system(x)",
    "a getter": "@property\n    def p(self): os.system('a')",
    "reading a file": "def __init__(self, path): open(path); open(path, 'rb')",
    "a safe load": "def __init__(self, x): self.x = torch.load(x, weights_only=True)",
    "recursion": "def __init__(self, x): self.__init__(x)",
    "names of the same kind": "def __init__(self, x): x.system('a'); x.eval()",
    "a copy": "def __setstate__(self, state): self.__dict__.update(state)",
}


def runs(body: str, head: str = "class Net:") -> tuple[str, ...]:
    names = "os, shutil, subprocess, torch, dill, hydra, urllib.request"
    text = f"import {names}\nfrom app import tools\n{head}\n    {body}\n"
    files = {"app/__init__.py": "", "app/tools.py": dedent(TOOLS), "app/models.py": text}
    found = find(project(files), GlobalName("app.models", "Net"))
    assert found is not None
    return found.runs


@pytest.mark.parametrize(("body", "expected"), RUNNING.values(), ids=RUNNING)
def test_what_runs_code_is_found(body, expected):
    assert runs(body) == (expected,)


@pytest.mark.parametrize("body", QUIET.values(), ids=QUIET)
def test_what_does_not_is_left_in_peace(body):
    assert runs(body) == ()


def test_a_base_of_the_project():
    assert runs("pass", "class Net(tools.Runner):") == ("subprocess.run",)


def test_an_inherited_method():
    body = "def __setstate__(self, state): self.run(state)"
    assert runs(body, "class Net(tools.Runner):") == ("subprocess.run",)


def test_a_metaclass():
    assert runs("pass", "class Net(metaclass=tools.Meta):") == ("os.system",)


AT_IMPORT = {
    "import shutil\nclass C: ...\nshutil.rmtree('build')\n": ("shutil.rmtree",),
    "import tools\nclass C: ...\ntools.helper('a')\n": ("os.system",),
    "import sys\nclass C: ...\nif len(sys.argv) < 2:\n    sys.exit(1)\n": ("sys.exit",),
    "from setuptools import setup\nclass C: ...\nsetup(name='a')\n": ("setuptools.setup",),
    "import os\nclass C:\n    os.system('a')\n": ("os.system",),
    "import os\nclass C: ...\nif __name__ == '__main__':\n    os.system('a')\n": (),
    "import os\nclass C: ...\nif __name__ != '__main__':\n    os.system('a')\n": ("os.system",),
    "import os\nclass C: ...\ndef f():\n    os.system('a')\n": (),
    "import os\nclass C: ...\ng = lambda: os.system('a')\n": (),
    "import importlib\nclass C: ...\nx = importlib.import_module('numpy')\n": (),
    "import subprocess\nclass C: ...\nV = subprocess.check_output(['git'])\n": (),
}


@pytest.mark.parametrize(("text", "expected"), AT_IMPORT.items())
def test_what_an_import_would_run(text, expected):
    found = find(project({"m.py": text, "tools.py": dedent(TOOLS)}), GlobalName("m", "C"))
    assert found is not None
    assert found.import_runs == expected
    assert found.runs == ()


def test_bases_outside_of_the_project_are_known_by_their_own_names():
    files = {
        "tools.py": dedent(TOOLS),
        "models.py": "import tools\nclass Mid(tools.Base): ...\nclass Net(Mid): ...\n",
    }
    found = find(project(files), GlobalName("models", "Net"))
    assert found is not None
    assert found.foreign_bases == ("subprocess.Popen",)


MADE = {
    "namedtuple": 'from collections import namedtuple\nP = namedtuple("P", "a b")',
    "NamedTuple": 'from typing import NamedTuple\nP = NamedTuple("P", [("a", int)])',
    "Enum": 'import enum\nP = enum.Enum("P", "A B")',
}


@pytest.mark.parametrize("text", MADE.values(), ids=MADE)
def test_a_class_that_a_call_makes(text):
    found = find(project({"m.py": text}), GlobalName("m", "P"))
    assert found is not None
    assert (found.kind, found.defined_as) == ("class", GlobalName("m", "P"))


@pytest.mark.parametrize("value", ['namedtuple("Q", "a")', "make()", "functools.partial(P)"])
def test_a_value_that_a_call_makes(value):
    text = f"import functools\nfrom collections import namedtuple\nP = {value}\n"
    found = find(project({"m.py": text}), GlobalName("m", "P"))
    assert found is not None
    assert found.kind == "value"
