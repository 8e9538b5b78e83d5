"""``--help`` in sections; ``--account``, the account of a run for whoever reviews its changes."""

from __future__ import annotations

import torch

from torchload_lint.cli.check import SECTIONS, command

LOADS = "import torch\n\na = torch.load(q)\nb = torch.load(p, weights_only=False)\n"


def test_every_option_stands_in_one_section():
    named = [name for names in SECTIONS.values() for name in names]
    shown = {one.name for one in command.params if not getattr(one, "hidden", False)} - {"paths"}
    assert sorted(named) == sorted({*shown, "help"})


def test_no_option_that_changes_nothing_is_shown(cli):
    shown = cli("--help").output
    assert "--account FILE" in shown
    assert "--no-cache" not in shown
    assert cli("--no-cache", "--cache-dir", "x", ".").exit_code == 0


def test_the_account_says_what_was_changed(cli, write, folder):
    write({"a.py": LOADS})
    cli("--fix", "--account", "account.md")
    told = (folder / "account.md").read_text()
    assert "- **line 3** TLL102 implicit-weights-only, by a safe fix" in told
    assert "- **line 4** TLL101 weights-only-disabled" in told.partition("## Left")[2]
    assert "2 loads: " in told


def test_the_account_of_a_diff_says_that_nothing_was_written(cli, write, folder):
    write({"a.py": LOADS})
    cli("--diff", "--account", "account.md")
    assert (folder / "account.md").read_text().startswith("# What torchload-lint would change\n")
    assert (folder / "a.py").read_text() == LOADS


def test_the_account_names_a_new_module_and_what_its_entries_allow(cli, write, folder):
    write({"a.py": 'import torch\n\nm = torch.load("m.pt")\n'})
    torch.save(torch.nn.Linear(1, 1), folder / "m.pt")
    cli("--diff", "--account", "account.md", "--target-torch", "2.6")
    limit = "    - `restore_only`: the file may set attributes of these objects, and call nothing"
    assert limit in (folder / "account.md").read_text()
    assert "is new" not in (folder / "account.md").read_text()  # nothing was written
    cli("--fix", "--account", "account.md", "--target-torch", "2.6")
    told = (folder / "account.md").read_text()
    assert (folder / "restore_only.py").exists()
    assert limit in told
    assert "- restore_only.py is new, and fixed files import it: commit it with them" in told


def test_the_account_is_for_a_check_of_files(cli):
    result = cli("-", "--account", "account.md", stdin=LOADS)
    assert result.exit_code == 2
    assert "--account is for a check of files" in result.stderr
