"""The hub, as huggingface_hub asks a server on loopback for it."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("huggingface_hub")

from click.testing import CliRunner

from fake_hub import SHA, fake_hub
from scanned import checkpoint
from torchload_lint.cli.group import root
from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.listing import objects_at


@pytest.fixture
def hub(monkeypatch):
    with fake_hub(monkeypatch) as server:
        server.repositories = {
            "acme/one": {
                "pytorch_model.bin": checkpoint("needs-safe-globals"),
                "runs/a b/last.ckpt": checkpoint("dangerous"),
                "README.md": b"# One",
            },
            "acme/two": {"x.pt": checkpoint("loads")},
            "other/three": {"y.pt": checkpoint("loads")},
        }
        yield server


def names_at(uri):
    return sorted(
        one.uri for _, one in objects_at(uri, lambda name: name.endswith((".pt", ".ckpt", ".bin")))
    )


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("hf://acme", ["one/pytorch_model.bin", "one/runs/a%20b/last.ckpt", "two/x.pt"]),
        ("hf://acme/", ["one/pytorch_model.bin", "one/runs/a%20b/last.ckpt", "two/x.pt"]),
        ("hf://acme/one", ["one/pytorch_model.bin", "one/runs/a%20b/last.ckpt"]),
        ("hf://acme/one/runs", ["one/runs/a%20b/last.ckpt"]),
        ("hf://acme/one@v1/runs", ["one@v1/runs/a%20b/last.ckpt"]),
        ("hf://acme/one/**/*.ckpt", ["one/runs/a%20b/last.ckpt"]),
        ("hf://acme/one/pytorch_model.bin", ["one/pytorch_model.bin"]),
        ("hf://models/acme/two/x.pt", []),
    ],
)
def test_what_an_address_stands_for(uri, found):
    if uri.startswith("hf://models/"):
        assert names_at(uri) == [uri]
        return
    assert names_at(uri) == [f"hf://acme/{name}" for name in found]


def test_parts_of_one_commit_are_read(hub):
    place = store_of("hf://acme/one/pytorch_model.bin")
    item = place.one("hf://acme/one/pytorch_model.bin")
    hub.asked.clear()
    assert place.fetch(item, 4, 9) == checkpoint("needs-safe-globals")[4:9]
    ((method, path, headers),) = hub.asked
    assert (method, path) == ("GET", f"/acme/one/resolve/{SHA}/pytorch_model.bin")
    assert headers["Range"] == "bytes=4-8"
    assert headers["Authorization"] == "Bearer hf_token_of_the_test"
    assert item.version == SHA


def test_the_token_goes_to_no_other_host(hub, monkeypatch):
    """The hub leads to a host of its own for large files."""
    with pytest.MonkeyPatch.context() as environment, fake_hub(environment) as other:
        environment.undo()
        hub.elsewhere = f"http://localhost:{other.server_port}/acme/one/resolve/{SHA}"
        other.repositories = hub.repositories
        monkeypatch.setattr("torchload_lint.remote.web.is_inner", lambda _: False)
        monkeypatch.setattr(
            "torchload_lint.remote.timed_connections._is_inner_address", lambda _: False
        )
        place = store_of("hf://acme/one/pytorch_model.bin")
        item = place.one("hf://acme/one/pytorch_model.bin")
        assert place.fetch(item, 0, 4) == b"PK\x03\x04"
        ((_, _, headers),) = other.asked
        assert "authorization" not in {name.lower() for name in headers}


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("hf://acme/none/m.pt", "there is no such repository"),
        ("hf://acme/one/gone.pt", "there is no such file"),
        ("hf://", "it names no organisation"),
    ],
)
def test_what_is_missing_is_named_and_no_token_is(uri, said):
    with pytest.raises(RemoteError) as caught:
        names_at(uri)
    assert said in str(caught.value)
    assert "hf_token" not in str(caught.value)


def test_an_organisation_is_scanned(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    done = CliRunner().invoke(root, ["scan", "hf://acme", "--out", "out", "--workers", "1"])
    assert done.stdout.startswith("3 objects: 1 dangerous, 1 needs-safe-globals, 1 loads.")
    hub.asked.clear()
    CliRunner().invoke(root, ["scan", "hf://acme", "--out", "out", "--workers", "1"])
    assert not any("/resolve/" in path for _, path, _ in hub.asked)


CALLS = {
    'hf_hub_download("acme/one", "pytorch_model.bin")': "hf://acme/one/pytorch_model.bin",
    'hf_hub_download(repo_id="acme/one", filename="pytorch_model.bin", local_dir="w")': (
        "hf://acme/one/pytorch_model.bin"
    ),
    'hf_hub_download("acme/one", "pytorch_model.bin", revision="v1")': (
        "hf://acme/one@v1/pytorch_model.bin"
    ),
    'hf_hub_download("acme/one", "last.ckpt", subfolder="runs/a b")': (
        "hf://acme/one/runs/a b/last.ckpt"
    ),
    'os.path.join(snapshot_download("acme/one"), "runs/a b", "last.ckpt")': (
        "hf://acme/one/runs/a b/last.ckpt"
    ),
    'hf_hub_download("acme/one", "pytorch_model.bin", revision=REVISION)': None,
    'hf_hub_download("acme/one", "pytorch_model.bin", **NAME)': None,
    'snapshot_download("acme/one") + NAME': None,
    'hf_hub_download("acme/one", NAME)': None,
}


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_code_downloads_is_read_on_the_hub(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    (tmp_path / "app.py").write_text(
        "import os\nimport torch\n"
        "from huggingface_hub import hf_hub_download, snapshot_download\n\n"
        f"NAME, REVISION = input(), input()\nmodel = torch.load({call}, weights_only=True)\n"
    )
    near = CliRunner().invoke(root, ["loads", "--output-format", "json"])
    assert json.loads(near.stdout)[0]["files"] == []
    far = CliRunner().invoke(root, ["loads", "--output-format", "json", "--remote"])
    (load,) = json.loads(far.stdout)
    assert [file["path"] for file in load["files"]] == ([CALLS[call]] if CALLS[call] else [])
    assert load["evidence"] == ("pattern" if CALLS[call] else "none")
