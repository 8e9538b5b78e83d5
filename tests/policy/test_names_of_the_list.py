"""The names in a list that a fix writes: whatever the program gives their names, they stand for the
class that was judged. Real torch loads a file that calls the other class.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.workspace.one_file import Options

pytestmark = pytest.mark.torch

CLASSES = """import os

class Net:
    pass

class Other:
    def __init__(self, path): os.mkdir(path)
"""
OWN = {
    "globals": "import victim\nglobals()['Net'] = victim.Other",
    "globals of a function": "import victim\ndef f(n, c): globals()[n] = c\nf('Net', victim.Other)",
    "vars": "import victim\nvars()['Net'] = victim.Other",
    "locals": "import victim\nlocals().update(Net=victim.Other)",
    "sys.modules": "import sys, victim\nsetattr(sys.modules[__name__], 'Net', victim.Other)",
    "__main__": "import __main__, victim\n__main__.Net = victim.Other",
    "a star import": "try:\n    from other import *\nexcept ImportError:\n    pass",
}
OUTSIDE = {
    "given globals": ("other.put(globals())", "def put(names): names['Net'] = victim.Other"),
    "__main__": ("", "import __main__\n__main__.Net = victim.Other"),
    "setattr": ("", "import __main__\nsetattr(__main__, 'Net', victim.Other)"),
    "sys.modules": ("", "import sys\nsys.modules['__main__'].Net = victim.Other"),
    "two imports": ("", "import sys, __main__ as app\nsetattr(app, 'Net', victim.Other)"),
    "modules": ("", "from sys import modules as m\nm['__main__'].Net = victim.Other"),
    "import_module": (
        "",
        "from importlib import import_module as find\nfind('__main__').Net = victim.Other",
    ),
    "__import__": ("", "setattr(__import__('__main__'), 'Net', victim.Other)"),
}


def run(folder, body, other):
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (folder / "victim.py").write_text(CLASSES)
    (folder / "other.py").write_text(other)
    program = f"import torch\nfrom victim import Net\n{body}\nmodel = torch.load('net.pt')\n"
    (folder / "app.py").write_text(program)
    checkpoint = folder / "net.pt"
    good = forge.new(forge.name("victim", "Net")) + b"}b"
    hostile = forge.call(forge.name("victim", "Other"), forge.text("ran"))
    checkpoint.write_bytes(forge.archive(forge.program(good)))
    torchload_lint.check(folder, options=Options(fix=True, write=True, unsafe=True))
    assert "safe_globals([" in (folder / "app.py").read_text()
    ends = []
    for one in (good, hostile):
        checkpoint.write_bytes(forge.archive(forge.program(one)))
        done = subprocess.run(
            [sys.executable, "app.py"], cwd=folder, capture_output=True, text=True, check=False
        )
        ends.append((done.returncode, "UnpicklingError" in done.stderr))
    assert ends == [(0, False), (1, True)]
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("body", OWN.values(), ids=OWN)
def test_a_file_gives_the_name_another_meaning(body, tmp_path):
    run(tmp_path, body, "from victim import Other as Net\n")


@pytest.mark.parametrize(("call", "other"), OUTSIDE.values(), ids=OUTSIDE)
def test_another_file_does(call, other, tmp_path):
    run(tmp_path, f"import other\n{call}", f"import victim\n{other}\n")


def test_what_binds_no_other_name_is_written_as_it_is(tmp_path):
    run(tmp_path, "from torch.nn import *", "")
    assert "safe_globals([Net])" in (tmp_path / "app.py").read_text()
