"""``--union``: one allowlist for many files, who needs what, and what is new."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

import torch

from checkpoint.cases import forge
from torchload_lint.cli.group import root
from torchload_lint.helper_module import helper_text

pytestmark = pytest.mark.torch

LIB = """
    class Conf:
        def __init__(self):
            self.a = 1

    class Det:
        def __init__(self, text):
            self.x = eval(text)
"""
LOAD = """
    import glob
    import torch

    for file in glob.glob("w/*.pt"):
        torch.load(file, weights_only=True)
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "lib.py").write_text(dedent(LIB))
    (tmp_path / "run.py").write_text(dedent(LOAD))
    (tmp_path / "w").mkdir()
    made = """if True:
        import argparse, torch
        from lib import Conf, Det
        torch.save({"a": argparse.Namespace(x=1)}, "w/a.pt")
        torch.save({"c": Conf()}, "w/b.pt")
        torch.save({"c": Conf(), "d": Det("1")}, "w/c.pt")
        torch.save({}, "w/e.pt")
    """
    subprocess.run([sys.executable, "-c", made], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return CliRunner().invoke(root, words)


def entries(result):
    return {one["name"]: one for one in json.loads(result.stdout)[0]["entries"]}


def test_it_covers_every_file_and_torch_agrees(files):
    result = run("inspect", "--union", "w")
    assert result.exit_code == 0, result.output
    assert "4 files: 4 covered by 3 entries" in result.stdout
    assert "lib.Conf [first-party]\n      needed by w/b.pt, w/c.pt" in result.stdout
    block = dedent(result.stdout.partition("To load any:\n")[2])
    assert "restore_only(lib.Det)," in block
    (files / "restore_only.py").write_text(helper_text())
    names = sorted(one.name for one in (files / "w").iterdir())
    program = "".join(f'path = "w/{name}"\n{block}\nprint(loaded.keys())\n' for name in names)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.stdout.count(b"dict_keys") == len(names), done.stderr


def test_a_file_that_is_not_covered_is_named(files):
    hostile = forge.call(forge.name("os", "system"), forge.text("id"))
    (files / "w/d.pt").write_bytes(forge.archive(forge.program(hostile)))
    result = run("inspect", "--union", "w")
    assert result.exit_code == 1
    assert "5 files: 4 covered by 3 entries, 1 not" in result.stdout
    assert "file 4: DANGEROUS" in result.stdout
    assert "    4  w/d.pt\n" in result.stdout


def test_a_class_that_one_file_restores_and_another_calls_is_refused(files):
    calls = forge.call(forge.name("lib", "Det"), forge.text("1"))
    (files / "w/f.pt").write_bytes(forge.archive(forge.program(calls)))
    result = run("inspect", "--union", "--output-format", "json", "w")
    assert result.exit_code == 1
    assert entries(result)["lib.Det"]["entry"] is None
    missed = [one["path"] for one in json.loads(result.stdout)[0]["not_covered"]]
    assert missed == ["w/c.pt", "w/f.pt"]


def test_what_is_new_and_what_is_gone(files):
    stored = run("inspect", "--union", "--output-format", "json", "w/a.pt", "w/e.pt")
    (files / "stored.json").write_text(stored.stdout)
    same = run("inspect", "--union", "--since", "stored.json", "w/a.pt")
    assert same.exit_code == 0
    assert "new" not in same.stdout
    other = run("inspect", "--union", "--since", "stored.json", "w/b.pt")
    assert other.exit_code == 1
    assert "lib.Conf [first-party, new]" in other.stdout
    assert "No longer needed:\n    argparse.Namespace" in other.stdout
    data = run("inspect", "--union", "--since", "stored.json", "-h")
    assert "--since" in data.output


@pytest.mark.parametrize("text", ["x", "[1]", "{}", '[{"load": 1}]', "[" * 100_000])
def test_a_stored_list_that_is_none(files, text):
    (files / "stored.json").write_text(text)
    result = run("inspect", "--union", "--since", "stored.json", "w")
    assert result.exit_code == 2
    assert "stored.json" in result.stderr


def test_the_allowlist_of_each_load(files):
    result = run("loads", "--union", "run.py")
    assert result.exit_code == 0
    assert "run.py:6: 4 files: 4 covered by 3 entries" in result.stdout
    stored = run("loads", "--union", "--output-format", "json", "run.py")
    (files / "stored.json").write_text(stored.stdout)
    assert run("loads", "--union", "--since", "stored.json", "run.py").exit_code == 0
    torch.save({"x": KeyError("a")}, "w/g.pt")
    assert run("loads", "--union", "--since", "stored.json", "run.py").exit_code == 1


@pytest.mark.parametrize("form", ["text", "json"])
def test_it_is_written_to_a_file_and_read_back(files, form):
    shown = run("inspect", "--union", "--output-format", form, "w/a.pt", "w/e.pt")
    result = run("inspect", "--union", "--output-format", form, "-o", "kept", "w/a.pt", "w/e.pt")
    assert result.stdout == ""
    assert (files / "kept").read_text() == shown.stdout
    if form == "json":
        again = run("inspect", "--union", "--since", "kept", "-o", "told", "w/a.pt")
        assert again.exit_code == shown.exit_code == 0
        assert run("inspect", "--union", "--since", "kept", "w/b.pt").exit_code == 1


def test_a_list_for_no_files_is_a_list(files):
    (files / "nothing").mkdir()
    result = run("inspect", "--union", "--output-format", "json", "nothing")
    assert json.loads(result.stdout) == []


CALLED = """
    def run_me(x):
        open(x, "w").write("")
"""


def test_a_file_that_is_not_covered_has_no_say(files):
    """Neither in what is imported, nor in the calls that an entry allows."""
    (files / "scripts").mkdir()
    (files / "scripts" / "wipe.py").write_text(dedent(CALLED))
    made = """if True:
        import functools, torch
        from scripts.wipe import run_me
        torch.save({"f": functools.partial(torch.nn.GELU)}, "w/good.pt")
        torch.save({"f": functools.partial(run_me)}, "w/strange.pt")
    """
    subprocess.run([sys.executable, "-c", made], cwd=files, check=True)
    result = run("inspect", "--union", "w/good.pt", "w/strange.pt")
    assert "2 files: 1 covered by 2 entries, 1 not" in result.output
    assert "only_with(functools.partial, (torch.nn.GELU,))," in result.output
    assert "import scripts" not in result.output
    assert "run_me" not in result.output.partition("To load")[2]
    written = run("inspect", "--union", "--output-format", "json", "w/good.pt", "w/strange.pt")
    given = {one["entry"] for one in entries(written).values() if one["entry"]}
    assert given == {"only_with(functools.partial, (torch.nn.GELU,))", "torch.nn.GELU"}
