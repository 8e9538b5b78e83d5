"""Each run counts its loads, and says that all is well only where all is known."""

from __future__ import annotations

import json
import re
from pathlib import Path

from checkpoint import bare_files as files
from cli_samples import FIXED, IMPLICIT, UNSAFE, WHOLE_MODULE, codes

TENSORS = """import torch


def resume(path):
    model = torch.nn.Linear(1, 1)
    model.load_state_dict(torch.load(path, weights_only=True))
"""
READ = 'import torch\n\nstate = torch.load("a.pt", weights_only=True)\n'


def test_a_load_that_is_not_matched_is_no_pass(cli, write):
    write({"a.py": FIXED})
    result = cli()
    assert result.exit_code == 0
    assert "All checks passed" not in result.stdout
    assert "1 load: 1 not matched to any file." in result.stdout
    assert "torchload-lint loads" in result.stdout


def test_what_is_read_and_what_is_used_as_tensors_passes(cli, write, folder):
    write({"read.py": READ, "used.py": TENSORS})
    (folder / "a.pt").write_bytes(files.archive(b"\x80\x02]."))
    assert (
        cli().stdout == "All checks passed!\n2 loads: 1 read from files, 1 used only as tensors.\n"
    )


def test_what_unpickles_by_itself_is_not_checked_by_reading_the_file(cli, write, folder):
    write({"a.py": 'import torch\n\nmade = torch.package.PackageImporter("a.pt")\n'})
    (folder / "a.pt").write_bytes(files.archive(b"\x80\x02]."))
    assert "1 load: 1 not matched to any file." in cli().stdout
    assert "unpickles the file without torch.load" in cli("--select", "TLL109").stdout


def test_what_a_comment_hides_for_a_whole_file_is_counted(cli, write):
    write({"a.py": f"# flake8: noqa\n{UNSAFE}"})
    result = cli()
    assert result.exit_code == 0
    assert "All checks passed" not in result.stdout
    assert "Not shown: 2 findings silenced by a comment about the whole file" in result.stdout
    write({"a.py": f"# flake8: noqa: TLL2\n{UNSAFE}"})
    assert "TLL101" in cli().stdout
    assert "Not shown" not in cli().stdout
    write({"a.py": FIXED.replace("\n\n", "\n\n# a line\n", 1) + "# noqa\n"})
    assert "Not shown" not in cli().stdout


def test_what_a_comment_about_a_line_silences_is_counted(cli, write):
    silenced = UNSAFE.replace("False)", "False)  # noqa: TLL101, TLL502")
    write({"a.py": silenced})
    result = cli("--account", "account.md")
    assert result.exit_code == 0
    assert result.stdout.startswith("No findings in what could be checked.\n")
    said = "Not shown: 2 findings silenced by a comment about the line (`--no-suppressions`"
    assert said in result.stdout
    assert said.replace("_", "\\_") in Path("account.md").read_text()
    (run,) = json.loads(cli("--output-format", "sarif").stdout)["runs"]
    assert run["properties"]["loads"]["silenced"] == 2
    assert said in cli("--output-format", "json").stderr
    assert "Not shown" not in cli("--no-suppressions").stdout
    write({"a.py": UNSAFE.replace("False)", "False)  # noqa: TLL101")})
    assert "Not shown: 1 finding silenced by a comment about the line" in cli().stdout


def test_all_is_not_well_where_a_comment_silences_what_is_no_load(cli, write):
    write({"a.py": WHOLE_MODULE.replace('"a.pt")', '"a.pt")  # noqa: TLL401')})
    assert cli("--select", "TLL401").stdout.startswith("No other findings.\nNot shown: 1 finding ")


def test_a_severity_that_is_asked_for_says_what_it_leaves_out(cli, write):
    write({"a.py": UNSAFE, "b.py": UNSAFE})
    mild = sum("[warning]" in row for row in cli().stdout.splitlines())
    assert mild > 1
    said = f"Not shown: {mild} findings less severe than `min-severity` asks for.\n"
    assert said in cli("--min-severity", "error").stdout
    assert "less severe" not in cli("--min-severity", "warning").stdout
    only_mild = cli("--min-severity", "error", "--select", "TLL502")
    assert codes(only_mild) == []
    assert "All checks passed" not in only_mild.stdout


def test_known_findings_are_no_pass(cli, write):
    write({"a.py": UNSAFE, "torchload-lint.toml": 'baseline = "known.json"\n'})
    cli("--update-baseline", ".")
    assert cli(".").stdout.startswith("No new findings (2 known).\n")
    assert "No new findings (2 known).\n" in cli("--output-format", "json", ".").stderr
    (run,) = json.loads(cli("--output-format", "sarif", ".").stdout)["runs"]
    assert run["properties"]["loads"]["known"] == 2
    assert run["properties"]["loads"]["unknown"] == 1


def test_no_loads_need_no_account(cli, write):
    write({"a.py": "x = 1\n"})
    assert cli().stdout == "All checks passed!\n"


def test_the_account_is_the_same_with_findings_after_a_fix_and_with_many_files(cli, write):
    write({"a.py": UNSAFE, **{f"m{number}.py": FIXED for number in range(200)}})
    account = "201 loads: 201 not matched to any file."
    for args in ((), ("--fix",), ("-j", "2"), ("--diff",), ("--statistics",)):
        result = cli(*args)
        assert account in result.stdout + result.stderr or args == ("--diff",)
    assert cli("--quiet").stdout.count("\n") == 2


def test_standard_input_is_accounted_for(cli):
    result = cli("-", "--stdin-filename", "a.py", stdin=FIXED)
    assert "1 load: 1 not matched to any file." in result.stdout


def test_programs_find_it_in_sarif_and_on_standard_error(cli, write):
    write({"a.py": FIXED})
    (run,) = json.loads(cli("--output-format", "sarif").stdout)["runs"]
    assert run["properties"]["loads"]["unknown"] == 1
    assert "1 load: 1 not matched" in cli("--output-format", "json").stderr


def test_hints_are_few_and_the_shortest_comes_first(cli, write):
    """What is counted stands above them; `-v` says more of what may be done."""
    write({
        "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['torch>=1.13']\n",
        "a.py": UNSAFE.replace("'a.pt'", "p"),
        "b.py": UNSAFE + "torch.save(torch.nn.Linear(1, 1), 'a.pt')\n",
        "c.py": UNSAFE.replace("False)", "False)  # noqa"),
        "d.py": f"# flake8: noqa\n{UNSAFE}",
        "e.py": IMPLICIT,
    })  # fmt: skip
    told = cli(".")
    lines = told.stdout.splitlines()
    counted = next(number for number, row in enumerate(lines) if re.match(r"\d+ loads: ", row))
    hints = lines[counted + 1 :]
    assert 2 <= len(hints) <= 3
    assert hints == sorted(hints, key=len)
    assert sum("Not shown: " in row for row in hints) == 1
    assert told.stderr.count("--target-torch") == 1
    assert "record -- COMMAND" not in told.stdout
    assert "record -- COMMAND" in cli("-v", ".").stdout
