"""A second server that speaks S3: s3rver (npm), where it is on the PATH, or named by ``S3RVER``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import suppress

import obstore
import pytest
from obstore.store import S3Store

from scanned import PROGRAMS, checkpoint, table
from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.listing import objects_at

PROGRAM = os.environ.get("S3RVER") or shutil.which("s3rver")
pytestmark = pytest.mark.skipif(
    not (PROGRAM and shutil.which("node")), reason="needs s3rver (npm install s3rver)"
)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """A store with a checkpoint of each kind; the environment leads there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("store")
    (folder / "models").mkdir()
    command = ["node", "--openssl-legacy-provider", PROGRAM, "-d", folder, "-a", "127.0.0.1"]
    process = subprocess.Popen([*command, "-p", str(port), "--silent"])
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "S3RVER",
            "AWS_SECRET_ACCESS_KEY": "S3RVER",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
        }.items():
            environment.setenv(name, value)
        try:
            assert is_there(port, process)
            store = S3Store("models", client_options={"allow_http": True})
            for kind in (*PROGRAMS, "unreadable"):
                obstore.put(store, f"runs/{kind}.pt", checkpoint(kind))
            yield store
        finally:
            process.terminate()
            process.wait()


def is_there(port, process):
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
    return False


@pytest.mark.usefixtures("bucket")
def test_what_is_listed_is_read():
    found = list(objects_at("s3://models/runs", lambda name: name.endswith(".pt")))
    assert len(found) == 6
    for place, item in found:
        kind = item.uri.rpartition("/")[2].removesuffix(".pt")
        assert place.fetch(item, 0, item.size) == checkpoint(kind)


def test_another_object_is_noticed_though_it_knows_no_condition(bucket):
    obstore.put(bucket, "other/changing.pt", b"x" * 100)
    place = store_of("s3://models/other/changing.pt")
    item = place.one("s3://models/other/changing.pt")
    obstore.put(bucket, "other/changing.pt", b"y" * 100)
    with pytest.raises(RemoteError, match="it changed while it was read"):
        place.fetch(item, 0, 10)


@pytest.mark.usefixtures("bucket")
def test_a_bucket_is_scanned(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from torchload_lint.cli.group import root

    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    done = CliRunner().invoke(root, ["scan", "s3://models/runs/", "--out", "out", "--workers", "1"])
    assert done.exit_code == 0, done.output
    judged = {row["uri"].rpartition("/")[2]: row["judgement"] for row in table(tmp_path)}
    assert judged == {f"{kind}.pt": kind for kind in (*PROGRAMS, "unreadable")}
