"""Standard input gets the answer that a file of that name with that content gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli_samples import FIXED, IMPLICIT, UNSAFE
from notebook_samples import notebook_text

SOURCE = Path(__file__).parents[2] / "src"
HALF_TYPED = "def f(:\n"
CONTENTS = {
    "loads.py": IMPLICIT + UNSAFE,
    "fixed.py": FIXED,
    "half_typed.py": HALF_TYPED,
    "half_typed_load.py": IMPLICIT + HALF_TYPED,
    "nul.py": IMPLICIT + "\0",
    "encoding.py": "# coding: nonsense\n" + IMPLICIT,
    "empty.py": "",
    "stub.pyi": IMPLICIT,
    "Dockerfile": "ENV TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1\n",
    "other.txt": IMPLICIT,
    "n.ipynb": notebook_text(["import torch", "x = torch.load(p)"]),
    "broken.ipynb": '{"torch.load": 1}',
    "plain.ipynb": "{",
}


def told(result) -> list[tuple[object, ...]]:
    keys = ("code", "message", "location", "cell", "fix")
    return [tuple(found[key] for key in keys) for found in json.loads(result.stdout)]


@pytest.mark.parametrize("name", CONTENTS)
def test_the_same_findings_and_fixes_as_for_a_file(cli, write, folder, name):
    write({name: CONTENTS[name]})
    as_json = ("--output-format", "json")
    as_file = cli(*as_json, name)
    as_input = cli(*as_json, "-", "--stdin-filename", name, stdin=CONTENTS[name])
    assert told(as_input) == told(as_file)
    assert as_input.exit_code == as_file.exit_code
    fixed = cli("--fix", "-", "--stdin-filename", name, stdin=CONTENTS[name])
    cli("--fix", name)
    assert fixed.stdout == (folder / name).read_text()


def test_a_half_typed_file_without_a_load_is_clean(cli):
    assert cli("-", stdin=HALF_TYPED).exit_code == 0
    assert "TLL001" in cli("-", stdin=IMPLICIT + HALF_TYPED).stdout


@pytest.mark.parametrize("command", [[], ["--fix"]])
def test_what_is_excluded_is_passed_through_where_that_is_forced(cli, write, folder, command):
    (folder / "pyproject.toml").write_text(
        "[tool.torchload-lint]\nmin-severity = 'info'\nextend-exclude = ['old']\n"
    )
    write({"old/a.py": IMPLICIT})
    there = ("-", "--stdin-filename", "old/a.py")
    forced = cli(*command, "--force-exclude", *there, stdin=IMPLICIT)
    assert forced.exit_code == 0
    assert "TLL" not in forced.stdout + forced.stderr
    assert forced.stdout == (IMPLICIT if command else "All checks passed!\n")
    assert cli("--force-exclude", "old/a.py").exit_code == 0
    named = cli("--output-format", "json", *there, stdin=IMPLICIT)
    assert told(named) == told(cli("--output-format", "json", "old/a.py"))
    assert told(named)


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize("closed", ["--fix - <&-", "- <&-", "--fix - >&- </dev/null"])
def test_a_closed_stream_is_named(tmp_path, closed):
    done = subprocess.run(
        ["/bin/sh", "-c", f'"{sys.executable}" -m torchload_lint {closed}'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "error: standard input or output is closed\n"


def test_a_diff_goes_to_the_file_that_is_named(cli, write, folder):
    write({"a.py": IMPLICIT})
    expected = cli("--diff").stdout
    result = cli("--diff", "-o", "changes.diff", "--color", "always")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert (folder / "changes.diff").read_text() == expected
    assert (folder / "a.py").read_text() == IMPLICIT
