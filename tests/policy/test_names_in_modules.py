"""A class whose name stands for another one once its module is imported: what is written last, what
a module answers for itself, and what the program changes of imports.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, SETS, loaded, project
from torchload_lint.names import GlobalName
from torchload_lint.policy import judge

pytestmark = pytest.mark.torch

PLAIN = "class Net:\n    def __init__(self, x='1'): self.x = x\n"
OTHER = """class Other:
    __module__, __qualname__ = 'victim', 'Net'
    def __init__(self, x='1'): eval(x)
"""
ANSWER = f"{OTHER}def __getattr__(name): return Other\n"
NAMED = {
    "default of a lambda": "f = lambda y=(Net := Other): y\n",
    "default by keyword": "f = 1 and (lambda *, y=(Net := Other): y)\n",
    "annotation": "x: (Net := Other) = 1\n",
    "annotation alone": "x: (Net := Other)\n",
    "annotation of a parameter": "def f(a: (Net := Other)): pass\n",
    "annotation of a result": "def f() -> (Net := Other): pass\n",
    "target": "d = {}\nfor d[(Net := Other)] in [1]: pass\n",
    "target of with": (
        "import contextlib\nd = {}\nwith contextlib.nullcontext() as d[(Net := Other)]: pass\n"
    ),
    "annotated target": "d = {}\nd[(Net := Other)]: int = 1\n",
    "exception": "try: 1 / 0\nexcept [ValueError, (Net := Other), ArithmeticError][2]: pass\n",
}
ANSWERED = {
    "except as": f"{PLAIN}try: 1 / 0\nexcept ArithmeticError as Net: pass\n",
    "branch": "import sys\nif not sys.argv:\n    class Net: pass\n",
}
SOURCES = {
    **{how: f"{OTHER}{PLAIN}{text}" for how, text in NAMED.items()},
    **{how: f"{ANSWER}{text}" for how, text in ANSWERED.items()},
}
RUN = forge.call(NET, forge.text("__import__('os').mkdir('ran')"))


def stands_as_itself(folder):
    """The same where a call of what may be anything makes the whole file dangerous."""
    found = torchload_lint.inspect(folder / "net.pt")
    judged = zip(found.report.safe_globals, found.judgements, strict=True)
    return any(
        str(need.name) == "victim.Net" and one.allowed and not one.restores for need, one in judged
    )


def written(folder, source, **files):
    project(folder, "", "pass", forge.call(NET), **files)
    (folder / "victim.py").write_text(source)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_another_class_is_called(source, tmp_path):
    written(tmp_path, source)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, RUN)
    assert (tmp_path / "ran").is_dir()


LOAD = """
import torch
import victim

with torch.serialization.safe_globals([victim.Net]):
    torch.load("hostile.pt", weights_only=True)
"""
FINDER = """
import importlib.util, pathlib, sys

class Finder:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == "victim":
            return importlib.util.spec_from_file_location(name, "other_victim.txt", loader=Loader())

class Loader(importlib.abc.Loader):
    def exec_module(self, module):
        exec(pathlib.Path("other_victim.txt").read_text(), vars(module))

sys.meta_path.insert(0, Finder)
"""
IMPORTS = {
    "finder": FINDER.replace("importlib.util,", "importlib.abc, importlib.util,"),
    "by getattr": "import sys, other_class\ngetattr(sys, 'modules')['victim'] = other_class\n",
    "by vars": "import sys, other_class\nvars(sys)['modules']['victim'] = other_class\n",
    "by __dict__": "import sys, other_class\nsys.__dict__['modules']['victim'] = other_class\n",
}


@pytest.mark.parametrize("other", IMPORTS.values(), ids=IMPORTS)
def test_the_program_changes_what_is_imported(other, tmp_path):
    bad = OTHER.replace("Other", "Net")
    written(tmp_path, PLAIN, first=other, other_class=bad)
    (tmp_path / "other_victim.txt").write_text(bad)
    assert not stands_as_itself(tmp_path)
    hostile = LOAD.replace("import victim", "import first, victim")
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(RUN)))
    subprocess.run([sys.executable, "-c", hostile], cwd=tmp_path, check=False, capture_output=True)
    assert (tmp_path / "ran").is_dir()


HARMLESS = {
    "a class behind a __getattr__": f"{ANSWER}{PLAIN}",
    "a name in a lambda": f"{PLAIN}f = lambda: (Net := 1)\n",
    "another annotation": f"{PLAIN}x: (y := int) = 1\n",
}


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS)
def test_the_class_is_what_it_seems(source, tmp_path):
    written(tmp_path, source, other="import sys\nprint(sys.path, getattr(print, 'x', 1))\n")
    assert stands_as_itself(tmp_path)
    loaded(tmp_path, RUN)
    assert not (tmp_path / "ran").exists()


def test_a_class_that_raises_what_the_file_gives_it(tmp_path):
    ends = forge.call(forge.name("exceptions", "SystemExit"), b"K\x07")
    good = forge.new(NET) + forge.mapping({"x": ends}) + b"b"
    project(tmp_path, "", f"{SETS}raise s['x']")
    assert stands_as_itself(tmp_path)
    assert not judge(GlobalName("builtins", "SystemExit"), None).allowed
    assert not judge(GlobalName("exceptions", "KeyboardInterrupt"), None).allowed
    entries = "victim.Net, (SystemExit, 'exceptions.SystemExit')"
    assert loaded(tmp_path, good, entries).returncode == 7
