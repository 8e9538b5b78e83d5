"""Precedence: default, then the closest configuration file, then flags."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli_samples import FIXED, IMPLICIT, UNSAFE, codes
from torchload_lint.cli.terminal import FAILED
from torchload_lint.config import Settings
from torchload_lint.configuration_files import config_for
from torchload_lint.workspace import Projects

SECTION = "[tool.torchload-lint]\n"
NUL = "\\u0000"


def config(**keys):
    return "".join(
        f"{key.replace('_', '-')} = {json.dumps(value)}\n" for key, value in keys.items()
    )


def test_default_then_configuration_then_flag(cli, write):
    write({"a.py": UNSAFE})
    assert codes(cli()) == ["101", "502"]
    write({"torchload-lint.toml": config(select=["TLL502"])})
    assert codes(cli()) == ["502"]
    assert codes(cli("--select", "TLL101")) == ["101"]
    assert codes(cli("--isolated")) == ["101", "502"]


@pytest.mark.parametrize(
    ("args", "left"),
    [
        (["--select", "TLL1"], ["101"]),
        (["--select", "weights-only-disabled,TLL502"], ["101", "502"]),
        (["--select", "TLL502", "--extend-select", "tll101"], ["101", "502"]),
        (["--ignore", "TLL5"], ["101"]),
        (["--extend-ignore", "weights-only-disabled"], ["502"]),
        (["--ignore", "ALL"], []),
        (["--per-file-ignores", "a.py:TLL101"], ["502"]),
        (["--per-file-ignores", "*.py:TLL101,TLL502"], []),
        (["--per-file-ignores", "b.py:TLL101"], ["101", "502"]),
        (["--select", "TLL101", "--select", "TLL502"], ["101", "502"]),
    ],
)
def test_rules_are_chosen_by_code_prefix_and_name(cli, write, args, left):
    write({"a.py": UNSAFE})
    assert codes(cli(*args)) == left


def test_ignores_of_the_configuration_and_of_the_command_line_add_up_only_if_extended(cli, write):
    write({"a.py": UNSAFE, "torchload-lint.toml": config(ignore=["TLL101"])})
    assert codes(cli("--extend-ignore", "TLL502")) == []
    assert codes(cli("--ignore", "TLL502")) == ["101"]


def test_the_closest_configuration_holds_and_is_not_merged(cli, write):
    write(
        {
            "torchload-lint.toml": config(ignore=["TLL502"]),
            "a.py": UNSAFE,
            "inner/torchload-lint.toml": config(ignore=["TLL101"]),
            "inner/deep/b.py": UNSAFE,
            "other/c.py": UNSAFE,
        }
    )
    result = cli()
    assert [row.split(":")[0] for row in result.stdout.splitlines() if ": TLL101" in row] == [
        "a.py",
        "other/c.py",
    ]
    assert [row.split(":")[0] for row in result.stdout.splitlines() if ": TLL502" in row] == [
        "inner/deep/b.py"
    ]
    assert codes(cli("--isolated")) == ["101", "502"] * 3
    assert codes(cli("--config", "torchload-lint.toml")) == ["101"] * 3


def test_own_files_win_over_pyproject(cli, write):
    write({"a.py": UNSAFE, "pyproject.toml": '[tool.torchload-lint]\nselect = ["TLL502"]\n'})
    assert codes(cli()) == ["502"]
    write({"torchload-lint.toml": config(select=["TLL101"])})
    assert codes(cli()) == ["101"]


def test_the_target_decides_what_a_bare_load_is(cli, write):
    write({"a.py": IMPLICIT})
    assert "[*] 1 fixable" in cli("--target-torch", "2.6").stdout
    assert "fixable" not in cli("--target-torch", "2.4").stdout


@pytest.mark.parametrize(
    ("args", "fixed"),
    [
        ([], True),
        (["--unfixable", "TLL102"], False),
        (["--unfixable", "TLL101"], True),
        (["--fixable", "TLL101"], False),
        (["--fixable", "implicit-weights-only"], True),
        (["--no-fix"], False),
    ],
)
def test_fixable_and_unfixable(cli, write, folder, args, fixed):
    write({"a.py": IMPLICIT})
    cli("--fix", *args)
    assert ("weights_only=True" in (folder / "a.py").read_text()) is fixed


def test_files_are_chosen(cli, write):
    write({"a.py": UNSAFE, "old/b.py": UNSAFE, "build/c.py": UNSAFE})

    def files(*args):
        rows = cli("--select", "TLL101", *args).stdout.splitlines()
        return [row.split(":")[0] for row in rows if "TLL101" in row]

    assert files() == ["a.py", "old/b.py"]
    assert files("--extend-exclude", "old") == ["a.py"]
    assert files("--exclude", "old") == ["a.py", "build/c.py"]
    assert files("build/c.py") == ["build/c.py"]
    assert files("build/c.py", "--force-exclude") == []
    assert files("old", "a.py", "a.py") == ["a.py", "old/b.py"]


def test_git_decides_unless_told_otherwise(cli, write, folder):
    import subprocess

    write({"a.py": UNSAFE, "made/b.py": UNSAFE, ".gitignore": "made/\n"})
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    assert codes(cli("--select", "TLL101")) == ["101"]
    assert codes(cli("--select", "TLL101", "--no-respect-gitignore")) == ["101", "101"]


def test_the_answer_does_not_depend_on_the_workers(cli, write):
    write({f"m{number}.py": UNSAFE for number in range(5)})
    assert cli("--jobs", "2").stdout == cli("--jobs", "1").stdout


def test_the_flags_about_a_cache_change_nothing(cli, write, folder):
    write({"a.py": UNSAFE})
    before = cli().stdout
    assert cli("--no-cache").stdout == before
    assert cli("--cache-dir", "kept").stdout == before
    assert sorted(path.name for path in folder.iterdir()) == ["a.py", "pyproject.toml"]


def test_show_settings_tells_what_holds_and_why(cli, write):
    write({"inner/torchload-lint.toml": config(ignore=["TLL1"], target_torch="2.5")})
    shown = json.loads(cli("show-settings", "inner").stdout)
    assert shown["ignore"] == ["TLL1"]
    assert (shown["target-torch"], shown["target-torch-origin"]) == ("2.5 to 2.15", "configured")
    assert shown["target-torch-versions"][:2] == ["2.5", "2.6"]
    assert shown["file"].endswith("inner/torchload-lint.toml")
    assert "TLL101" not in shown["enabled"]
    assert json.loads(cli("show-settings", "inner", "--isolated").stdout)["ignore"] == []
    assert cli("show-settings", "--config", "gone.toml").exit_code == 2


def test_show_settings_says_what_is_assumed_besides_what_is_stated(cli, write):
    write({"Dockerfile": "FROM pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime\n"})
    shown = json.loads(cli("show-settings").stdout)
    assert shown["target-torch"] == "2.1 to 2.15"
    assert shown["target-torch-origin"].endswith(
        "and newer ones, since an image is one way to run it"
    )


def test_a_wrong_rule_is_said_to_come_from_where_it_stands(cli, write):
    write({"a.py": UNSAFE})
    assert "--select: unknown rule 'TLL999'" in cli("--select", "TLL999").stderr
    write({"torchload-lint.toml": config(ignore=["TLL999"])})
    assert "torchload-lint.toml: ignore: unknown rule 'TLL999'" in cli().stderr


def test_a_rule_that_has_to_be_asked_for(cli, write):
    write({"a.py": FIXED})
    assert codes(cli()) == []
    assert codes(cli("--select", "TLL1")) == []
    for asked in ("TLL109", "unknown-needs", "ALL"):
        assert codes(cli("--extend-select", asked)) == ["109"]
    assert codes(cli("--extend-select", "ALL", "--ignore", "TLL1")) == []


@pytest.mark.parametrize(("inside", "root"), [(True, "."), (False, "inner")])
def test_a_package_with_a_setup_py_inside_is_no_project(tmp_path, inside, root):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "setup.py").touch()
    if inside:
        (tmp_path / "inner" / "__init__.py").touch()
    assert config_for(tmp_path / "inner").root == (tmp_path / root).resolve()


@pytest.mark.parametrize(
    ("here", "named", "there", "root"),
    [
        (".", "clones/net", ["clones/net/README.md"], "clones/net"),
        (".", "clones/net", ["clones/net/requirements-gpu.txt"], "clones/net"),
        (".", "clones/net", ["clones/net/train.py"], "."),  # a part of the program that lies here
        (".", "clones/net", ["clones/net/license_plates.py"], "."),
        (".", "clones/net", ["clones/net/README.md", "README.md"], "."),
        (".", "clones/net/lib", ["clones/net/README.md"], "."),
        (".", ".", ["clones/net/README.md"], "."),
        ("elsewhere", "../clones/net", ["clones/net/train.py"], "clones/net"),
        ("elsewhere", "../clones/net/lib", ["clones/net/README.md"], "clones/net/lib"),
        ("elsewhere", "../clones", ["clones/net/README.md"], "clones"),
        ("clones/net/lib", "..", ["clones/net/train.py"], "clones/net"),
        ("elsewhere", "../clones/net", [".git"], "."),
    ],
)
def test_the_root_of_what_no_marker_says_to_be_a_project(
    tmp_path, monkeypatch, here, named, there, root
):
    """A folder inside took itself for a whole project, where the tree was looked at from afar."""
    for name in ("clones/net/lib/deep/a.py", "elsewhere/a.py", *there):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / here)
    projects = Projects(Settings())
    projects.are_named([Path(named)])
    deep = projects.project_of(tmp_path / "clones/net/lib/deep/a.py")
    assert deep.config.root == (tmp_path / root).resolve()
    assert projects.project_of(tmp_path / "clones/net/lib/a.py") is deep


@pytest.mark.parametrize(
    ("here", "given", "named", "root"),
    [
        ("elsewhere", "../clones/net/torchload-lint.toml", "../clones/net", "clones/net"),
        ("elsewhere", "../trusted/torchload-lint.toml", "../clones/net", "clones/net"),
        ("clones/net", "../../trusted/torchload-lint.toml", ".", "clones/net"),
        ("clones/net/lib", "../torchload-lint.toml", ".", "clones/net"),
    ],
)
def test_the_root_under_a_configuration_that_is_named_outright(
    tmp_path, monkeypatch, here, given, named, root
):
    """The current folder, all of ``/tmp`` say, was searched for what lies in another one."""
    for name in ("clones/net/lib/a.py", "clones/net/torchload-lint.toml", "elsewhere/a.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "clones/net/setup.py").touch()
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted/torchload-lint.toml").write_text('ignore = ["TLL101"]\n')
    monkeypatch.chdir(tmp_path / here)
    projects = Projects(Settings(config_file=Path(given)))
    projects.are_named([Path(named)])
    config = projects.project_of(tmp_path / "clones/net/lib/a.py").config
    assert config.root == (tmp_path / root).resolve()
    assert bool(config.ignore) is ("trusted" in given)


MISSPELT = {
    'checkpoint-roots = ["wieghts"]': 'checkpoint-roots: there is no folder "wieghts" (did',
    'checkpoint-roots = ["weights", "."]': "",
    'checkpoint-roots = ["/data/weights"]': "",
    'src = ["libs"]': 'src: there is no folder "libs" (did you mean "lib"?)',
    'src = ["lib"]': "",
    'trusted = ["nets.Nett"]': 'trusted: "nets.Nett" names nothing: lib/nets.py has no Nett (did',
    'trusted = ["nets.Net"]': "",
    'trusted = ["nets.*", "elsewhere.Net", "lazy.Net", "nets.made"]': "",
}


@pytest.mark.parametrize("line", MISSPELT)
def test_what_names_nothing_is_told(cli, write, line):
    write(
        {
            "a.py": FIXED,
            "weights/readme": "",
            "lib/nets.py": "from elsewhere import made\n\nclass Net:\n    pass\n",
            "lib/lazy.py": "def __getattr__(name):\n    return object\n",
            "torchload-lint.toml": ("" if line.startswith("src") else 'src = ["lib"]\n') + line,
        }
    )
    said = cli().stderr
    assert MISSPELT[line] in said
    assert bool(MISSPELT[line]) == ("warning: " in said)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tool = 3  # torchload-lint", "tool is not a table"),
        ("[[tool]]\ntorchload-lint = {}", "tool is not a table"),
        ("[tool]\ntorchload-lint = 'x'", "tool.torchload-lint is not a table"),
        ("[[tool.torchload-lint]]\nselect = ['TLL']", "tool.torchload-lint is not a table"),
        (f"{SECTION}extend = '{NUL}'", "extend must not hold the character U+0000"),
        (f"{SECTION}checkpoint-roots = ['a{NUL}']", "checkpoint-roots must not hold"),
        (
            f"{SECTION}loads = {{ 'a:b' = {{ checkpoints = ['{NUL}'] }} }}",
            "loads ['a:b'] must not",
        ),
    ],
)
@pytest.mark.parametrize("command", [(), ("--fix",), ("loads",), ("show-settings",)])
def test_a_configuration_of_another_shape_is_refused_by_name(cli, write, command, text, why):
    write({"pyproject.toml": text.replace("'", '"'), "load.py": "import torch\n"})
    result = cli(*command)
    assert result.exit_code == FAILED
    assert f"pyproject.toml: {why}" in result.stderr


def test_a_configuration_that_is_too_large_is_no_missing_one(cli, write, folder):
    write({"pyproject.toml": "[tool.torchload-lint]\nselect = ['TLL101']\n", "load.py": ""})
    os.truncate(folder / "pyproject.toml", 2**30)  # hollow: it takes no room
    result = cli(".")
    assert result.exit_code == FAILED
    assert "pyproject.toml: cannot be read (it is larger than 64 MB)" in result.stderr


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs the device")
def test_an_endless_list_to_compare_with_is_refused(cli, folder):
    (folder / "net.pt").write_bytes(b"")
    (folder / "endless.json").symlink_to("/dev/zero")
    (folder / "hollow.json").touch()
    os.truncate(folder / "hollow.json", 2**30)
    for name in ("endless.json", "hollow.json"):
        result = cli("inspect", "--union", "--since", name, "net.pt")
        assert result.exit_code == FAILED
        assert name in result.stderr
