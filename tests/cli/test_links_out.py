"""Links that lead out of what was named show nothing of what lies elsewhere."""

from __future__ import annotations

import json

import pytest

from checkpoint import bare_files as files
from torchload_lint.cli.inspect import FORMATS
from torchload_lint.cli.terminal import CLEAN, FINDINGS

SECRET = "TOPSECRET123"
LOAD = 'import torch\n\ntorch.load("{}")\n'


@pytest.fixture
def links(folder, tmp_path_factory):
    """A project whose links lead to a checkpoint elsewhere, and to another one of its own."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    holding = files.archive(b"\x80\x02}X\x07\x00\x00\x00api_keyX\x0c\x00\x00\x00TOPSECRET123s.")
    for place in (elsewhere / "creds.pt", folder / "own.pt"):
        place.write_bytes(holding)
    (folder / "weights").mkdir()
    (folder / "weights/out.pt").symlink_to(elsewhere / "creds.pt")
    (folder / "weights/in.pt").symlink_to("../own.pt")
    (folder / "there").symlink_to(elsewhere, target_is_directory=True)
    (folder / "dcp").mkdir()
    (folder / "dcp/.metadata").symlink_to(elsewhere / "creds.pt")
    (folder / "m.bin.index.json").write_text(
        json.dumps({"weight_map": {"w": "weights/out.pt", "v": "there/creds.pt"}})
    )
    return elsewhere


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("given", ["weights/out.pt", "there/creds.pt", "dcp", "m.bin.index.json"])
def test_no_format_shows_what_a_link_out_of_the_folder_leads_to(cli, folder, form, given):
    (folder / "weights/in.pt").unlink()
    (folder / "own.pt").unlink()
    named = "." if given.endswith("pt") else given
    result = cli("inspect", "--output-format", form, named)
    assert SECRET not in result.stdout
    assert "not followed" in result.stdout
    assert result.exit_code == FINDINGS


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("given", ["weights/out.pt", "there/creds.pt", "there", "weights/in.pt"])
def test_what_is_named_outright_is_read(cli, given):
    result = cli("inspect", given)
    assert SECRET in result.stdout
    assert result.exit_code == CLEAN


@pytest.mark.usefixtures("links")
def test_a_link_within_the_project_is_read(cli):
    result = cli("inspect", "weights")
    assert result.stdout.count(SECRET) == 1
    assert "weights/in.pt: loads with weights_only=True" in result.stdout


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("path", ["weights/out.pt", "there/creds.pt", "dcp"])
def test_a_check_reads_none_that_code_names(cli, write, path):
    write({"a.py": LOAD.format(path)})
    said = cli("--select", "TLL502", ".")
    assert f"{path} cannot be read: a link leads out of the project" in said.stdout
    assert said.exit_code == FINDINGS
    (load,) = json.loads(cli("loads", "--output-format", "json", ".").stdout)
    assert [one["verdict"] for one in load["files"]] == ["unreadable"]
    assert SECRET not in cli("--output-format", "html", ".").stdout


def test_the_page_shows_values_of_the_projects_own_files_alone(cli, write, links):
    write({"a.py": LOAD.format("weights/in.pt"), "b.py": LOAD.format(links / "creds.pt")})
    page = cli("--output-format", "html", ".").stdout
    assert page.count(SECRET) == 1
    assert "it lies outside of the project" in page


def test_checkpoint_roots_name_where_links_may_lead(cli, write, links):
    write({
        "a.py": LOAD.format("weights/out.pt"),
        "pyproject.toml": f'[tool.torchload-lint]\ncheckpoint-roots = [".", "{links}"]\n',
    })  # fmt: skip
    (load,) = json.loads(cli("loads", "--output-format", "json", ".").stdout)
    assert [one["verdict"] for one in load["files"]] == ["loads"]


def test_a_setting_is_not_read_through_a_link_that_leads_out(cli, write, folder, links):
    (links / "c.yaml").write_text(f"path: {SECRET}.pt\n")
    (folder / "conf").symlink_to(links, target_is_directory=True)
    code = 'import torch, yaml\n\nc = yaml.safe_load(open("{}/c.yaml"))\ntorch.load(c["path"])\n'
    write({"a.py": code.format("conf"), "b.py": code.format("own"), "own/c.yaml": "path: own.pt\n"})
    said = cli("loads", ".").stdout
    assert "own.pt" in said
    assert SECRET not in said


@pytest.mark.usefixtures("links")
def test_migrate_leaves_them_alone_and_says_so(cli):
    result = cli("migrate", "--dry-run", "weights")
    assert "out.pt: a link leads out of weights here" in result.stderr
