"""An old code base: noqa comments for what is there, or a baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_samples import IMPLICIT, UNSAFE, codes
from notebook_samples import notebook_text
from torchload_lint.cli import checking
from torchload_lint.cli.terminal import CLEAN
from torchload_lint.workspace.workers import pool


def test_comments_silence_what_was_found(cli, write, folder):
    write({"a.py": UNSAFE})
    result = cli("--add-noqa", "--noqa-reason", "trusted, ours")
    assert result.exit_code == 0
    assert "2 findings" in result.stdout
    (row,) = [row for row in (folder / "a.py").read_text().splitlines() if "noqa" in row]
    assert "# noqa: TLL101, TLL502" in row
    assert row.endswith("trusted, ours")
    assert cli().exit_code == 0
    assert cli("--add-noqa").stdout == "Added noqa comments for 0 findings.\n"


def test_only_what_is_selected_gets_a_comment(cli, write, folder):
    write({"a.py": UNSAFE})
    cli("--add-noqa", "--select", "TLL502")
    assert "# noqa: TLL502\n" in (folder / "a.py").read_text()
    assert codes(cli()) == ["101"]


def test_a_baseline_lets_only_new_findings_through(cli, write):
    write({"a.py": UNSAFE})
    missing = cli("--baseline", "known.json")
    assert missing.exit_code == 1
    assert "note: no baseline is at known.json: --update-baseline writes it" in missing.stderr
    done = cli("--baseline", "known.json", "--update-baseline")
    assert "2 known findings now" in done.stdout
    clean = cli("--baseline", "known.json")
    assert clean.exit_code == 0
    assert "note: 2 known findings not shown: known.json names them" in clean.stderr
    assert (
        "not shown: known.json" not in cli("--no-suppressions", "--baseline", "known.json").stderr
    )
    write({"a.py": "import os\n\n" + UNSAFE, "b.py": IMPLICIT})
    result = cli("--baseline", "known.json")
    assert codes(result) == ["102"]
    assert result.stdout.startswith("b.py:")
    assert codes(cli()) == ["101", "502", "102"]


def test_the_code_of_a_rule_is_no_path(cli):
    told = cli("explain", "TLL107")
    assert told.exit_code == 2
    assert "note: torchload-lint rule TLL107 prints the page of a rule" in told.stderr


def test_files_of_one_name_in_two_parts_are_two(cli, write, folder):
    (folder / "pyproject.toml").unlink()
    (folder / ".git").mkdir()
    write({"one/setup.py": "", "one/a.py": UNSAFE, "two/setup.py": "", "two/a.py": "\n"})
    cli("--baseline", "known.json", "--update-baseline", ".")
    write({"two/a.py": UNSAFE})
    assert codes(cli("--baseline", "known.json", ".")) == ["101", "502"]
    write({"two/a.py": "\n", "pyproject.toml": '[tool.torchload-lint]\nbaseline = "known.json"\n'})
    assert cli(".").exit_code == CLEAN


def test_what_a_baseline_names_and_is_no_more_is_told_and_taken_out(cli, write):
    write({"a.py": UNSAFE, "b.py": UNSAFE, "torchload-lint.toml": 'baseline = "known.json"\n'})
    cli("--update-baseline", ".")
    assert "no more" not in cli(".").stderr
    write({"a.py": "\n"})
    Path("b.py").unlink()
    assert "note: known.json names 4 findings that are no more" in cli(".").stderr
    assert "no more" not in cli("--select", "TLL105", ".").stderr
    cli("--update-baseline", ".")
    assert json.loads(Path("known.json").read_text())["findings"] == {}


FIXABLE = """import torch


def resume(path):
    model = torch.nn.Linear(1, 1)
    model.load_state_dict(torch.load(path))
"""
OLD = 'target-torch = ">=2.1"\nselect = ["TLL1"]\nbaseline = "known.json"\n'
STALE = "no more"


NEW = FIXABLE.replace("path", "other")


def test_a_fix_leaves_alone_what_is_known(cli, write, folder):
    write({"a.py": FIXABLE, "torchload-lint.toml": OLD})
    cli("--update-baseline", ".")
    moved = f"import os\n\n{FIXABLE}\n\n{NEW}"
    write({"a.py": moved})
    for words in (["--diff"], ["--fix"], ["--fix", "--unsafe-fixes"], ["--fix-only"]):
        write({"a.py": moved})
        told = cli(*words, ".")
        assert "1 known finding not shown, nor fixed (--no-baseline fixes it, too)" in told.stderr
        assert STALE not in told.stderr
        now = told.stdout if words == ["--diff"] else (folder / "a.py").read_text()
        assert "torch.load(other, weights_only=True)" in now
        assert "torch.load(path, weights_only=True)" not in now
    assert "0 new, 0 gone" in cli("--update-baseline", ".").stdout


def test_of_equal_lines_a_fix_leaves_as_many_as_are_known(cli, write, folder):
    write({"a.py": FIXABLE, "torchload-lint.toml": OLD})
    cli("--update-baseline", ".")
    write({"a.py": FIXABLE + FIXABLE.replace("import torch", "")})
    cli("--fix", ".")
    assert (folder / "a.py").read_text().count("torch.load(path, weights_only=True)") == 1
    assert cli(".").exit_code == CLEAN


def test_a_fix_takes_what_is_known_where_that_is_asked_for(cli, write, folder):
    write({"a.py": FIXABLE, "torchload-lint.toml": OLD})
    cli("--update-baseline", ".")
    assert codes(cli("--no-baseline", ".")) == ["102"]
    silenced = FIXABLE.replace("(path))", "(path))  # noqa: TLL102").replace("resume", "other")
    for words, left in ((["--no-baseline"], 1), (["--no-suppressions"], 0)):
        write({"a.py": FIXABLE + silenced})
        cli("--fix", *words, ".")
        assert (folder / "a.py").read_text().count("torch.load(path))") == left


def test_a_fix_in_a_notebook_leaves_alone_what_is_known(cli, write, folder):
    write({"n.ipynb": notebook_text([FIXABLE]), "torchload-lint.toml": OLD})
    cli("--update-baseline", ".")
    write({"n.ipynb": notebook_text([("markdown", "m"), NEW, FIXABLE])})
    cli("--fix", ".")
    fixed = (folder / "n.ipynb").read_text()
    assert "torch.load(other, weights_only=True)" in fixed
    assert "torch.load(path))" in fixed


@pytest.mark.parametrize("forks", [True, False])
def test_files_that_are_shared_out_are_fixed_alike(cli, write, folder, monkeypatch, forks):
    if not forks:  # as on Windows, or beside threads: processes that import everything anew
        monkeypatch.setattr(pool, "can_fork", lambda: False)
    names = [f"f{number}.py" for number in range(12)]
    write(dict.fromkeys(names, FIXABLE) | {"torchload-lint.toml": OLD})
    cli("--update-baseline", ".")
    write(dict.fromkeys(names, f"{FIXABLE}\n\n{NEW}"))
    cli("--fix", "--jobs", "2", ".")
    for name in names:
        assert (folder / name).read_text().count("weights_only=True") == 1
    assert "12 known findings" in cli("--jobs", "2", ".").stderr


def test_a_diff_is_compared_with_what_is_on_the_disk(cli, write):
    write({"a.py": FIXABLE, "b.py": FIXABLE, "torchload-lint.toml": OLD})
    assert "2 known findings now (2 new, 0 gone)." in cli("--update-baseline", ".").stdout
    write({"a.py": FIXABLE.replace("(path))", "(path)); model.load_state_dict(torch.load(other))")})
    cli("--update-baseline", ".")
    entries = Path("known.json").read_text()
    Path("known.json").write_text(entries.replace('"count": 2', '"count": 1'))
    shown = cli("--diff", ".")
    assert "weights_only=True" in shown.stdout
    assert STALE not in shown.stderr
    write({"b.py": "\n"})
    gone = "note: known.json names 1 finding that is no more: --update-baseline takes it out"
    assert gone in cli("--diff", ".").stderr
    fixed = cli("--fix", ".").stderr
    assert gone in fixed
    assert "note: 1 finding of known.json in lines that are changed now: --update-baseline" in fixed
    assert "names 2 findings that are no more: --update-baseline takes them out" in cli(".").stderr
    assert "0 known findings now (0 new, 2 gone)." in cli("--update-baseline", ".").stdout


def test_what_a_setting_silences_is_no_stale_entry(cli, write):
    write({"a.py": UNSAFE, "torchload-lint.toml": 'baseline = "known.json"\n'})
    cli("--update-baseline", ".")
    before = Path("known.json").read_text()
    for setting in (
        'min-severity = "error"',
        'ignore = ["TLL1"]',
        "[per-file-ignores]\n'*'=['TLL1']",
    ):
        write({"torchload-lint.toml": f'baseline = "known.json"\n{setting}\n'})
        assert STALE not in cli(".").stderr
        assert "2 known findings now (0 new, 0 gone" in cli("--update-baseline", ".").stdout
        assert Path("known.json").read_text() == before


def test_an_update_keeps_what_the_run_did_not_judge(cli, write):
    settings = 'baseline = "known.json"\n'
    write({"a.py": UNSAFE, "b.py": UNSAFE, "c.py": IMPLICIT, "torchload-lint.toml": settings})
    cli("--update-baseline", "--min-severity", "info", ".")
    before = Path("known.json").read_text()
    for narrower in (
        ("--select", "TLL102"),
        ("--ignore", "TLL1"),
        ("--min-severity", "error"),
        ("--target-torch", "2.8"),
        ("b.py",),
        (),
    ):
        assert "(0 new, 0 gone" in cli("--update-baseline", *narrower).stdout
        assert Path("known.json").read_text() == before
    write({"a.py": UNSAFE + "x = (", "b.py": "\n"})
    narrow = cli("--update-baseline", "--select", "TLL502", "b.py").stdout
    assert "4 known findings now (0 new, 1 gone, 4 not looked at)." in narrow
    assert "(1 new, 1 gone, 2 not looked at)." in cli("--update-baseline", ".").stdout


def test_an_account_says_what_it_does_not_show(cli, write):
    write({"a.py": UNSAFE, "torchload-lint.toml": 'baseline = "known.json"\n'})
    cli("--update-baseline", ".")
    cli("--target-torch", "2.8", "--account", "account.md", ".")
    told = Path("account.md").read_text()
    assert "- 2 known findings not shown: known.json names them\n" in told
    assert "- the answers are for torch 2.8 to 2.15 (configured)\n" in told


def test_the_baseline_may_be_configured(cli, write):
    write({"a.py": UNSAFE, "torchload-lint.toml": 'baseline = "known.json"\n'})
    assert cli().exit_code == 1
    assert cli("--update-baseline").exit_code == 0
    assert cli().exit_code == 0


def test_a_broken_baseline_is_an_error(cli, write):
    write({"a.py": UNSAFE, "known.json": "{"})
    result = cli("--baseline", "known.json")
    assert result.exit_code == 2
    assert "known.json" in result.stderr


def test_codes_without_use_are_taken_out_of_a_comment(cli, write, folder):
    load = "import torch\nx = torch.load(p, weights_only=False)"
    write({"a.py": f"{load}  # noqa: E501, TLL101, TLL501 -- why\n"})
    assert "TLL801 [info] codes of this comment suppress nothing (TLL501)" in cli().stdout
    assert cli("--fix").exit_code == 0
    assert (folder / "a.py").read_text() == f"{load}  # noqa: E501, TLL101 -- why\n"


def test_an_entry_keeps_the_line_ends_of_the_configuration(cli, write, tmp_path):
    write({"a.py": "import sys, torch\ntorch.load(sys.argv[1])\n"})
    settings = tmp_path / "torchload-lint.toml"
    settings.write_bytes(b'target-torch = ">=2.6"\r\n')
    assert cli("loads", "--write-config").exit_code == 0
    written = settings.read_bytes()
    assert b"[loads]" in written
    assert written.count(b"\n") == written.count(b"\r\n") > 1


def test_noqa_comments_leave_a_file_that_is_no_python_as_it_is(cli, write, folder):
    text = UNSAFE + "y = (\n"
    write({"broken.py": text, "good.py": UNSAFE})
    before = (folder / "broken.py").stat()
    result = cli("--add-noqa")
    assert (folder / "broken.py").read_text() == text
    assert (folder / "broken.py").stat().st_ino == before.st_ino
    assert "# noqa: TLL101" in (folder / "good.py").read_text()
    assert result.stdout.startswith("Added noqa comments for 2 findings.\n1 finding without a line")
    assert result.exit_code == 1


def test_a_reason_that_an_encoding_cannot_hold_loses_no_other_file(cli, write, folder):
    write({"latin.py": f"# coding: latin-1\n{UNSAFE}", "plain.py": UNSAFE})
    result = cli("--add-noqa", "--noqa-reason", "до 2027")
    assert result.exit_code == 2
    assert "latin.py: could not be written" in result.stderr
    assert "noqa" not in (folder / "latin.py").read_text()
    assert "TLL502 -- до 2027" in (folder / "plain.py").read_text(encoding="utf-8")


def test_noqa_comments_do_not_go_into_a_file_that_has_changed_meanwhile(
    cli, write, folder, monkeypatch
):
    write({"a.py": UNSAFE, "b.py": UNSAFE})
    checked = checking.check_in

    def check_and_change(*given):
        outcome = checked(*given)
        (folder / "a.py").write_text(f"# another row\n{UNSAFE}")
        (folder / "b.py").unlink()
        return outcome

    monkeypatch.setattr(checking, "check_in", check_and_change)
    result = cli("--add-noqa")
    assert "a.py: could not be written: it has changed since it was read" in result.stderr
    assert "b.py: could not be written: No such file" in result.stderr
    assert result.exit_code == 2
    assert (folder / "a.py").read_text() == f"# another row\n{UNSAFE}"
