"""What a pull request of a stranger may add, and how a run listens to none of it."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import zipfile
from pathlib import Path

import pytest

from checkpoint import bare_files as files
from torchload_lint.cli.terminal import CLEAN, FAILED, FINDINGS

UNSAFE = "import torch\n\ntorch.load(p, weights_only=False){comment}\n"


@pytest.fixture
def trusted(tmp_path_factory):
    """A copy of the base branch's configuration, outside of the project."""
    file = tmp_path_factory.mktemp("trusted") / "pyproject.toml"
    file.write_text('[tool.torchload-lint]\ncheckpoint-roots = ["weights"]\n')
    return str(file)


def test_a_comment_hides_a_finding_only_where_comments_count(cli, write):
    write({"a.py": UNSAFE.format(comment="  # noqa: TLL101")})
    assert cli(".").exit_code == CLEAN
    result = cli("--no-suppressions", ".")
    assert "TLL101" in result.stdout
    assert "TLL801" not in result.stdout
    assert result.exit_code == FINDINGS


def test_nor_does_a_baseline(cli, write):
    write({"a.py": UNSAFE.format(comment="")})
    cli("--baseline", "known.json", "--update-baseline", ".")
    assert cli("--baseline", "known.json", ".").exit_code == CLEAN
    assert cli("--baseline", "known.json", "--no-suppressions", ".").exit_code == FINDINGS


@pytest.mark.parametrize("added", ['ignore = ["ALL"]', 'exclude = ["*"]', 'trusted = ["*"]'])
def test_a_trusted_configuration_takes_the_place_of_the_projects_own(cli, write, trusted, added):
    write({
        "a.py": UNSAFE.format(comment=""),
        "pyproject.toml": f"[tool.torchload-lint]\n{added}\n",
    })  # fmt: skip
    result = cli("--config", trusted, "--output-format", "json", ".")
    assert [one["code"] for one in json.loads(result.stdout)] == ["TLL101"]


def test_the_root_stays_the_projects(cli, write, trusted):
    write({"sub/a.py": 'import torch\n\ntorch.load("x.pt")\n', "weights/x.pt": "<html>"})
    result = cli("--config", trusted, ".")
    assert "x.pt cannot be read: this is a web page" in result.stdout


@pytest.mark.parametrize(
    "baseline", ["../known.json", "/tmp/torchload-lint-known.json", "link.json"]
)
def test_a_configured_baseline_is_not_written_outside_of_the_project(
    cli, write, tmp_path, monkeypatch, baseline
):
    write({
        "project/a.py": UNSAFE.format(comment=""),
        "project/pyproject.toml": f"[tool.torchload-lint]\nbaseline = '{baseline}'\n",
    })  # fmt: skip
    (tmp_path / "project/link.json").symlink_to(tmp_path / "elsewhere.json")
    monkeypatch.chdir(tmp_path / "project")
    result = cli("--update-baseline", ".")
    assert result.exit_code == FAILED
    assert "leads out of the project" in result.stderr
    assert not (tmp_path / "known.json").exists()
    assert not (tmp_path / "elsewhere.json").exists()


DAMAGED = {
    "a load without its fields": '{"version": 1, "loads": [{"file": "a.py"}]}',
    "no object": "null",
    "a load that is none": '{"version": 1, "loads": [null]}',
    "no loads": '{"version": 1, "loads": null}',
    "no text": '{"version": 1, "loads": [{"file": 1, "function": "", "row": 3, "checkpoint": ""}]}',
    "no list": '{"version": 1, "loads": [{"safe_globals": 3}]}',
    "nothing": "",
    "nested": "[" * 100_000,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("command", ["check", "loads"])
def test_a_damaged_recording_keeps_nothing_from_being_reported(cli, write, text, command):
    write({"a.py": UNSAFE.format(comment=""), ".torchload-lint/loads.json": text})
    result = cli(command, ".")
    assert result.exit_code == FAILED
    assert "is not a recording" in result.stderr
    assert "a.py:3" in result.stdout


DISGUISED = {
    "an attribute": "import torch\n\ntorch.\uff4coad(p, weights_only=False)\n",
    "an imported name": "from torch import \uff4coad as l\n\nl(p, weights_only=False)\n",
    "the module": "import t\u1d52rch\n\n\U0001d42d\u1d52rch.load(p, weights_only=False)\n",
    "the keyword": "import torch\n\ntorch.load(p, weight\u017f_only=False)\n",
}


@pytest.mark.parametrize("text", DISGUISED.values(), ids=DISGUISED)
def test_a_name_in_letters_that_python_reads_as_others_is_seen(cli, write, text):
    parts = ("attr", "id", "name")
    nodes = [*ast.walk(ast.parse(text))]
    names = {getattr(node, part, "") for node in nodes for part in parts}
    assert not names.isdisjoint({"load", "torch"})  # Python reads it so
    write({"a.py": text})
    assert "a.py:3:1: TLL101" in cli(".").stdout


def test_letters_like_them_in_texts_and_comments_are_no_names(cli, write):
    write({"a.py": "import torch\n# \uff4coad\nx = 'torch.\uff4coad'\n"})
    assert cli(".").exit_code == CLEAN


@pytest.mark.parametrize(
    ("command", "link"),
    [
        (("--output-format", "sarif", "-o", "link", "."), "link"),
        (("--diff", "-o", "link", "."), "link"),
        (("--account", "link", "."), "link"),
        (("--baseline", "link", "--update-baseline", "."), "link"),
        (("--fix", "."), "restore_only.py"),
        (("migrate", "net.pt"), "net.migrated.pt"),
        (("migrate", "net.pt", "--force"), "net.migrated.pt"),
        (("migrate", "net.pt", "--manifest", "link"), "link"),
        (("migrate", "net.pt", "--manifest", "link", "--force"), "link"),
        (("migrate", "net.pt", "--in-place"), "net.pt.bak"),
        (("migrate", "net.pt", "--out-dir", "new"), "new/net.pt"),
        (("inspect", "net.pt", "--output-format", "json", "-o", "link"), "link"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_nothing_is_written_through_a_link_out_of_the_project(
    cli, write, folder, tmp_path_factory, command, link
):
    outside = tmp_path_factory.mktemp("home") / "started.pth"
    write({
        "models.py": "import torch\n\nclass Net(torch.nn.Module):\n    pass\n",
        "a.py": 'import torch\n\nx = torch.load("net.pt", weights_only=True)\ny = torch.load(p)\n',
    })  # fmt: skip
    (folder / "new").mkdir()
    with zipfile.ZipFile(folder / "net.pt", "w") as archive:
        archive.writestr(
            "archive/data.pkl", b"\x80\x02cmodels\nNet\n)\x81}X\x01\x00\x00\x00aK\x01sb."
        )
        archive.writestr("archive/version", b"3\n")
    (folder / link).unlink(missing_ok=True)
    (folder / link).symlink_to(outside)
    result = cli(*command)
    assert not outside.exists()
    assert result.exit_code == FAILED, result.output
    assert (folder / link).is_symlink()
    assert "restore_only" not in (folder / "a.py").read_text()


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_entries_are_not_written_through_a_link_out_of_the_project(
    cli, write, folder, tmp_path_factory
):
    outside = tmp_path_factory.mktemp("home") / "settings.toml"
    outside.write_text("[tool.torchload-lint]\n")
    write({"a.py": "import torch\n\nx = torch.load(p)\n"})
    (folder / "pyproject.toml").unlink()
    (folder / "pyproject.toml").symlink_to(outside)
    result = cli("loads", "--write-config")
    assert "it is a link that leads out of its folder" in result.stderr
    assert result.exit_code == FAILED
    assert outside.read_text() == "[tool.torchload-lint]\n"


HOSTILE = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."
COMMAND = re.compile(r"^torchload-lint (.*)$", re.MULTILINE)
PAGE = Path(__file__).parents[2] / "docs/untrusted.md"


@pytest.fixture
def commands(trusted):
    """The two commands of the page, as lists of arguments."""
    found = [shlex.split(line) for line in COMMAND.findall(PAGE.read_text(encoding="utf-8"))]
    assert len(found) == 2
    return [[trusted if "$" in word else word for word in words] for words in found]


def test_a_checkpoint_that_no_code_names_is_read_by_the_second_command(
    cli, write, folder, commands
):
    write({"a.py": "import torch\n", "pyproject.toml": '[tool.torchload-lint]\ntrusted = ["*"]\n'})
    (folder / "evil.pt").write_bytes(files.archive(HOSTILE))
    check, inspect = (cli(*words) for words in commands)
    assert check.exit_code == CLEAN
    assert "evil.pt" in inspect.stdout
    assert "os.system" in inspect.stdout
    assert inspect.exit_code == FINDINGS


@pytest.mark.parametrize("stated", ["torch>=1.13", "torch>=2.6"])
def test_a_raised_requirement_hides_no_load(cli, write, commands, stated):
    write({"a.py": "import torch\n\ntorch.load(p)\n", "requirements.txt": stated})
    result = cli(*commands[0])
    assert "TLL102" in result.stdout
    assert result.exit_code == FINDINGS


@pytest.mark.parametrize(
    ("spelled", "is_seen"),
    [
        ('getattr(torch, "load")(p, weights_only=False)', True),
        ('importlib.import_module("torch").load(p, weights_only=False)', True),
        ('torch.__dict__["load"](p, weights_only=False)', True),
        ('getattr(torch, "lo" + "ad")(p, weights_only=False)', False),
        ('exec("torch.load(p, weights_only=False)")', False),
    ],
)
def test_which_spellings_of_a_load_are_seen_is_told(cli, write, commands, spelled, is_seen):
    write({"a.py": f"import importlib\nimport torch\n\n{spelled}\n"})
    assert ("TLL101" in cli(*commands[0]).stdout) is is_seen
    assert spelled.partition("(p")[0].partition('("torch.load')[0] in PAGE.read_text()
