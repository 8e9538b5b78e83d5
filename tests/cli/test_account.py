"""Each run counts its loads, and says that all is well only where all is known."""

from __future__ import annotations

import json

from checkpoint import bare_files as files
from cli_samples import FIXED, UNSAFE

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
    assert "2 findings not shown: silenced by a comment about the whole file" in result.stdout
    write({"a.py": f"# flake8: noqa: TLL2\n{UNSAFE}"})
    assert "TLL101" in cli().stdout
    assert "not shown" not in cli().stdout
    write({"a.py": FIXED.replace("\n\n", "\n\n# a line\n", 1) + "# noqa\n"})
    assert "not shown" not in cli().stdout


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
