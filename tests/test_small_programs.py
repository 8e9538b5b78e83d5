"""Is what a load reads known? Small programs, with torch as the judge."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import runpy
import sys
import textwrap
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from click.testing import CliRunner

import small_programs as samples
from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]
LOAD = """
    import torch
    def f():
        return torch.load("out/model_state.pt", weights_only=True)
    """
CYCLE = """
    import os
    import pickle
    import torch
    PROTOCOL = 4
    def prepare(folder):
        path = os.path.join(folder, "data_processed")
        if os.path.exists(path):
            return torch.load(path)
        graphs = {"n": [1, 2, 3]}
        torch.save(graphs, path, ARGUMENTS)
        return graphs
    print(prepare("."))
    """


def each(programs: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("program", programs.values(), ids=list(programs))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    import torch

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "requirements.txt").write_text("torch>=2.10\n")
    torch.save({"a": argparse.Namespace(x=1)}, "ckpt.pt")
    torch.save(torch.nn.Linear(2, 1).state_dict(), "x.pt")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) in map(str, tmp_path.rglob("*.py")):
            del sys.modules[name]


def write(folder: Path, program: str) -> None:
    for part in f"\n{textwrap.dedent(program).strip()}".split("\n# ")[1:]:
        name, _, text = part.partition("\n")
        (folder / name).write_text(text + "\n")


def run(folder: Path) -> str:
    """What ``main.py`` prints; every run imports the program's files anew."""
    for name in [path.stem for path in folder.glob("*.py")]:
        sys.modules.pop(name, None)
    printed = io.StringIO()
    given = patch.object(sys, "argv", ["main.py", "given"])  # not those of the tests themselves
    with contextlib.redirect_stdout(printed), given:
        runpy.run_path("main.py", run_name="__main__")
    return printed.getvalue()


def lint(*arguments: str) -> str:
    result = CliRunner().invoke(root, list(arguments))
    assert result.exit_code in {0, 1}, result.output
    return result.stdout


def codes(*arguments: str) -> set[str]:
    return {found["code"] for found in json.loads(lint("--output-format", "json", *arguments, "."))}


def needs() -> list[str]:
    (load,) = json.loads(lint("loads", "--output-format", "json", "."))
    return [need["name"] for need in load["needs"]]


def sources(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.py")}


@each(samples.FIXED)
def test_a_failing_program_runs_after_the_fix(program: str, folder: Path) -> None:
    write(folder, program)
    with pytest.raises(Exception, match=r"Weights only load failed|Can not safely load"):
        run(folder)
    lint("--fix", "--unsafe-fixes", ".")
    assert run(folder).strip() == "1", sources(folder)


@pytest.mark.parametrize("listed", samples.LISTED)
def test_a_search_for_files_reads_what_it_finds(listed: str, folder: Path) -> None:
    (folder / "runs").mkdir()
    (folder / "ckpt.pt").rename(folder / "runs" / "a.ckpt")
    write(folder, samples.OF_LISTED.replace("LISTED", listed))
    with pytest.raises(Exception, match="Weights only load failed"):
        run(folder)
    assert needs() == ["argparse.Namespace"]


@pytest.mark.parametrize("opened", samples.FAR_AWAY)
def test_a_file_at_an_address_is_where_the_configuration_says(opened: str, folder: Path) -> None:
    imports, _, expression = opened.partition("; ")
    (folder / "load.py").write_text(f"import io\nimport torch\n{imports}\ntorch.load({expression})")
    assert needs() == []
    for named in samples.FAR_AWAY[opened]:
        text = f'[checkpoints]\n"{named}" = {{ path = "ckpt.pt" }}\n'
        (folder / "torchload-lint.toml").write_text(text)
        assert needs() == ["argparse.Namespace"]


@pytest.mark.parametrize("named", ["runs", "runs/", "./runs", "runs/*", "runs/a[1]", "run?/a*"])
def test_the_files_that_an_entry_names_are_read(named: str, folder: Path) -> None:
    (folder / "runs").mkdir()
    (folder / "ckpt.pt").rename(folder / "runs" / "a[1]")
    (folder / "load.py").write_text("import torch\ndef f(path):\n    return torch.load(path)\n")
    entry = f'[loads]\n"load:f" = {{ checkpoints = ["{named}"] }}\n'
    (folder / "torchload-lint.toml").write_text(entry)
    assert needs() == ["argparse.Namespace"]


WRONG = {
    '"wieghts/x.pt" = ["argparse.Namespace"]': (
        '"wieghts/x.pt" fits no path that a load reads (did you mean "weights/x.pt"?)'
    ),
    '"*/y.pt" = ["argparse.Namespace"]': '"*/y.pt" fits no path',
    '"weights/x.pt" = { path = "gone.pt" }': '"weights/x.pt" leads to gone.pt, which is not there',
    '"weights/x.pt" = { path = "x.pt" }': "",
    '"weights/*.pt" = ["argparse.Namespace"]': "",
    '"runs/*/last.pt" = ["argparse.Namespace"]': "",
    '"runs/one/last.pt" = ["argparse.Namespace"]': "",
    '"s3://bucket/m.pt" = ["argparse.Namespace"]': "",
}


@pytest.mark.parametrize("entry", WRONG)
def test_an_entry_for_a_path_that_nothing_reads_is_told(entry: str, folder: Path) -> None:
    (folder / "load.py").write_text(
        "import torch\ndef f(name):\n    torch.load('weights/x.pt', weights_only=True)\n"
        "    torch.load(f'runs/{name}/last.pt', weights_only=True)\n"
        "    return torch.load('s3://bucket/m.pt', weights_only=True)\n"
    )
    (folder / "torchload-lint.toml").write_text(f"[checkpoints]\n{entry}\n")
    said = CliRunner().invoke(root, ["."]).stderr
    assert WRONG[entry] in said
    assert bool(WRONG[entry]) == ("checkpoints: " in said)


@each(samples.SAID)
def test_a_load_that_may_be_restricted_and_then_fails_gets_a_block(
    program: str, folder: Path
) -> None:
    write(folder, program)
    given = sources(folder)["main.py"].count("weights_only=")
    with pytest.raises(Exception, match="Weights only load failed"):
        run(folder)
    found = json.loads(lint("--output-format", "json", "."))
    assert [one["code"] for one in found if one["severity"] != "info"] in (["TLL103"], ["TLL105"])
    assert "argparse.Namespace, which nothing" in found[0]["message"]
    lint("--fix", "--unsafe-fixes", ".")
    fixed = sources(folder)
    assert run(folder).startswith("1")
    assert codes() <= {"TLL105"}
    lint("--fix", "--unsafe-fixes", ".")
    assert sources(folder) == fixed
    assert fixed["main.py"].count("weights_only=") == given


@each(samples.KEPT)
def test_a_program_does_the_same_after_the_fix(program: str, folder: Path) -> None:
    write(folder, program)
    before = run(folder)
    lint("--fix", "--unsafe-fixes", ".")
    assert run(folder) == before
    assert "weights_only=True" in sources(folder)["main.py"]
    assert codes() <= {"TLL203"}


@each(samples.LEFT_ALONE)
def test_a_program_is_not_changed(program: str, folder: Path) -> None:
    write(folder, program)
    before, text = run(folder), sources(folder)
    lint("--fix", "--unsafe-fixes", ".")
    assert sources(folder) == text
    assert run(folder) == before


@each(samples.OWN_STATE)
def test_a_safe_fix_takes_no_state_that_is_saved_in_an_own_class_for_tensors(
    program: str, folder: Path
) -> None:
    write(folder, program)
    lint("--fix", ".")
    assert run(folder) == "restored\n"
    assert "weights_only=False" in sources(folder)["main.py"]


@each(samples.NEEDED)
def test_what_is_saved_says_what_is_needed(program: str, folder: Path) -> None:
    write(folder, program)
    (folder / "load.py").write_text(textwrap.dedent(LOAD))
    assert needs() == ["argparse.Namespace"]


@each(samples.SAME_OPTION)
def test_the_writer_under_one_unknown_path(program: str, folder: Path) -> None:
    write(folder, program)
    assert needs() == ["argparse.Namespace"]


@each(samples.OTHER_OPTION)
def test_no_writer_where_the_paths_may_differ(program: str, folder: Path) -> None:
    write(folder, program)
    assert needs() == []


def write_cycle(folder: Path, arguments: str) -> None:
    (folder / "main.py").write_text(textwrap.dedent(CYCLE).replace("ARGUMENTS", arguments))


@each(samples.REFUSED)
def test_a_protocol_that_does_not_load_is_told_at_the_load(program: str, folder: Path) -> None:
    write_cycle(folder, program)
    run(folder)
    with pytest.raises(Exception, match="Weights only load failed"):
        run(folder)
    (folder / "data_processed").unlink()
    assert "TLL104" in codes("--unsafe-fixes")
    (load,) = json.loads(lint("loads", "--output-format", "json", "."))
    assert load["evidence"] == "none"


@each(samples.LOADABLE)
def test_a_protocol_that_loads_is_not_told(program: str, folder: Path) -> None:
    write_cycle(folder, program)
    run(folder)
    assert run(folder) == "{'n': [1, 2, 3]}\n"
    (folder / "data_processed").unlink()
    assert not codes("--unsafe-fixes") & {"TLL104", "TLL402"}


@pytest.mark.parametrize("path", ['"~/w.pt"', 'os.path.expanduser("~/w.pt")'])
def test_a_tilde_is_the_home_folder_only_where_code_expands_it(
    path: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder / "home"))
    for place, kept in (("home", "ckpt.pt"), ("~", "x.pt")):
        (folder / place).mkdir()
        (folder / kept).rename(folder / place / "w.pt")
    program = "import os, torch\nprint(list(torch.load(PATH, weights_only=False)))\n"
    (folder / "main.py").write_text(program.replace("PATH", path))
    is_home = "['a']" in run(folder)
    (load,) = json.loads(lint("loads", "--output-format", "json", "."))
    assert [need["name"] for need in load["needs"]] == ["argparse.Namespace"] * is_home
    assert load["counted_as"] == "files"
