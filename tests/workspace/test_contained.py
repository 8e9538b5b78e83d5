"""Whatever one load, one rule, one file or one checkpoint does, the others are reported."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from running import write
from torchload_lint import api
from torchload_lint.checkpoint import inspection
from torchload_lint.cli.group import root as main
from torchload_lint.rules import RULES, assessing
from torchload_lint.rules.loads import weights_only_disabled
from torchload_lint.workspace import Options
from torchload_lint.workspace.on_disk.checkpoints import DiskCheckpoints

TWO_LOADS = """
    import torch

    torch.load("bad.pt", weights_only=False)
    torch.load("other.pt", weights_only=False)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a.py": TWO_LOADS, "b.py": TWO_LOADS, "bad.pt": "", "other.pt": ""})
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, [*arguments, "."])


def failing(monkeypatch, holder, name, *, fails):
    """Let a function of the tool fail where ``fails`` says so of its arguments."""
    before = getattr(holder, name)

    def function(*given, **named):
        if fails(*given):
            raise KeyError("what nobody thought of")
        return before(*given, **named)

    monkeypatch.setattr(holder, name, function)


@pytest.mark.usefixtures("folder")
def test_a_load_that_cannot_be_followed_is_unknown(monkeypatch):
    failing(monkeypatch, DiskCheckpoints, "inspect", fails=lambda _, path, *__: path == "bad.pt")
    result = run("--jobs", "1")
    assert result.exit_code == 2
    reported = [line.split(": ")[0] for line in result.stdout.splitlines() if ": TLL101" in line]
    assert reported == ["a.py:3:1", "a.py:4:1", "b.py:3:1", "b.py:4:1"]
    assert "error: a.py:3: this load counts as unknown" in result.stderr
    assert "KeyError: 'what nobody thought of'" in result.stderr
    assert "Traceback" not in result.stderr
    assert "not matched" in result.stdout


@pytest.mark.usefixtures("folder")
def test_the_traceback_is_for_those_who_ask(monkeypatch):
    failing(monkeypatch, DiskCheckpoints, "inspect", fails=lambda _, path, *__: path == "bad.pt")
    assert "Traceback (most recent call last)" in run("-v", "--jobs", "1").stderr


@pytest.mark.usefixtures("folder")
def test_such_a_load_is_listed_with_the_reason(monkeypatch):
    failing(monkeypatch, DiskCheckpoints, "inspect", fails=lambda _, path, *__: path == "bad.pt")
    result = run("loads")
    assert result.exit_code == 2
    assert "a.py:3: this load counts as unknown" in result.stderr
    assert "2 without any, 4 with unknown needs" in result.stdout
    shown = CliRunner().invoke(main, ["--explain-load", "a.py:3"]).stdout
    assert "following it failed (KeyError)" in shown
    assert result.stdout.count("other.pt") == 2


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [(), ("--exit-zero",), ("loads",)])
def test_a_checkpoint_that_this_tool_fails_on_is_no_finding(monkeypatch, command):
    Path("models.py").write_text("class Net:\n    pass\n")
    with zipfile.ZipFile("bad.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cmodels\nNet\n)\x81.")
        archive.writestr("archive/version", b"3\n")
    failing(monkeypatch, assessing, "find_class", fails=lambda *_: True)
    result = run(*command, *(() if command == ("loads",) else ("-v", "--jobs", "1")))
    assert result.exit_code == 2
    assert "a.py:3: bad.pt: torchload-lint failed on this file: KeyError" in result.stderr
    assert ("Traceback (most recent call last)" in result.stderr) == (command != ("loads",))
    assert "bad.pt cannot be read" not in result.stdout


@pytest.mark.usefixtures("folder")
def test_inspect_tells_where_it_fails_itself(monkeypatch):
    failing(monkeypatch, inspection, "_inspect", fails=lambda _, path, *__: "bad" in path)
    result = CliRunner().invoke(main, ["inspect", "bad.pt", "other.pt"])
    assert result.exit_code == 2
    assert "error: bad.pt: torchload-lint failed on this file: KeyError" in result.stderr
    assert "Traceback (most recent call last)" in result.stderr
    assert "other.pt" in result.stdout


def test_a_rule_that_fails_costs_its_own_findings(folder, monkeypatch):
    def check(situation, context):
        if situation.load.span.start.row == 3:
            raise RecursionError
        yield from weights_only_disabled.RULE.check_load(situation, context)

    rules = tuple(
        rule._replace(check_load=check) if rule.code == "TLL101" else rule for rule in RULES
    )
    monkeypatch.setattr("torchload_lint.linter.RULES", rules)
    outcome = api.check([folder], options=Options(jobs=1))
    found = [(one.code, one.span.start.row) for file in outcome.results for one in file.diagnostics]
    assert found.count(("TLL101", 4)) == 2
    assert ("TLL101", 3) not in found
    messages = [crash.message for _, crash in outcome.crashes]
    assert [message[:35] for message in messages] == ["TLL101 could not judge this load: R"] * 2


FAILING = """
import sys
from torchload_lint.workspace import one_file
check = one_file.check_document
def fail(path, *given, **named):
    if path.name == "a.py":
        raise KeyError("what nobody thought of")
    return check(path, *given, **named)
one_file.check_document = fail
sys.argv = ["torchload-lint", "--jobs", sys.argv[1]]
from torchload_lint.__main__ import main
main()
"""
"""A process of its own: where other threads run, workers are new processes, which fail nowhere."""


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_a_file_that_fails_costs_itself(folder, jobs):
    command = [sys.executable, "-c", FAILING, jobs]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "error: a.py: this file could not be checked: KeyError" in result.stderr
    assert "b.py:3:1" in result.stdout
    assert "All checks passed" not in result.stdout


def test_all_checks_have_not_passed_where_one_file_failed(folder):
    for path in folder.glob("*.py"):
        path.unlink()
    write(folder, {"a.py": "import torch\ntorch.load(p, weights_only=True)\n", "b.py": "x = 1\n"})
    command = [sys.executable, "-c", FAILING, "1"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stdout == "No findings in what could be checked.\n"


def test_standard_input_that_fails_is_told_and_given_back(folder):
    failing = FAILING.replace('sys.argv = ["torchload-lint", "--jobs", sys.argv[1]]', USES_INPUT)
    text = "import torch\ntorch.load(p, weights_only=False)\n"
    command = [sys.executable, "-c", failing]
    result = subprocess.run(
        command, cwd=folder, input=text, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "error: a.py: this file could not be checked: KeyError" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == text


USES_INPUT = 'sys.argv = ["torchload-lint", "--fix", "--stdin-filename", "a.py", "-"]'
BAD_LINES = ["zip", "hex", "undefined", "rot13", "no-such-codec", "idna", "base64"]


@pytest.mark.parametrize("codec", BAD_LINES)
@pytest.mark.parametrize("loads", [True, False], ids=["loads", "searched"])
def test_coding_lines_that_name_no_text(folder, codec, loads):
    text = f"# coding: {codec}\n" + ("import torch\ntorch.load('bad.pt')\n" if loads else "x = 1\n")
    (folder / "c.py").write_text(text + "def setup(path, resume): ...\n")
    write(folder, {"d.py": "import torch\ndef setup(path):\n    torch.load(path)\n"})
    result = run()
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert "a.py:3:1: TLL101" in result.stdout
    assert ("c.py" in result.stdout) == loads
    assert "fault of torchload-lint" not in result.stderr


HOSTILE = {
    "half a surrogate pair": 'torch.load("\\ud800.pt")',
    "half a pair in a folder": 'torch.load("\\udfff/" + "x.pt", weights_only=False)',
    "half a pair in an allowlist": 'torch.serialization.add_safe_globals([(int, "\\ud800.X")])',
    "half a pair in a pattern": 'torch.load(f"\\ud800{x}*.pt", weights_only=False)',
    "NUL": 'torch.load("a\\0b.pt", weights_only=False)',
    "deep brackets": f"torch.load({'[' * 2000}{']' * 2000})",
    "deep brackets that are not closed": "torch.load(" + "(" * 5000,
    "deep signs": f"torch.load({'-' * 3000}1, weights_only=False)",
    "deep choices": f"torch.load({'a if b else ' * 900}c, weights_only=False)",
    "deep attributes": f"torch.load(a{'.b' * 3000}, weights_only=False)",
    "long sum": f"torch.load({'a + ' * 3000}b, weights_only=False)",
    "wide width": 'torch.load("%1000000000d" % 3, weights_only=False)',
    "a file name of a mile": f"torch.load('{'x' * 100000}.pt', weights_only=False)",
}


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lines_leave_the_others(folder, code):
    (folder / "c.py").write_text(f"import torch\n{code}\n")
    for command in (["-v"], ["--output-format", "json"], ["loads"], ["--fix"]):
        result = run(*command)
        assert result.exception is None or isinstance(result.exception, SystemExit), command
        assert "a.py" in result.stdout
        assert "fault of torchload-lint" not in result.stderr


STORES = {
    "a list where a text belongs": {"version": 1, "loads": [{"file": ["a.py"], "row": 3}]},
    "a text where a number belongs": {"version": 1, "loads": [{"file": "a.py", "row": "3"}]},
    "no list": {"version": 1, "loads": 3},
    "other things": [1, 2],
}


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_a_recording_that_is_none_is_named(folder, store):
    write(folder, {".torchload-lint/loads.json": json.dumps(store)})
    result = run()
    assert result.exit_code in {1, 2}
    assert "fault of torchload-lint" not in result.stderr
    assert "a.py:3:1" in result.stdout or "loads.json" in result.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [(), ("loads",)])
def test_a_load_of_a_thousand_dots_is_unknown_and_no_fault(command):
    Path("a.py").write_text(f"import torch\n\nx = torch.load(y{'.parent' * 1500})\n")
    result = run(*command)
    assert result.exit_code == (1 if command == () else 0)
    assert "fault" not in result.stderr
    shown = CliRunner().invoke(main, ["--explain-load", "a.py:3"])
    assert "following it leads too deep" in shown.stdout
