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
@pytest.mark.parametrize("path", ["weights/out.pt", "there/creds.pt"])
def test_a_check_judges_what_code_names_and_shows_nothing_of_it(cli, write, path):
    """On a cluster, ``weights`` is a link to another disk: the program reads it, and so do we."""
    write({"a.py": LOAD.format(path)})
    (load,) = json.loads(cli("loads", "--output-format", "json", ".").stdout)
    assert [one["verdict"] for one in load["files"]] == ["loads"]
    page = cli("--output-format", "html", ".").stdout
    assert SECRET not in page
    assert "it lies outside of the project" in page


def test_a_snapshot_of_the_hub_is_read_through_its_links(cli, folder, links):
    model = folder / "hub/models--me--net"
    (model / "blobs").mkdir(parents=True)
    (model / "snapshots/abc/unet").mkdir(parents=True)
    (model / "blobs/123").write_bytes((links / "creds.pt").read_bytes())
    (model / "snapshots/abc/pytorch_model.bin").symlink_to("../../blobs/123")
    (model / "snapshots/abc/unet/model.bin").symlink_to("../../../blobs/123")
    (model / "snapshots/abc/out.bin").symlink_to(links / "creds.pt")
    (folder / "pyproject.toml").unlink()
    told = cli("inspect", "--summary", "hub/models--me--net/snapshots/abc").stdout
    assert "2 load as they are" in told
    assert "out.bin: is not a readable checkpoint: a link leads out of" in told


def test_the_page_shows_values_of_the_projects_own_files_alone(cli, write, links):
    write({"a.py": LOAD.format("weights/in.pt"), "b.py": LOAD.format(links / "creds.pt")})
    page = cli("--output-format", "html", ".").stdout
    assert page.count(SECRET) == 1
    assert "it lies outside of the project" in page


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
