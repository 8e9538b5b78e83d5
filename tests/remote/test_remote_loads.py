"""What code and configuration name by an address, read with ``--remote`` and only then."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from s3_server import s3_server
from scanned import checkpoint
from torchload_lint.cli.group import root
from torchload_lint.remote import buckets, kept_bytes
from torchload_lint.workspace import remote_checkpoints


@pytest.fixture(scope="module")
def bucket():
    with pytest.MonkeyPatch.context() as environment, s3_server(environment):
        os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
        import boto3

        client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        client.create_bucket(Bucket="models")
        for kind in ("needs-safe-globals", "dangerous", "loads"):
            client.put_object(Bucket="models", Key=f"runs/{kind}.pt", Body=checkpoint(kind))
        yield client


@pytest.fixture
def project(tmp_path, monkeypatch, bucket):
    """A folder with one load, which is the current folder; what is kept stays in it, too."""
    del bucket
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))

    def write(expression, config="", before=""):
        (tmp_path / "pyproject.toml").write_text(f"[tool.torchload-lint]\n{config}")
        code = f"import fsspec\nimport torch\n{before}\n\ndef load():\n    return {expression}\n"
        (tmp_path / "app.py").write_text(code)
        return tmp_path

    return write


def run(*arguments):
    return CliRunner().invoke(root, arguments, prog_name="torchload-lint")


def loads(*more):
    done = run("loads", "--output-format", "json", *more)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def checked(*more):
    done = run("check", "--output-format", "json", "--exit-zero", *more)
    assert done.exit_code == 0, done.output
    return {one["code"]: one for one in json.loads(done.stdout)}


NEEDS = "s3://models/runs/needs-safe-globals.pt"
LITERAL = 'torch.load(fsspec.open("s3://models/runs/{}.pt"), weights_only=True)'


def requests_of(monkeypatch):
    """The parts that are asked for from now on."""
    asked = []
    fetch = buckets.Bucket.fetch

    def counted(self, item, start, end):
        asked.append((item.uri, start, end))
        return fetch(self, item, start, end)

    monkeypatch.setattr(buckets.Bucket, "fetch", counted)
    return asked


def test_an_address_in_code_is_read_where_the_user_allows_it(project):
    project(LITERAL.format("needs-safe-globals"))
    assert "TLL103" not in checked()
    found = checked("--remote")["TLL103"]
    assert found["checkpoints"] == ["s3://models/runs/needs-safe-globals.pt"]
    assert found["safe_globals"] == ["argparse.Namespace"]


@pytest.mark.parametrize("kind", ["needs-safe-globals", "loads"])
def test_a_fix_that_rests_on_an_object_far_away_is_unsafe(project, kind):
    """Others may write another one there before the program runs."""
    project(LITERAL.format(kind).replace("True", "False"))
    assert checked("--remote")["TLL101"]["fix"]["applicability"] == "unsafe"


def test_a_dangerous_object_is_reported(project):
    project(LITERAL.format("dangerous"))
    assert "TLL501" not in checked()
    assert "os.system" in checked("--remote")["TLL501"]["message"]


def test_a_url_that_torch_downloads(project, monkeypatch):
    monkeypatch.setenv("HOME", str(project("x")))
    project('torch.hub.load_state_dict_from_url("s3://models/runs/dangerous.pt")')
    assert "TLL501" in checked("--remote")


@pytest.mark.parametrize(
    "config",
    [
        '[tool.torchload-lint.loads]\n"app:load" = { checkpoints = ["s3://models/runs/need*.pt"] }',
        f'[tool.torchload-lint.checkpoints]\n"w.pt" = {{ path = "{NEEDS}" }}',
    ],
)
def test_the_configuration_names_an_address(project, config):
    expression = "p" if "loads" in config else '"w.pt"'
    before = "p = input()" if "loads" in config else ""
    project(f"torch.load({expression}, weights_only=True)", config, before)
    assert "TLL103" not in checked()
    assert checked("--remote")["TLL103"]["safe_globals"] == ["argparse.Namespace"]
    (load,) = loads("--remote")
    assert "s3://models/runs/needs-safe-globals.pt" in json.dumps(load)


def test_loads_tells_what_it_read(project):
    project(LITERAL.format("loads"))
    (near,) = loads()
    (far,) = loads("--remote")
    assert near["evidence"] == "none"
    assert far["evidence"] == "pattern"


def test_what_was_read_is_kept_by_its_etag(project, monkeypatch, bucket):
    bucket.put_object(Bucket="models", Key="one.pt", Body=checkpoint("dangerous"))
    project('torch.load(fsspec.open("s3://models/one.pt"), weights_only=True)')
    asked = requests_of(monkeypatch)
    assert "TLL501" in checked("--remote")
    assert len(asked) == 1
    assert "TLL501" in checked("--remote")
    assert len(asked) == 1
    bucket.put_object(Bucket="models", Key="one.pt", Body=checkpoint("loads"))
    assert "TLL501" not in checked("--remote")
    assert len(asked) == 2


def test_what_is_kept_and_damaged_is_read_again(project, monkeypatch):
    folder = project(LITERAL.format("dangerous"))
    checked("--remote")
    (kept,) = (folder / "cache").rglob("*/objects/*")
    kept.write_bytes(kept.read_bytes()[:50])
    asked = requests_of(monkeypatch)
    assert "TLL501" in checked("--remote")
    assert len(asked) == 1


def test_not_more_is_kept_than_a_bound(project, monkeypatch):
    folder = project(LITERAL.format("loads"))
    monkeypatch.setattr(kept_bytes, "MOST_OBJECTS", 1)
    for kind in ("loads", "dangerous", "needs-safe-globals"):
        project(LITERAL.format(kind))
        checked("--remote")
    assert len(list((folder / "cache").rglob("*/objects/*"))) == 1


def test_not_more_objects_are_read_than_a_bound(project, monkeypatch):
    monkeypatch.setattr(remote_checkpoints, "MOST_OBJECTS", 2)
    folder = project(LITERAL.format("loads"))
    for kind in ("dangerous", "needs-safe-globals"):
        (folder / f"{kind.replace('-', '_')}.py").write_text(
            (folder / "app.py").read_text().replace("loads.pt", f"{kind}.pt")
        )
    read = [file["verdict"] for one in loads("--remote") for file in one["files"]]
    assert sorted(read) == ["dangerous", "loads", "unreadable"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9/m.pt", "an inner address is only read where a user names it"),
        ("https://localhost/m.pt", "an inner address is only read where a user names it"),
        ("http://169.254.169.254/latest/m.pt", "an inner address is only read"),
        ("memory://x/m.pt", "memory:// is only read where a user names it"),
        ("sftp://host/m.pt", "sftp:// is only read where a user names it"),
        ("s3://models/gone.pt", "there is no such object"),
    ],
)
def test_an_address_that_is_not_read_is_told(project, address, said):
    project(f'torch.load(fsspec.open("{address}"), weights_only=True)')
    assert said in checked("--remote")["TLL502"]["message"]


def test_a_local_file_comes_first(project, monkeypatch):
    folder = project(
        'torch.load("w.pt", weights_only=True)',
        '[tool.torchload-lint.checkpoints]\n"other.pt" = { path = "s3://models/runs/loads.pt" }',
    )
    (folder / "w.pt").write_bytes(checkpoint("needs-safe-globals"))
    asked = requests_of(monkeypatch)
    assert checked("--remote")["TLL103"]["checkpoints"] == ["w.pt"]
    assert not asked


def test_many_files_are_not_checked_in_forks(project):
    folder = project(LITERAL.format("dangerous"))
    for number in range(300):
        (folder / f"m{number}.py").write_text("import torch\n\ntorch.load(x)\n")
    assert "TLL501" in checked("--remote", "--jobs", "2")


def test_verify_needs_local_files(project):
    project(LITERAL.format("loads"))
    done = run("check", "--remote", "--verify")
    assert done.exit_code == 2
    assert "exclude each other" in done.stderr
