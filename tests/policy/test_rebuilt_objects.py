"""Objects as the first protocols of pickle write them: ``_reconstructor(Net, object, None)``, which
calls ``__new__`` and ``__init__`` of whatever class stands in the place of ``object``.
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

VERSION = """class Version:
    def __new__(cls, value=None):
        if isinstance(value, cls): return value
        return super().__new__(cls)
    def __init__(self, value=None): self.value = value

class Other: pass
"""
PROGRAM = "import torch\nfrom victim import Other\nmodel = torch.load('net.pt')\n"
ITSELF = forge.name("victim", "Version")


@pytest.mark.parametrize(
    "names", [("copyreg", "builtins"), ("copy_reg", "__builtin__")], ids=["now", "Python 2"]
)
def test_the_function_is_held_to_its_arguments(names, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "victim.py").write_text(VERSION)
    (tmp_path / "app.py").write_text(PROGRAM)
    function, base = forge.name(names[0], "_reconstructor"), forge.name(names[1], "object")
    made = forge.call(function, forge.name("victim", "Other"), base, b"N") + b"}b"
    good = forge.array(made, forge.call(ITSELF, forge.number(1)))
    hostile = forge.call(function, base, ITSELF, forge.name("torch", "Tensor"))
    ends = []
    for program in (good, hostile):
        (tmp_path / "net.pt").write_bytes(forge.archive(forge.program(program)))
        if program is good:
            torchload_lint.check(tmp_path, options=Options(fix=True, unsafe=True, write=True))
            fixed = (tmp_path / "app.py").read_text()
            assert "only_with(_reconstructor, (Other, object, None))" in fixed
            (tmp_path / "app.py").write_text(f"{fixed}\nprint(type(model[0]).__name__)\n")
        command = [sys.executable, "-W", "ignore", "app.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        ends.append((done.stdout, "may not call copyreg._reconstructor" in done.stderr))
    assert ends == [("Other\n", False), ("", True)]
    loose = "import copyreg, torch, victim\nwith torch.serialization.safe_globals(["
    loose += "copyreg._reconstructor, object, victim.Version]):\n    "
    loose += "torch.load('net.pt', weights_only=True)\nprint(hasattr(torch.Tensor, 'value'))\n"
    done = subprocess.run(
        [sys.executable, "-c", loose], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n"  # what the function itself would do


def test_no_other_base_is_held(tmp_path):
    (tmp_path / "victim.py").write_text(f"{VERSION}\nclass Kept(dict): pass\n")
    rebuild = forge.name("copyreg", "_reconstructor")
    made = forge.call(rebuild, forge.name("victim", "Kept"), forge.name("builtins", "dict"), b"}")
    (tmp_path / "net.pt").write_bytes(forge.archive(forge.program(made)))
    found = torchload_lint.inspect(tmp_path / "net.pt")
    names = [str(one.name) for one in found.report.safe_globals]
    judged = dict(zip(names, found.judgements, strict=True))
    assert not judged["copyreg._reconstructor"].allowed
