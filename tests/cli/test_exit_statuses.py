"""0 nothing to report, 1 something reported, 2 the tool could not do its work."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from cli_samples import FIXED, IMPLICIT, UNDECIDED, UNSAFE, WHOLE_MODULE, codes


@pytest.mark.parametrize(
    ("files", "args", "status"),
    [
        ({"a.py": FIXED}, [], 0),
        ({"a.py": UNSAFE}, [], 1),
        ({"a.py": UNSAFE}, ["--exit-zero"], 0),
        ({"a.py": WHOLE_MODULE}, [], 0),
        ({"a.py": WHOLE_MODULE}, ["--error-on", "info"], 1),
        ({"a.py": UNSAFE}, ["--error-on", "error"], 1),
        ({"a.py": UNDECIDED}, [], 1),
        ({"a.py": UNDECIDED}, ["--error-on", "error"], 0),
        ({"a.py": UNDECIDED}, ["--min-severity", "error"], 0),
        ({"a.py": UNDECIDED, "torchload-lint.toml": 'error-on = "error"'}, [], 0),
        ({"a.py": UNDECIDED}, ["--error-on", "fatal"], 2),
        ({"a.py": UNDECIDED, "torchload-lint.toml": 'min-severity = "bad"'}, [], 2),
        ({"a.py": FIXED, "model.pt": "anything"}, ["model.pt"], 2),
        ({"a.py": IMPLICIT}, ["--fix"], 0),
        ({"a.py": IMPLICIT}, ["--fix", "--exit-non-zero-on-fix"], 1),
        ({"a.py": FIXED}, ["--fix", "--exit-non-zero-on-fix"], 0),
        ({"a.py": UNSAFE}, ["--fix"], 1),
        ({"a.py": UNSAFE}, ["--fix-only"], 0),
        ({"a.py": IMPLICIT}, ["--fix-only", "--exit-non-zero-on-fix"], 1),
        ({"a.py": IMPLICIT}, ["--diff"], 1),
        ({"a.py": IMPLICIT}, ["--diff", "--exit-zero"], 0),
        ({"a.py": UNSAFE}, ["--diff"], 0),
        ({"a.py": UNSAFE}, ["--select", "TLL103"], 0),
        ({"a.py": "torch.load(\n"}, [], 1),
        ({}, [], 0),
        ({"a.py": FIXED}, ["gone.py"], 2),
        ({"a.py": FIXED}, ["a.py", "gone.py"], 2),
        ({"a.py": FIXED}, ["gone.py", "--exit-zero"], 2),
        ({"a.py": FIXED}, ["--no-such-option"], 2),
        ({"a.py": FIXED}, ["--select", "TLL999"], 2),
        ({"a.py": FIXED}, ["--per-file-ignores", "a.py"], 2),
        ({"a.py": FIXED}, ["--target-torch", "new"], 2),
        ({"a.py": FIXED}, ["--output-format", "pdf"], 2),
        ({"a.py": FIXED}, ["--config", "gone.toml"], 2),
        ({"a.py": FIXED}, ["--isolated", "--config", "pyproject.toml"], 2),
        ({"a.py": FIXED, "torchload-lint.toml": "selct = []"}, [], 2),
        ({"a.py": FIXED, "torchload-lint.toml": "select = 1"}, [], 2),
        ({"a.py": FIXED, "torchload-lint.toml": "select = ["}, [], 2),
        ({"a.py": UNSAFE}, ["--output-file", "gone/report.txt"], 2),
        ({"a.py": UNSAFE}, ["--update-baseline"], 2),
        ({"a.py": UNSAFE}, ["--add-noqa", "--diff"], 2),
        ({"a.py": UNSAFE}, ["--add-noqa", "-"], 2),
        ({"a.py": UNSAFE}, ["-", "a.py"], 2),
        ({"a.py": UNSAFE}, ["--baseline", "known.json", "--update-baseline"], 0),
    ],
)
def test_the_status(cli, write, files, args, status):
    write(files)
    result = cli(*args)
    assert result.exit_code == status, result.output


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("selct = []", "unknown key 'selct' (did you mean 'select'?)"),
        ("select = 1", "select must be a list of strings, not an integer"),
        ('select = ["weights-only-disable"]', "did you mean 'weights-only-disabled'?"),
        ('output-format = "pdf"', "output-format must be one of concise"),
        ("zzz = true", "known keys: baseline"),
        ('[loads]\n"a:b" = { checkpoint = [] }', "unknown key 'checkpoint'"),
    ],
)
def test_a_wrong_configuration_is_named_with_the_way_out(cli, write, config, said):
    write({"a.py": UNSAFE, "torchload-lint.toml": config})
    result = cli()
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "torchload-lint.toml" in result.stderr
    assert said in result.stderr


def test_a_wrong_option_suggests_the_right_one(cli):
    assert "'--select'" in cli("--selct", "TLL101").stderr
    assert "did you mean 'TLL101'?" in cli("--select", "TLL1011").stderr
    assert "--per-file-ignores must be GLOB:CODES" in cli("--per-file-ignores", "x").stderr


def test_a_missing_path_does_not_pass_the_checks(cli, write):
    result = cli("gone.py")
    assert result.stderr == "error: gone.py: no such file or folder\n"
    assert "passed" not in result.output
    write({"a.py": UNSAFE})
    both = cli("gone.py", "a.py")
    assert "101" in codes(both)
    assert both.exit_code == 2


def test_nothing_to_look_at_is_said(cli):
    result = cli()
    assert result.exit_code == 0
    assert "no Python files or notebooks under ." in result.stderr


def test_a_file_that_cannot_be_written_is_an_error(cli, write, folder, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("torchload_lint.workspace.session.write_atomically", refuse)
    write({"a.py": IMPLICIT})
    result = cli("--fix")
    assert result.exit_code == 2
    assert "a.py: could not be written" in result.stderr
    assert "102" in codes(result)
    assert (folder / "a.py").read_text() == IMPLICIT


def test_contradictions_are_refused(cli, write, folder):
    write({"a.py": UNSAFE})
    assert "exclude each other" in cli("--add-noqa", "--diff").stderr
    assert "exclude each other" in cli("--update-baseline", "--baseline", "b", "--diff").stderr
    assert (folder / "a.py").read_text() == UNSAFE
    assert not (folder / "b").exists()


@pytest.mark.parametrize("form", ["concise", "full", "grouped", "json", "github", "sarif"])
def test_what_is_less_severe_is_left_out_of_every_format(cli, write, form):
    write({"a.py": UNDECIDED + UNSAFE, "b.py": WHOLE_MODULE})
    report = cli("--output-format", form, "--min-severity", "error", "--ignore", "TLL502").stdout
    found = report.partition('"results"')[2] if form == "sarif" else report
    assert "TLL101" in found
    assert "TLL105" not in found
    assert "TLL401" not in found


def test_the_severity_of_what_is_no_error_is_named(cli, write):
    write({"a.py": UNDECIDED + UNSAFE + WHOLE_MODULE})
    report = cli("--ignore", "TLL502").stdout
    assert ": TLL101 `torch.load` with" in report
    assert ": TLL105 [warning] " in report
    assert ": TLL401 [info] " in report
    assert "Found 1 error, 1 warning, 1 note." in report


def test_a_checkpoint_that_is_given_as_source_is_named_with_the_command_that_reads_it(cli, write):
    write({"model.pt": "anything", "a.py": UNSAFE})
    result = cli("model.pt", "a.py")
    assert "error: model.pt: a checkpoint, not Python source" in result.stderr
    assert "torchload-lint inspect model.pt" in result.stderr
    assert codes(result) == ["101", "502"]


@pytest.mark.parametrize("command", [[], ["check"], ["loads"], ["verify"]])
@pytest.mark.parametrize("name", ["model.pt", "latest"])
def test_each_command_for_sources_says_what_a_checkpoint_is(cli, write, command, name, tmp_path):
    write({"a.py": FIXED})
    (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(40))
    result = cli(*command, name)
    assert result.exit_code == 2
    assert f"{name}: a checkpoint, not Python source" in result.stderr


def test_a_checkpoint_on_standard_input_is_named(cli):
    report = cli("-", stdin=b"PK\x03\x04" + bytes(40)).output
    assert "it is a checkpoint, not Python source; `torchload-lint inspect` reads it" in report


@pytest.mark.parametrize(
    "command", [[], ["check"], ["loads"], ["verify"], ["migrate"], ["inspect"]]
)
@pytest.mark.parametrize("address", ["s3://bucket/m.pt", "https://example.org//a/m.pt?x=1&y=2"])
def test_an_address_is_told_as_it_was_given(cli, command, address):
    result = cli(*command, address)
    assert result.exit_code == 2
    assert address in result.output


def test_patterns_of_files_reach_over_no_folder_too(cli, write):
    write({
        "src/gen.py": UNSAFE, "src/a/gen.py": UNSAFE, "gen.py": UNSAFE,
        "torchload-lint.toml": 'per-file-ignores = { "src/**/gen.py" = ["TLL"] }',
    })  # fmt: skip
    report = cli().stdout
    assert "src/" not in report
    assert "\ngen.py" in f"\n{report}"


def test_an_exclamation_mark_means_all_other_files(cli, write):
    write({
        "src/a.py": UNSAFE, "tools/b.py": UNSAFE,
        "torchload-lint.toml": 'per-file-ignores = { "!src/**" = ["TLL"] }',
    })  # fmt: skip
    report = cli().stdout
    assert "src/a.py" in report
    assert "tools/" not in report


def test_a_save_of_whatever_it_is_given_fails_nowhere(cli, write):
    write({
        "tools.py": "import torch\n\ndef keep(*args, **more):\n    torch.save(*args, **more)\n",
        "main.py": (
            "import torch\nfrom tools import keep\n\ndef go(model, path):\n"
            "    found = torch.load(path, weights_only=False)\n"
            "    model.load_state_dict(found['model'])\n"
            "    keep({'model': model.state_dict()}, path)\n"
        ),
    })  # fmt: skip
    done = cli(".")
    assert (done.exit_code, "main.py:5:13: TLL101" in done.stdout) == (1, True)


def test_a_mapping_that_another_file_changes_is_not_exact(cli, write):
    write({
        "a.py": (
            "import torch\n\nurls = {'r1': 'a.pt', 'r2': 'b.pt'}\n\n\n"
            "def f(n):\n    return torch.load(urls['r{}'.format(n)])\n"
        ),
        "b.py": "from a import urls\n\nurls['r1'] = urls['r1'].replace('a', 'c')\n",
    })  # fmt: skip
    (load,) = json.loads(cli("loads", "--output-format", "json").stdout)
    assert {(each["path"], each["exact"]) for each in load["paths"]} == {
        ("a.pt", False),
        ("b.pt", False),
    }


def test_a_diff_without_changes_says_so(cli, write):
    write({"a.py": UNSAFE})
    assert cli("--diff").stderr.startswith("No fix would be applied; left: 1 error, 1 warning.\n")
    write({"a.py": FIXED})
    assert cli("--diff").stderr.startswith("No findings in what could be checked.\n")


@pytest.mark.parametrize("command", ["check", "loads", "verify"])
def test_an_empty_path_is_not_the_current_folder(cli, folder, write, command):
    write({"a.py": IMPLICIT})
    done = cli(command, *(["--fix"] if command == "check" else []), "")
    assert done.exit_code == 2
    assert "a path is empty" in done.stderr
    assert (folder / "a.py").read_text() == IMPLICIT


BROKEN = """
import sys
from torchload_lint import __main__
from torchload_lint.cli import hints

hints.at_entries = lambda projects: 1 / 0
sys.argv = ["torchload-lint", *sys.argv[1:]]
__main__.main()
"""


@pytest.mark.parametrize("command", [["."], ["loads", "."], ["check", "--error-on", "error", "."]])
def test_a_fault_of_the_tool_does_not_look_like_findings(write, folder, command):
    write({"a.py": FIXED})
    arguments = [sys.executable, "-c", BROKEN, *command]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 2
    assert "error: the run ended early: ZeroDivisionError" in done.stderr
    assert "this is a fault of torchload-lint" in done.stderr
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("output_format", ["concise", "json", "junit", "sarif", "grouped"])
def test_what_was_not_there_is_not_said_to_have_passed(cli, write, output_format):
    write({"a.py": "x = 1\n"})
    result = cli("--output-format", output_format, "a.py", "gone.py")
    assert result.exit_code == 2
    assert "All checks passed" not in result.stdout + result.stderr
    assert "No findings in what could be checked." in result.stdout + result.stderr


def test_what_was_not_there_is_an_error_in_junit(cli, write):
    write({"a.py": "x = 1\n"})
    suites = ET.fromstring(cli("--output-format", "junit", "a.py", "go\x1bne.py").stdout)
    assert (suites.get("tests"), suites.get("errors")) == ("1", "1")
    (error,) = suites.iter("error")
    assert error.get("message") == r"go\x1bne.py: no such file or folder"


def test_a_run_that_could_not_check_all_has_not_succeeded_in_sarif(cli, write):
    write({"a.py": "x = 1\n"})
    log = json.loads(cli("--output-format", "sarif", "a.py", "gone.py").stdout)
    (invocation,) = log["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    assert "gone.py: no such file" in json.dumps(invocation)
    clean = json.loads(cli("--output-format", "sarif", "a.py").stdout)
    (invocation,) = clean["runs"][0]["invocations"]
    assert invocation["executionSuccessful"]
    assert invocation["toolExecutionNotifications"] == []
