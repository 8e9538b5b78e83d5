"""``extend``: a configuration that builds on another one, which a stranger may have named."""

from __future__ import annotations

import json
import os

import pytest

from cli_samples import UNSAFE, codes
from torchload_lint.cli.terminal import CLEAN, FAILED
from torchload_lint.configuration_files import load_config
from torchload_lint.extending import MOST_EXTENDED

EXTEND = 'extend = "{}"\n'


@pytest.fixture
def repository(folder, write):
    """A repository of two projects, ``one`` of which is the current folder's."""
    (folder / ".git").mkdir()
    write({"one/a.py": UNSAFE, "two/a.py": UNSAFE})
    return folder


def shown(cli, path="one"):
    return json.loads(cli("show-settings", path).stdout)


def refusal(cli):
    result = cli("one")
    assert result.exit_code == FAILED
    assert result.stdout == ""
    return result.stderr


def test_its_keys_hold_and_own_ones_win(cli, write, repository):
    write({
        "shared.toml": 'ignore = ["TLL502"]\nmin-severity = "error"\nline-length = 100\n',
        "one/torchload-lint.toml": EXTEND.format("../shared.toml") + "line-length = 120\n",
    })  # fmt: skip
    assert codes(cli("one")) == ["101"]
    assert codes(cli("two")) == ["101", "502"]
    settings = shown(cli)
    assert settings["min-severity"] == "error"
    assert settings["line-length"] == 120
    assert settings["root"] == str((repository / "one").resolve())
    assert settings["extended"] == [str(repository / "one" / ".." / "shared.toml")]


def test_tables_are_joined_and_extending_lists_add_up(cli, write, repository):
    write({
        "pyproject.toml": '[tool.torchload-lint]\nextend-ignore = ["TLL502"]\nselect = ["TLL1"]\n'
        '[tool.torchload-lint.renames]\n"old.A" = "new.A"\n"old.B" = "new.B"\n',
        "one/torchload-lint.toml": EXTEND.format("../pyproject.toml")
        + 'extend-ignore = ["TLL401"]\nselect = ["TLL5"]\n[renames]\n"old.B" = "mine.B"\n',
    })  # fmt: skip
    read = load_config(repository / "one" / "torchload-lint.toml")
    assert read.renames == (("old.B", "mine.B"), ("old.A", "new.A"))
    assert read.extend_ignore == ("TLL502", "TLL401")
    assert read.select == ("TLL5",)
    assert read.shared == {"old.A"}
    assert shown(cli)["extend-ignore"] == ["TLL502", "TLL401"]


def test_several_files_deep(cli, write, repository):  # noqa: ARG001 - the folders
    write({
        "base.toml": 'ignore = ["TLL502"]\ntrusted = ["a.*"]\n',
        "team/mid.toml": EXTEND.format("../base.toml") + 'trusted = ["b.*"]\n',
        "one/torchload-lint.toml": EXTEND.format("../team/mid.toml"),
    })  # fmt: skip
    assert codes(cli("one")) == ["101"]
    assert shown(cli)["trusted"] == ["b.*"]


def test_a_wrong_key_is_told_of_the_file_that_has_it(cli, write, repository):  # noqa: ARG001
    write({"shared.toml": "min_severity = 1\n"})
    write({"one/torchload-lint.toml": EXTEND.format("../shared.toml")})
    assert "shared.toml: unknown key 'min_severity' (did you mean 'min-severity'?)" in refusal(cli)


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("missing.toml", "which is not a file that is there"),
        ("..", "which lies outside of"),
        ("../two", "which is not a file that is there"),
        ("torchload-lint.toml", "which builds on this one"),
        ("../circle.toml", "which builds on this one"),
        ("/etc/hostname", "which lies outside of"),
        ("../../pyproject.toml", "which lies outside of"),
        ("../leads_out.toml", "which lies outside of"),
        ("../pipe.toml", "which is not a file that is there"),
    ],
)
def test_what_cannot_be_built_on_is_refused_by_name(cli, write, repository, named, why):
    write({"circle.toml": EXTEND.format("one/torchload-lint.toml")})
    (repository / "leads_out.toml").symlink_to("/etc/hostname")
    os.mkfifo(repository / "pipe.toml")
    write({"one/torchload-lint.toml": EXTEND.format(named)})
    said = refusal(cli)
    assert why in said
    assert f"torchload-lint.toml: extend names {repository / 'one' / named}" in said or (
        "circle.toml: extend names" in said
    )


def test_without_a_repository_it_stays_below_the_first_file(cli, write):
    write({
        "shared.toml": 'ignore = ["TLL502"]\n',
        "one/a.py": UNSAFE,
        "one/below/shared.toml": 'ignore = ["TLL101"]\n',
        "one/torchload-lint.toml": EXTEND.format("../shared.toml"),
    })  # fmt: skip
    assert "which lies outside of" in refusal(cli)
    write({"one/torchload-lint.toml": EXTEND.format("below/shared.toml")})
    assert codes(cli("one")) == ["502"]


def test_whom_the_user_names_may_build_on_files_anywhere(cli, write, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("company")
    (elsewhere / "all.toml").write_text('ignore = ["TLL502"]\n')
    write({"a.py": UNSAFE, "ours.toml": EXTEND.format(elsewhere / "all.toml")})
    assert codes(cli("--config", "ours.toml")) == ["101"]


def test_a_strangers_extension_does_not_count_beside_a_named_configuration(
    cli, write, repository, tmp_path_factory
):
    trusted = tmp_path_factory.mktemp("trusted") / "pyproject.toml"
    trusted.write_text('[tool.torchload-lint]\nextend = "shared.toml"\n')
    (trusted.parent / "shared.toml").write_text('ignore = ["TLL502"]\n')
    write({"shared.toml": 'ignore = ["ALL"]\n'})
    write({"one/torchload-lint.toml": EXTEND.format("../shared.toml")})
    assert codes(cli("one")) == []
    assert codes(cli("--config", str(trusted), "one")) == ["101"]
    assert (repository / "shared.toml").is_file()


def test_no_more_than_so_many_files(cli, write, repository):  # noqa: ARG001 - the folders
    write({f"{n}.toml": EXTEND.format(f"{n + 1}.toml") for n in range(MOST_EXTENDED + 1)})
    write({f"{MOST_EXTENDED - 1}.toml": 'ignore = ["ALL"]\n'})
    write({"one/torchload-lint.toml": EXTEND.format("../0.toml")})
    assert codes(cli("one")) == []
    write({f"{MOST_EXTENDED - 1}.toml": EXTEND.format(f"{MOST_EXTENDED}.toml")})
    assert f"builds on {MOST_EXTENDED} files at most" in refusal(cli)


def test_shared_entries_that_name_nothing_here_are_not_told(cli, write, repository):  # noqa: ARG001
    entries = '[loads]\n"other:f" = { checkpoints = ["x.pt"] }\n[renames]\n"old.A" = "gone.A"\n'
    write({"shared.toml": entries})
    write(
        {"one/b.py": "import torch\n", "one/torchload-lint.toml": EXTEND.format("../shared.toml")}
    )
    result = cli("one/b.py")
    assert result.exit_code == CLEAN
    assert "fits no load" not in result.stderr
    write({"one/torchload-lint.toml": entries})
    assert 'loads: "other:f" fits no load' in cli("one/b.py").stderr
