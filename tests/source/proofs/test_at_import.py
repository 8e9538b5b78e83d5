"""Imports that a fix adds because a checkpoint names the file: quiet, or work that would start."""

from __future__ import annotations

from textwrap import dedent

import pytest
from click.testing import CliRunner

from checkpoint.cases import forge
from project_files import project
from torchload_lint.cli.group import root
from torchload_lint.source.proofs.uses.at_import import unsure_files

TOOLS = """
import os

def work(): os.mkdir("runs")

def double(x): return work() or x

def name(x): return str(x).upper()

def keep(x): return x

class Runner:
    def __init__(self): work()
    def go(self): work()

class Asked:
    def __init_subclass__(cls): work()

class Plain:
    def __init__(self, x): self.x = x
    def update(self): work()
    def __enter__(self): return self

class Shown:
    def __enter__(self): work()
    def __exit__(self, *given): ...

plain = Plain(1)

class Meta(type): ...
"""
WORK = {
    "a function of the file": "def main(): os.mkdir('runs')\nmain()",
    "a function of another": "tools.double(1)",
    "a class": "tools.Runner()",
    "a method": "x = tools.Runner()\nx.go()",
    "a decorator": "@tools.double\ndef f(): ...",
    "a decorator with arguments": "@tools.double(1)\ndef f(): ...",
    "a base": "class D(tools.Asked): ...",
    "a metaclass": "class D(metaclass=tools.Meta): ...",
    "a branch": "if len(sys.argv) < 2:\n    os.mkdir('runs')",
    "a try": "try:\n    os.mkdir('runs')\nexcept OSError:\n    pass",
    "a lambda": "(lambda: os.mkdir('runs'))()",
    "a comprehension": "X = [os.mkdir(one) for one in 'ab']",
    "a default": "def f(x=os.mkdir('runs')): ...",
    "a default by its name": "def f(*, x=os.mkdir('runs')): ...",
    "a class body": "class D:\n    x = os.mkdir('runs')",
    "an open file": "with open('a.txt', 'w') as file:\n    file.write('x')",
    "a path": "Path('runs').mkdir()",
    "another name": "make = os.mkdir\nmake('runs')",
    "getattr": "getattr(os, 'mk' + 'dir')('runs')",
    "exec": "exec('work()')",
    "a partial": "functools.partial(os.mkdir, 'runs')()",
    "map": "X = list(map(os.mkdir, ['runs']))",
    "options": "ARGS = argparse.ArgumentParser().parse_args()",
    "a table": "X = {'a': os.mkdir}['a']('runs')",
    "a method that is called as those of lists": "tools.plain.update()",
    "such a method of a new object": "tools.Plain(1).update()",
    "a special method": "with tools.Shown(): ...",
    "a function that sorts": "X = sorted('ab', key=tools.double)",
    "a function that replaces": "X = re.sub('a', tools.double, 'a')",
    "a lambda that sorts": "X = sorted('ab', key=lambda one: tools.double(one))",
    "a path by its class": "Path.mkdir(Path('runs'))",
    "a file of a logger": "logging.basicConfig(filename='a.log')",
    "a handler": "logging.getLogger().addHandler(logging.FileHandler('a.log'))",
    "a function by its name": "operator.methodcaller('work')(tools)",
    "an annotation": "def f(x: tools.double(1)): ...",
    "an annotation of what is given back": "def f() -> tools.double(1): ...",
    "a name that is not for types": "TYPE_CHECKING = 1\nif TYPE_CHECKING:\n    os.mkdir('runs')",
    "operator.call": "operator.call(tools.double, 1)",
}
QUIET = {
    "a logger": "LOG = logging.getLogger(__name__)\nLOG.setLevel('INFO')",
    "names": "T = typing.TypeVar('T')\nPair = collections.namedtuple('Pair', 'a b')",
    "a class": "class D(tools.Plain):\n    x = tools.Plain(1)",
    "a dataclass": "@dataclasses.dataclass(frozen=True)\nclass D:\n    x: list = dataclasses.field(default_factory=list)",  # noqa: E501
    "a property": "class D:\n    @property\n    def x(self): ...\n    @x.setter\n    def x(self, value): ...",  # noqa: E501
    "a function of the project": "X = tools.name('a')\n\n@tools.keep\ndef f(): ...",
    "a path": "HERE = Path(__file__).resolve().parent\nsys.path.append(str(HERE))",
    "texts": "X = ' '.join('a b'.split()).upper()\nPATTERN = re.compile('a+')",
    "an enumeration": "class Kind(enum.Enum):\n    A = enum.auto()",
    "a guard": "if __name__ == '__main__':\n    os.mkdir('runs')",
    "map": "X = list(map(str, [1]))",
    "an inner function": "def f():\n    os.mkdir('runs')\n\ng = lambda: f()",
}
HEAD = (
    "import argparse, collections, dataclasses, enum, functools, logging, operator, os, re, sys\n"
    "import typing\n"
    "from pathlib import Path\nimport tools\n\n\nclass C: ...\n"
)


def unsure(body, **others):
    files = {"m.py": f"{HEAD}{body}\n", "tools.py": dedent(TOOLS)}
    index = project({**files, **{f"{name}.py": text for name, text in others.items()}})
    reasons = [reason for _, reason in unsure_files(index.module_at("m.py"), index)]
    return reasons[-1] if reasons else ""


@pytest.mark.parametrize("body", WORK.values(), ids=WORK)
def test_what_an_import_may_start_is_said(body):
    assert unsure(body).startswith("m.py:")


@pytest.mark.parametrize("body", QUIET.values(), ids=QUIET)
def test_definitions_are_quiet(body):
    assert unsure(body) == ""


IMPORTS = {
    "import": "import start",
    "from": "from start import x",
    "from a package": "from pkg import x",
    "a module of a package": "import pkg.sub",
    "a relative one": "from .start import x",
    "behind another statement": "x = 1; import start",
    "two in a row": "import sys; import start",
    "a branch": "if sys.argv:\n    import start",
    "a try": "try:\n    import start\nexcept ImportError:\n    pass",
    "a class body": "class D:\n    import start",
    "two steps away": "import between",
    "everything": "from between import *",
}


@pytest.mark.parametrize("body", IMPORTS.values(), ids=IMPORTS)
def test_what_an_import_leads_to_counts(body):
    others = {"start": "import os\nos.mkdir('runs')\nx = 1", "between": "import start"}
    others |= {"pkg/__init__": "from start import x", "pkg/sub": ""}
    assert unsure(body, **others) == "start.py:2 runs os.mkdir"


@pytest.mark.parametrize(
    "body",
    [
        "if typing.TYPE_CHECKING:\n    import start",
        "def f():\n    import start",
        "if __name__ == '__main__':\n    import start",
    ],
)
def test_an_import_that_does_not_run_does_not_count(body):
    assert unsure(body, start="import os\nos.mkdir('runs')") == ""


def test_an_import_that_leads_to_too_many_files_is_not_known():
    chain = {f"m{number}": f"import m{number + 1}" for number in range(250)}
    assert "leads to more than 200 files" in unsure("import m0", **chain)


def with_state(folder, monkeypatch, at_end):
    """A project whose checkpoint names a class of a file that ends so."""
    monkeypatch.chdir(folder)
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = ">=2.6"\n')
    (folder / "train.py").write_text(
        "import os\nimport subprocess\n\n\nclass State:\n    pass\n\n\n"
        f"def main():\n    os.mkdir('runs')\n\n\n{at_end}\n"
    )
    state = forge.new(forge.name("train", "State")) + b"}b"
    (folder / "s.pt").write_bytes(forge.archive(forge.program(state)))


@pytest.mark.parametrize(("body", "is_safe"), [("main()", False), ("LOG = []", True)])
def test_a_fix_that_starts_work_is_not_safe(body, is_safe, tmp_path, monkeypatch):
    with_state(tmp_path, monkeypatch, body)
    (tmp_path / "use.py").write_text(
        'import torch\n\nstate = torch.load("s.pt", weights_only=True)\n'
    )
    CliRunner().invoke(root, ["check", "--fix", "."])
    assert ("safe_globals([State])" in (tmp_path / "use.py").read_text()) is is_safe
    CliRunner().invoke(root, ["check", "--fix", "--unsafe-fixes", "."])
    assert "safe_globals([State])" in (tmp_path / "use.py").read_text()


@pytest.mark.parametrize(("above", "is_safe"), [("", False), ("import train\n", True)])
def test_work_that_the_class_leads_to(above, is_safe, tmp_path, monkeypatch):
    with_state(tmp_path, monkeypatch, "main()")
    (tmp_path / "state.py").write_text("import train\n\n\nclass State:\n    pass\n")
    state = forge.new(forge.name("state", "State")) + b"}b"
    (tmp_path / "s.pt").write_bytes(forge.archive(forge.program(state)))
    (tmp_path / "use.py").write_text(
        f'{above}import torch\n\nstate = torch.load("s.pt", weights_only=True)\n'
    )
    said = CliRunner().invoke(root, ["check", "--output-format", "json", "."]).output
    assert ("train.py:13 runs main" in said) is not is_safe
    CliRunner().invoke(root, ["check", "--fix", "."])
    assert ("safe_globals([State])" in (tmp_path / "use.py").read_text()) is is_safe


IN_A_BRANCH = {
    "a branch": "import sys\n\nif sys.platform == 'win32':\n    from train import State\n",
    "a try": "try:\n    import missing, train\nexcept ImportError:\n    pass\n",
    "an except": "try:\n    import os\nexcept ImportError:\n    import train\n",
    "a function": "def later():\n    import train\n",
}


@pytest.mark.parametrize("imports", IN_A_BRANCH.values(), ids=IN_A_BRANCH)
@pytest.mark.parametrize("at_end", ["subprocess.run(['a'])", "main()"])
def test_an_import_that_may_be_passed_over_is_none(at_end, imports, tmp_path, monkeypatch):
    with_state(tmp_path, monkeypatch, at_end)
    text = f'{imports}\nimport torch\n\nstate = torch.load("s.pt", weights_only=True)\n'
    (tmp_path / "use.py").write_text(text)
    CliRunner().invoke(root, ["check", "--fix", "."])
    assert (tmp_path / "use.py").read_text() == text
    (tmp_path / "use.py").write_text(f"import train\n{text}")
    CliRunner().invoke(root, ["check", "--fix", "."])
    assert "safe_globals([" in (tmp_path / "use.py").read_text()
