"""What a key of ``[loads]`` names: programs run before and after ``--fix``, with real torch."""

from __future__ import annotations

import os
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from running import run_script, run_text, write
from torchload_lint.cli.group import root as main
from torchload_lint.config import parse_toml

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="programs are run in forks"),
]

SAVES = """
    import argparse, torch
    from words import Vocab
    torch.save({"a": argparse.Namespace(x=1)}, "a.pt")
    torch.save(Vocab(), "b.pt")
"""
WORDS = "class Vocab:\n    size = 3\n"
RUN = """
    import sys
    import torch
    def run():
        return torch.load(sys.argv[1], weights_only=False)
    print(type(run()).__name__)
"""
TWO = """
    import sys
    import torch
    def run():
        one = torch.load({0}, weights_only=False)
        two = torch.load({1}, weights_only=False)
        print(type(one).__name__, type(two).__name__)
    run()
"""


class Case(NamedTuple):
    """A project, the entries, and the runs that have to go on as before."""

    files: dict[str, str]
    loads: str
    runs: tuple[tuple[str, ...], ...]
    fixed: tuple[str, ...]
    """The files that are restricted in the end."""
    said: str = ""


BOTH = {"a/main.py": RUN, "b/main.py": RUN}
OF_BOTH = (("a/main.py", "a.pt"), ("b/main.py", "b.pt"))
CASES = {
    "two files of one name": Case(
        BOTH, '"main:run" = { checkpoints = ["a.pt"] }', OF_BOTH, (), "a/main.py and b/main.py"
    ),
    "the file is named": Case(
        BOTH, '"a/main.py:run" = { checkpoints = ["a.pt"] }', OF_BOTH, ("a/main.py",)
    ),
    "each file is named": Case(
        BOTH,
        '"a/main.py:run" = { checkpoints = ["a.pt"] }\n'
        '"b/main.py:run" = { checkpoints = ["b.pt"] }',
        OF_BOTH,
        ("a/main.py", "b/main.py"),
    ),
    "only one of them loads there": Case(
        {"a/main.py": RUN, "b/main.py": "print(1)\n"},
        '"main:run" = { checkpoints = ["a.pt"] }',
        (("a/main.py", "a.pt"),),
        ("a/main.py",),
    ),
    "a folder is named": Case(
        BOTH, '"a/*:run" = { checkpoints = ["a.pt"] }', OF_BOTH, ("a/main.py",)
    ),
    "the code says the other file": Case(
        {"app.py": TWO.format("'a.pt'", "sys.argv[1]")},
        '"app:run" = { checkpoints = ["b.pt"] }',
        (("app.py", "b.pt"),),
        ("app.py",),
    ),
    "the code says the file": Case(
        {"app.py": TWO.format("'a.pt'", "'b.pt'")},
        '"app:*" = { checkpoints = ["b.pt"] }',
        (("app.py",),),
        ("app.py",),
        "the code says itself",
    ),
    "the code says one of two files": Case(
        {"app.py": RUN.replace("sys.argv[1]", "sys.argv[1] if sys.argv[1:] else 'a.pt'")},
        '"app:run" = { checkpoints = ["b.pt"] }',
        (("app.py",), ("app.py", "b.pt")),
        ("app.py",),
    ),
    "two functions of one name": Case(
        {
            "app.py": RUN
            + RUN.replace("import sys", "import sys as s").replace("sys.argv", "s.argv")
        },
        '"app:run" = { checkpoints = ["a.pt"] }',
        (("app.py", "a.pt"),),
        (),
        "app:run#1 and app:run#2",
    ),
    "two unknown files in one function": Case(
        {"app.py": TWO.format("sys.argv[1]", "sys.argv[2]")},
        '"app:run" = { checkpoints = ["b.pt"] }',
        (("app.py", "a.pt", "b.pt"),),
        (),
        "app:run#1 and app:run#2",
    ),
    "one of the two": Case(
        {"app.py": TWO.format("sys.argv[1]", "sys.argv[2]")},
        '"app:run#2" = { checkpoints = ["b.pt"] }\n"app.py:run#1" = { checkpoints = ["a.pt"] }',
        (("app.py", "a.pt", "b.pt"),),
        ("app.py",),
    ),
    "one file read twice": Case(
        {"app.py": TWO.format("sys.argv[1]", "sys.argv[1]")},
        '"app:run" = { checkpoints = ["b.pt"] }',
        (("app.py", "b.pt"),),
        ("app.py",),
    ),
    "the path expressions": Case(
        {"app.py": TWO.format("sys.argv[1]", "sys.argv[2]")},
        '"sys.argv[1]" = { checkpoints = ["a.pt"] }\n"sys.argv[ 2 ]" = { checkpoints = ["b.pt"] }',
        (("app.py", "a.pt", "b.pt"),),
        ("app.py",),
    ),
    "a misspelt function": Case(
        {"app.py": RUN},
        '"app:rnu" = { checkpoints = ["b.pt"] }',
        (("app.py", "a.pt"),),
        (),
        'did you mean "app:run"',
    ),
    "a misspelt module": Case(
        {"app.py": RUN},
        '"apt:run" = { checkpoints = ["b.pt"] }',
        (("app.py", "a.pt"),),
        (),
        'did you mean "app:run"',
    ),
    "a number that there is not": Case(
        {"app.py": RUN}, '"app:run#3" = { checkpoints = ["b.pt"] }', (("app.py", "a.pt"),), (), "#3"
    ),
    "a pattern for all": Case(
        {"app.py": RUN}, '"*:run" = { checkpoints = ["a.pt"] }', (("app.py", "a.pt"),), ("app.py",)
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_programs_go_on_as_before(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    config = f"[loads]\n{case.loads}\n"
    write(tmp_path, {**case.files, "words.py": WORDS, "torchload-lint.toml": config})
    assert run_text(tmp_path, SAVES).error == ""
    before = [run_script(tmp_path, *one, path=["."]) for one in case.runs]
    assert {one.error for one in before} == {""}
    result = CliRunner().invoke(main, ["--fix", "."])
    assert [run_script(tmp_path, *one, path=["."]) for one in case.runs] == before
    restricted = {p for p in case.files if "weights_only=True" in (tmp_path / p).read_text()}
    assert restricted == set(case.fixed)
    assert case.said in result.stderr
    assert bool(case.said) == ("warning:" in result.stderr)


FILES = {
    "no file": ("torchload-lint.toml", ""),
    "inline table": ("pyproject.toml", "[tool.torchload-lint]\nloads = {}\n"),
    "inline table with entries": (
        "pyproject.toml",
        '[tool.torchload-lint]\nloads = { "x}:y" = { checkpoints = ["a}.pt"] } }  # mine\n',
    ),
    "inline table in an inline table": (
        "pyproject.toml",
        '[tool]\ntorchload-lint = { src = ["."], loads = {} }\n',
    ),
    "dotted keys": ("torchload-lint.toml", 'loads."x:y".checkpoints = ["q.pt"]\n'),
    "a table for each": ("torchload-lint.toml", '[loads."x:y"]\ncheckpoints = ["q.pt"]\n'),
    "a header with spaces": ("torchload-lint.toml", '[ "loads" ]\n"x:y" = {}\n[renames]\n'),
}


@pytest.mark.parametrize(("name", "text"), FILES.values(), ids=FILES)
def test_entries_are_written_into_any_file(name, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a.py": TWO.format("sys.argv[1]", "sys.argv[2]"), **BOTH, name: text})
    result = CliRunner().invoke(main, ["loads", "--write-config", "."])
    assert result.exit_code == 0, result.output
    written = parse_toml((tmp_path / name).read_text())
    expected = parse_toml(text)
    for document in (written, expected):
        holder = document["tool"]["torchload-lint"] if name == "pyproject.toml" else document
        loads = holder.setdefault("loads", {})
        for key in ("a:run#1", "a:run#2", "a/main.py:run", "b/main.py:run"):
            loads[key] = {"checkpoints": []} if document is expected else loads[key]
    assert written == expected


def test_an_address_can_lie_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = """
        import torch
        torch.hub.load_state_dict_from_url("https://example.org/a.pt", weights_only=True)
    """
    config = '[checkpoints]\n"https://example.org/a.pt" = { path = "a.pt" }\n'
    write(tmp_path, {"app.py": program, "words.py": WORDS, "torchload-lint.toml": config})
    assert run_text(tmp_path, SAVES).error == ""
    result = CliRunner().invoke(main, ["."])
    assert "needs argparse.Namespace" in result.stdout


RENAMES = {
    "no such module": ("newnet.New", "there is no module newnet"),
    "no such class": ("net.Nwe", "net.py has no Nwe"),
    "right": ("net.New", ""),
}


@pytest.mark.parametrize(("new", "said"), RENAMES.values(), ids=RENAMES)
def test_renames_that_lead_nowhere(new, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {"net.py": "class New: ...\n", "torchload-lint.toml": f'[renames]\n"old.Old" = "{new}"\n'},
    )
    stderr = CliRunner().invoke(main, ["."]).stderr
    assert said in stderr
    assert bool(said) == (new in stderr)
