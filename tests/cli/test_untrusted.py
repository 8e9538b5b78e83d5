"""What a pull request of a stranger may add, and how a run listens to none of it."""

from __future__ import annotations

import ast
import json

import pytest

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
