"""Verdicts and fixes for every torch that a project may run on."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from checkpoint import bare_files
from cli_samples import codes

PROJECT = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['torch{}']\n"
BARE = "import torch\n\nprint(torch.load('args.pt')['args'].lr)\n"
RESTRICTED = "import torch\n\nprint(torch.load('args.pt', weights_only=True))\n"


@pytest.fixture
def checkpoint(folder):
    import torch

    torch.save({"args": argparse.Namespace(lr=3)}, folder / "args.pt")
    return folder


def runs(folder):
    return subprocess.run(
        [sys.executable, "a.py"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.torch
def test_what_fails_on_a_newer_torch_is_said_and_mended_for_all(cli, write, checkpoint):
    write({"a.py": BARE, "pyproject.toml": PROJECT.format(">=1.8")})
    assert "UnpicklingError" in runs(checkpoint).stderr
    told = cli(".").stdout
    assert "nothing at this call allows: it fails on torch 2.6 and newer" in told
    assert "on torch before 2.6 it runs whatever code the file holds" in told
    assert codes(cli(".")) == ["103"]
    cli("--fix", ".")
    assert runs(checkpoint).stdout == "3\n"
    text = (checkpoint / "a.py").read_text()
    assert "nullcontext as safe_globals" in text
    assert "weights_only" not in text
    assert codes(cli(".")) == ["102"]


@pytest.mark.torch
@pytest.mark.parametrize("bound", ["<2.6", "==2.3.1", ">=2.1,<2.5"])
def test_on_old_releases_alone_nothing_fails_and_nothing_is_changed(cli, write, checkpoint, bound):
    write({"a.py": BARE, "pyproject.toml": PROJECT.format(bound)})
    assert codes(cli("--fix", ".")) == ["102"]
    assert (checkpoint / "a.py").read_text() == BARE


@pytest.mark.torch
@pytest.mark.parametrize("bound", [">=2.1", ">=2.4", ">=2.4,<2.9"])
def test_no_round_of_fixes_restricts_where_the_block_does_nothing(cli, write, checkpoint, bound):
    write({"a.py": BARE, "pyproject.toml": PROJECT.format(bound)})
    for _ in range(2):
        cli("--fix", "--unsafe-fixes", ".")
    text = (checkpoint / "a.py").read_text()
    assert "nullcontext as safe_globals" in text
    assert "weights_only" not in text


@pytest.mark.torch
def test_the_strict_form_is_asked_for_by_the_configuration(cli, write, checkpoint):
    write({"a.py": BARE, "pyproject.toml": PROJECT.format(">=1.8")})
    cli("--fix", "--target-torch", ">=2.6", ".")
    text = (checkpoint / "a.py").read_text()
    assert "weights_only=True" in text
    assert "nullcontext" not in text
    assert runs(checkpoint).stdout == "3\n"


@pytest.mark.torch
def test_the_shim_of_another_file_is_used(cli, write, checkpoint):
    shim = (
        "import torch\n\ntry:\n    from torch.serialization import safe_globals\n"
        "except ImportError:\n    from contextlib import nullcontext as safe_globals\n"
    )
    write({"a.py": BARE, "compat.py": shim, "pyproject.toml": PROJECT.format(">=2.0")})
    cli("--fix", ".")
    text = (checkpoint / "a.py").read_text()
    assert "from compat import safe_globals" in text
    assert text.count("with safe_globals(") == 1
    assert runs(checkpoint).stdout == "3\n"


@pytest.mark.parametrize(
    ("head", "test"),
    [
        ("from compat import TORCH_24", "TORCH_24"),
        ("def is_new():\n    return torch.__version__ >= '2.4'\n", "is_new()"),
        ("import os", "not torch.__version__.startswith('1.')"),
    ],
)
def test_what_chooses_the_keyword_is_taken_for_a_test_of_the_version(
    cli, write, folder, head, test
):
    source = (
        f"import torch\n{head}\n\n\ndef f(p):\n    if {test}:\n"
        "        return torch.load(p, weights_only=True)\n    return torch.load(p)\n"
    )
    write({"a.py": source})
    cli("--fix", "--unsafe-fixes", ".")
    assert (folder / "a.py").read_text() == source


@pytest.mark.torch
def test_what_fails_on_an_older_torch_alone_is_said(cli, write, folder):
    import torch

    torch.save({"kinds": {1, 2}}, folder / "args.pt")  # a set: allowed since 2.6
    write({"a.py": RESTRICTED, "pyproject.toml": PROJECT.format(">=2.5")})
    assert (
        "cannot be loaded weights-only on torch before 2.6: it needs builtins.set"
        in cli(".").stdout
    )
    write({"pyproject.toml": PROJECT.format(">=2.10")})
    assert codes(cli(".")) == []


@pytest.mark.torch
def test_names_are_those_of_python_3(cli, folder):
    import torch

    torch.save({"kinds": {1, 2}}, folder / "set.pt")
    told = cli("inspect", "--target-torch", "==2.1.*", "set.pt").stdout
    assert "ok  set [vetted]" in told
    assert "__builtin__" not in told
    assert "weights_only=False" not in told


@pytest.mark.torch
@pytest.mark.parametrize(
    "command",
    [["inspect", "args.pt"], ["loads", "."], ["."], ["--diff", "."], ["--explain-load", "a.py:3"],
     ["verify", "."], ["--output-format", "json", "."]],
)  # fmt: skip
def test_answers_say_which_torch_they_are_for(cli, write, checkpoint, command):
    del checkpoint

    def note():
        lines = cli(*command).stderr.splitlines()
        (said,) = (line for line in lines if "the answers are for" in line)
        return said

    write({"a.py": BARE, "pyproject.toml": PROJECT.format(">=2.1")})
    assert "for torch 2.1 to 2.15 (pyproject.toml:4 says torch>=2.1); " in note()
    assert "--target-torch" in note()
    write({"pyproject.toml": "[project]\nname = 'x'\n"})
    assert "for torch 2.15 (the newest known; nothing states a version); --target" in note()
    write({"torchload-lint.toml": "target-torch = '>=2.6,<2.9'\n"})
    assert note().endswith("for torch 2.6 to 2.8 (configured)")


def test_where_nothing_is_loaded_no_torch_is_named(cli, write):
    write({"a.py": "print('no load here')\n"})
    assert "torch" not in cli(".").stderr


def test_each_project_of_a_run_has_its_own_range(cli, write):
    own = {
        f"{name}/pyproject.toml": PROJECT.format(bound) + "[tool.torchload-lint]\n"
        for name, bound in (("old", "<2.6"), ("new", ">=2.7"))
    }
    write({"old/a.py": BARE, "new/a.py": BARE} | own)
    told = cli(".").stderr
    assert "torch 0.4 to 2.5 (pyproject.toml:4 says torch<2.6)" in told
    assert "torch 2.7 to 2.15 (pyproject.toml:4 says torch>=2.7)" in told


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_what_torch_allowed_once_is_no_danger(cli, write, folder):
    import torch

    torch.save(torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), folder / "args.pt")
    write({"a.py": RESTRICTED})
    assert codes(cli(".")) == ["103"]


def test_the_newest_torch_is_that_of_the_tables(cli, folder):
    data = bare_files.archive(b"\x80\x02ctorch._utils\n_rebuild_nested_tensor\n.")
    (folder / "nested.pt").write_bytes(data)
    assert "It needs" not in cli("inspect", "--target-torch", "==2.14.*", "nested.pt").stdout
    assert "ok  torch._utils._rebuild_nested_tensor" in cli("inspect", "nested.pt").stdout


@pytest.mark.torch
def test_what_an_older_numpy_does_not_have_is_not_written_without_asking(cli, write, folder):
    import numpy as np
    import torch

    torch.save({"best": np.float64(1)}, folder / "args.pt")
    before = "import torch\n\nprint(torch.load('args.pt'))\n"
    write({"a.py": before, "pyproject.toml": PROJECT.format(">=1.8")})
    told = cli("-v", ".").stdout
    assert "TLL103" in told
    assert "an older release may lack numpy._core.multiarray.scalar" in told
    cli("--fix", ".")
    assert (folder / "a.py").read_text() == before
    cli("--fix", "--unsafe-fixes", ".")
    assert "nullcontext" in (folder / "a.py").read_text()
    assert runs(folder).returncode == 0


def test_many_loads_of_one_requirement_are_one_matter(cli, write):
    loads = "".join(f"def load{one}(path):\n    return torch.load(path)\n\n\n" for one in range(6))
    write({"a.py": f"import torch\n\n\n{loads}", "pyproject.toml": PROJECT.format(">=1.8")})
    first, rest = cli(".").stdout.splitlines()[:2]
    assert first.startswith("a.py:5:12: TLL102 ")
    assert first.endswith("no argument helps before 1.13: require 2.6 or newer")
    assert "the same at 5 other places, since pyproject.toml:4 says torch>=1.8: a.py:9:12" in rest
    assert cli("--output-format", "json-lines", ".").stdout.count('"code": "TLL102"') == 6
    write({"pyproject.toml": PROJECT.format(">=1.13")})
    assert "no argument helps" not in cli(".").stdout
    write({"pyproject.toml": PROJECT.format("==1.8")})
    first, rest = cli(".").stdout.splitlines()[:2]
    assert "pyproject.toml:4 says torch==1.8, and torch 1.8 has no `weights_only`" in first
    assert rest.startswith("    the same at 5 other places: a.py:9:12")
    write({"pyproject.toml": PROJECT.format("==2.4.1")})
    first, rest = cli(".").stdout.splitlines()[:2]
    assert first.endswith("runs whatever code the file holds on torch 2.4")
    assert "the same at 5 other places, since pyproject.toml:4 says torch==2.4.1: a.py:9:12" in rest


@pytest.mark.usefixtures("checkpoint")
def test_a_load_whose_needs_are_known_stands_by_itself(cli, write):
    loads = "".join(f"def load{one}(path):\n    return torch.load(path)\n\n\n" for one in range(6))
    text = f"import torch\n\n\n{loads}print(torch.load('args.pt')['args'].lr)\n"
    write({"a.py": text, "pyproject.toml": PROJECT.format(">=1.8")})
    lines = [line for line in cli(".").stdout.splitlines() if line.startswith("a.py:28:")]
    assert len(lines) == 1
    assert "argparse.Namespace" in lines[0]


def test_a_torch_without_the_keyword_is_the_requirements_matter(cli, write):
    write({"a.py": BARE, "requirements.txt": "torch==1.4.0\n"})
    (line,) = (one for one in cli().stdout.splitlines() if "TLL102" in one)
    assert "requirements.txt:1 says torch==1.4.0, and torch 1.4 has no `weights_only`" in line
    assert "allow torch 2.6 or newer, where True is its default, or 1.13 or newer and" in line
    assert "requirements" not in cli("--target-torch", "<1.13").stdout


@pytest.mark.parametrize(
    ("source", "required", "said"),
    [
        (BARE, ">=2.1", "absent: the load is unsafe on torch 2.1 to 2.5, restricted on newer ones"),
        (BARE, ">=2.5", "absent: the load is unsafe on torch 2.5, restricted on newer ones"),
        (BARE, ">=2.6", "absent: the load is restricted"),
        (BARE, "<2.6", "absent: the load is unsafe"),
        (RESTRICTED, ">=2.1", "true: the load is restricted"),
    ],
)
def test_what_a_load_does_is_said_for_older_torch_too(cli, write, source, required, said):
    write({"a.py": source, "pyproject.toml": PROJECT.format(required)})
    lines = cli("--explain-load", "a.py:3").stdout.splitlines()
    assert [line.strip() for line in lines if "the load is" in line] == [said]
