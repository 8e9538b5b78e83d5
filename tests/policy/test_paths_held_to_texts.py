"""A path on a list is held to texts: a state that a file sets in one would end Python where torch
says what it may not call, or where anything else asks for the path's text.
"""

from __future__ import annotations

import io
import pathlib
import struct
import subprocess
import sys

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from policy.test_unchecked_tensors import INDICES, sparse, tensor
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.cli.group import root

pytestmark = pytest.mark.torch

PATH = forge.name("pathlib", "PosixPath")
TORN = {"_drv": tensor("0", "FloatStorage", 1), "_root": sparse(size=1), "_parts": b"]"}
STATE = forge.pair(b"N", forge.mapping(TORN))
FILLED = forge.call(PATH) + STATE + b"b"
REBUILT = forge.call(
    forge.name("torch._tensor", "_rebuild_from_type_v2"),
    PATH, PATH, b")", forge.pair(b"N", forge.mapping(TORN)),
)  # fmt: skip
HOSTILE = {
    "called": FILLED + b")R",
    "made anew": FILLED + b")\x81",
    "a text of it": forge.call(forge.name("builtins", "str"), FILLED),
    "filled by torch": REBUILT + b")R",
    "made without a call": PATH + b")\x81" + STATE + b"b" + b")R",
    "of what is no text": forge.call(PATH, b"]"),
}
LOAD = """import torch

value = torch.load("p.pt", weights_only={})
print(value)
"""


def run(folder):
    command = [sys.executable, "-W", "ignore", "run.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "run.py").write_text(LOAD.format("False"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_honest_file_loads_and_no_hostile_one_ends_python(project):
    value = {"root": pathlib.PosixPath("/data/x"), "here": pathlib.PurePosixPath("."), "of": str}
    torch.save(value, "p.pt")
    before = run(project).stdout
    CliRunner().invoke(root, ["check", "--fix", "."])
    fixed = (project / "run.py").read_text()
    assert "only_with(PosixPath, (str, ...))" in fixed
    assert run(project).stdout == before != ""
    for name, program in HOSTILE.items():
        members = (("data/0", struct.pack("<2f", 1, 1)), ("data/1", INDICES))
        (project / "p.pt").write_bytes(forge.archive(forge.program(program), members=members))
        done = run(project)
        assert (done.returncode, done.stdout) == (1, ""), (name, done)


def test_without_the_entry_it_ends(project):
    """What the test above rests on."""
    load = LOAD.format("True").replace("value =", "with torch.serialization.safe_globals([P]): v =")
    text = f"from pathlib import PosixPath as P\n{load}".replace("print(value)", "")
    (project / "run.py").write_text(text)
    members = (("data/0", struct.pack("<2f", 1, 1)), ("data/1", INDICES))
    (project / "p.pt").write_bytes(forge.archive(forge.program(FILLED + b")R"), members=members))
    assert run(project).returncode < 0


@pytest.mark.parametrize("older", ["2.5", "2.6"])
def test_torchs_own_list_stays_where_no_entry_can_be_limited(older, project):
    text = f'[tool.torchload-lint]\ntarget-torch = ">={older},<2.14"\n'
    (project / "pyproject.toml").write_text(text)
    torch.save(pathlib.PosixPath("/data/x"), "p.pt")
    CliRunner().invoke(root, ["check", "--fix", "."])
    fixed = (project / "run.py").read_text()
    assert ("only_with(" in fixed) is (older == "2.6")
    assert "PosixPath" in fixed


@pytest.mark.usefixtures("project")
def test_a_kept_class_stays_a_class():
    """The function that stands for it in a file would be another value."""
    torch.save([pathlib.PosixPath("/data/x"), pathlib.PosixPath], "p.pt")
    (judgement,) = torchload_lint.inspect("p.pt").judgements
    assert judgement.allowed
    assert not judgement.by_texts


def test_a_path_with_another_name_in_the_file(project):
    """As Python 3.13 saves it, for a program on 3.11."""
    program = forge.call(forge.name("pathlib._local", "PosixPath"), forge.text("a"))
    (project / "p.pt").write_bytes(forge.archive(forge.program(program)))
    CliRunner().invoke(root, ["check", "--fix", "."])
    assert '(str, ...), name="pathlib._local.PosixPath")' in (project / "run.py").read_text()
    assert run(project).stdout == "a\n"
    assert "All checks passed" in CliRunner().invoke(root, ["check", "."]).output


def test_texts_are_named_once():
    out = io.BytesIO()
    torch.save([pathlib.PosixPath("a"), pathlib.PosixPath("b/c")], out)
    (needed,) = inspect_bytes(out.getvalue(), "p.pt").safe_globals
    assert [call.text() for call in needed.held] == ["(str, ...)"]
