"""What goes to standard output, what to standard error, and in which colours."""

from __future__ import annotations

import json
import subprocess

import pytest

from cli_samples import FIXED, IMPLICIT, UNSAFE, codes
from torchload_lint.streams import use_color, use_links

NEWEST_ASSUMED = (
    "note: the answers are for torch 2.15 (the newest known; nothing states a version); "
    "--target-torch asks for others\n"
)


def test_findings_and_their_summary_go_to_standard_output(cli, write):
    write({"a.py": IMPLICIT})
    result = cli()
    assert codes(result) == ["102"]
    assert (
        "Found 1 note.\n[*] 1 fixable with the `--fix` option.\n"
        "1 load: 1 not matched to any file.\n"
    ) in result.stdout
    assert result.stderr == NEWEST_ASSUMED
    quiet = cli("--quiet")
    assert (quiet.stdout, quiet.stderr) == (result.stdout.splitlines(keepends=True)[0], "")


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "rdjson"])
def test_what_programs_read_has_no_other_line_in_it(cli, write, form):
    write({"a.py": IMPLICIT})
    result = cli("--output-format", form)
    assert json.loads(result.stdout)
    assert "Found 1 note" in result.stderr


def test_the_report_goes_to_a_file(cli, write, folder):
    write({"a.py": IMPLICIT})
    expected = cli("--output-format", "json").stdout
    result = cli("--output-format", "json", "-o", "report.json", "--color", "always")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert (folder / "report.json").read_text() == expected


def test_the_format_may_come_from_the_environment(cli, write):
    write({"a.py": IMPLICIT})
    env = {"TORCHLOAD_LINT_OUTPUT_FORMAT": "json"}
    assert json.loads(cli(env=env).stdout)[0]["code"] == "TLL102"
    assert codes(cli("--output-format", "concise", env=env)) == ["102"]


def test_statistics(cli, write):
    write({"a.py": IMPLICIT, "b.py": IMPLICIT + UNSAFE})
    shown = cli("--statistics", "--quiet").stdout.splitlines()
    assert shown[0] == "2\tTLL102\t[*] implicit-weights-only"
    rows = json.loads(cli("--statistics", "--output-format", "json").stdout)
    assert rows[0] == {
        "code": "TLL102",
        "name": "implicit-weights-only",
        "count": 2,
        "fixable_count": 2,
    }


def test_verbose_adds_the_notes(cli, write):
    write({"a.py": UNSAFE})
    assert len(cli("--verbose").stdout) > len(cli().stdout)


def test_what_was_fixed_is_listed(cli, write, folder):
    write({"a.py": IMPLICIT})
    result = cli("--fix", "--show-fixes")
    assert "1 x TLL102 (implicit-weights-only)" in result.stdout
    assert "Found 1 note (1 fixed, 0 remaining)." in result.stdout
    assert (folder / "a.py").read_text() == FIXED


def test_a_diff_is_taken_by_git(cli, write, folder):
    write({"sub/a.py": IMPLICIT})
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    result = cli("--diff")
    assert result.stderr == "Would fix 1 note in 1 file.\n" + NEWEST_ASSUMED
    assert (folder / "sub" / "a.py").read_text() == IMPLICIT
    subprocess.run(["git", "apply"], cwd=folder, check=True, input=result.stdout.encode())
    assert (folder / "sub" / "a.py").read_text() == FIXED


def test_standard_input_is_checked_under_its_name(cli, write):
    write({"torchload-lint.toml": '[per-file-ignores]\n"sub/*.py" = ["TLL101"]\n'})
    result = cli("-", "--stdin-filename", "sub/a.py", stdin=UNSAFE)
    assert codes(result) == ["502"]
    assert result.stdout.startswith("sub/a.py:3:")
    assert codes(cli("-", "--stdin-display-name", "a.py", stdin=UNSAFE)) == ["101", "502"]
    assert cli("-", stdin=UNSAFE).stdout.startswith("-:3:9: TLL101")


def test_standard_input_fixed_goes_to_standard_output_alone(cli):
    result = cli("-", "--fix", stdin=IMPLICIT + UNSAFE)
    assert result.stdout == FIXED + UNSAFE
    assert "TLL101" in result.stderr
    assert result.exit_code == 1
    assert cli("-", "--fix", stdin=IMPLICIT).exit_code == 0


def test_nothing_to_fix_hands_standard_input_back(cli):
    assert cli("-", "--fix", stdin=FIXED).stdout == FIXED


def test_standard_input_as_a_diff(cli):
    result = cli("-", "--diff", "--stdin-filename", "a.py", stdin=IMPLICIT)
    assert result.stdout.startswith("--- a/a.py\n+++ b/a.py\n")
    assert result.exit_code == 1


class Stream:
    def __init__(self, terminal):
        self._terminal = terminal

    def isatty(self):
        return self._terminal


@pytest.mark.parametrize(
    ("choice", "env", "terminal", "painted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colours(monkeypatch, choice, env, terminal, painted):
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert use_color(choice, Stream(terminal)) is painted


def test_colours_reach_the_report(cli, write):
    write({"a.py": UNSAFE})
    assert "\x1b[" in cli("--color", "always").stdout
    assert "\x1b[" not in cli("--color", "never", env={"FORCE_COLOR": "1"}).stdout


TELLING = (
    "CI", "PRE_COMMIT", "FORCE_HYPERLINK", "TERM_PROGRAM", "VTE_VERSION", "WT_SESSION",
    "KONSOLE_VERSION", "DOMTERM",
)  # fmt: skip


@pytest.mark.parametrize(
    ("env", "terminal", "linked"),
    [
        ({}, True, False),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"TERM": "xterm-kitty"}, False, False),
        ({"TERM": "xterm-kitty", "CI": "true"}, True, False),
        ({"TERM": "xterm-kitty", "PRE_COMMIT": "1"}, True, False),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, True, False),
        ({"TERM_PROGRAM": "vscode"}, True, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, True, False),
        ({"VTE_VERSION": "7006"}, True, True),
        ({"VTE_VERSION": "4801"}, True, False),
        ({"VTE_VERSION": "new"}, True, False),
        ({"WT_SESSION": "1"}, True, True),
        ({"FORCE_HYPERLINK": "1"}, False, True),
    ],
)
def test_links(monkeypatch, env, terminal, linked):
    for name in TELLING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert use_links(Stream(terminal)) is linked


LINK = "\x1b]8;;https://torchload-lint.readthedocs.io/rules/weights-only-disabled/\x1b\\TLL101"


@pytest.mark.parametrize("name", ["concise", "full", "grouped"])
def test_codes_lead_to_their_pages_where_escapes_are_written(cli, write, folder, name):
    write({"a.py": UNSAFE})
    forced = {"FORCE_HYPERLINK": "1"}
    args = ("--output-format", name)
    assert LINK in cli(*args, "--color", "always", env=forced).stdout
    assert "\x1b" not in cli(*args, "--color", "never", env=forced).stdout
    assert "\x1b]8" not in cli(*args, "--color", "always").stdout
    cli(*args, "--color", "always", "-o", "report.txt", env=forced)
    assert "\x1b" not in (folder / "report.txt").read_text()


def test_formats_for_programs_have_no_links(cli, write):
    write({"a.py": UNSAFE})
    forced = {"FORCE_HYPERLINK": "1"}
    for name in ("json", "sarif", "github", "pylint"):
        assert "\x1b" not in cli("--color", "always", "--output-format", name, env=forced).stdout
