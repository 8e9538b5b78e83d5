"""Buckets: a server that speaks S3, memory, and local folders."""

from __future__ import annotations

import os

import obstore
import pytest

from checkpoint import bare_files as files
from s3_server import s3_server
from torchload_lint.remote.addresses import is_address, store_of
from torchload_lint.remote.buckets import bucket_of
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.listing import objects_at

NAMES = ("a.pt", "runs/1/last.ckpt", "runs/1/log.txt", "runs/2/odd name#1.pt", "runs/2/x/best.ckpt")


@pytest.fixture(scope="module")
def bucket():
    with pytest.MonkeyPatch.context() as environment, s3_server(environment):
        os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
        import boto3

        client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        client.create_bucket(Bucket="models")
        for name in NAMES:
            client.put_object(Bucket="models", Key=name, Body=files.archive(b"\x80\x02]."))
        yield client


def names_at(uri):
    return sorted(
        one.uri for _, one in objects_at(uri, lambda name: name.endswith((".pt", ".ckpt")))
    )


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("s3://models/a.pt", ["a.pt"]),
        (
            "s3://models",
            ["a.pt", "runs/1/last.ckpt", "runs/2/odd name%231.pt", "runs/2/x/best.ckpt"],
        ),
        ("s3://models/runs/1", ["runs/1/last.ckpt"]),
        ("s3://models/runs/1/", ["runs/1/last.ckpt"]),
        ("s3://models/runs/**/*.ckpt", ["runs/1/last.ckpt", "runs/2/x/best.ckpt"]),
        ("s3://models/runs/*/*.ckpt", ["runs/1/last.ckpt"]),
        ("s3://models/runs/1/*", ["runs/1/last.ckpt", "runs/1/log.txt"]),
        ("s3://models/runs/2/odd name%231.pt", ["runs/2/odd name%231.pt"]),
        ("s3://models/none/*", []),
    ],
)
def test_what_an_address_stands_for(uri, found):
    assert names_at(uri) == [f"s3://models/{name}" for name in found]


@pytest.mark.usefixtures("bucket")
def test_an_object_is_described_and_read():
    place = store_of("s3://models/a.pt")
    (item,) = [one for one in place.below("s3://models/") if one.uri.endswith("/a.pt")]
    alone = place.one("s3://models/a.pt")
    assert (alone.size, alone.etag) == (item.size, item.etag)
    assert item.size == len(files.archive(b"\x80\x02]."))
    assert place.fetch(item, 0, 4) == b"PK\x03\x04"
    assert item.modified


def test_head_and_tail_are_of_one_object(bucket):
    bucket.put_object(Bucket="models", Key="other/changing.pt", Body=b"x" * 100)
    place = store_of("s3://models/other/changing.pt")
    item = place.one("s3://models/other/changing.pt")
    bucket.put_object(Bucket="models", Key="other/changing.pt", Body=b"y" * 100)
    with pytest.raises(RemoteError, match="it changed while it was read"):
        place.fetch(item, 0, 10)
    bucket.delete_object(Bucket="models", Key="other/changing.pt")


@pytest.mark.usefixtures("bucket")
def test_what_is_missing_is_named_and_no_secret_is():
    for uri in ("s3://models/gone.pt", "s3://nowhere/gone.pt"):
        with pytest.raises(RemoteError) as caught:
            names_at(uri)
        assert uri in str(caught.value)
        assert "of-the-test" not in str(caught.value)


def test_memory():
    store = bucket_of("memory://one")
    obstore.put(store._store, "runs/m.pt", b"abc")
    (item,) = store_of("memory://one/runs").below("memory://one/runs/")
    assert (item.uri, item.size) == ("memory://one/runs/m.pt", 3)
    assert store_of("memory://one").fetch(item, 1, 3) == b"bc"


def test_a_local_folder(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a b.pt").write_bytes(b"abc")
    uri = tmp_path.as_uri()
    (item,) = [one for _, one in objects_at(f"{uri}/runs", lambda _: True)]
    assert item.uri == f"{uri}/runs/a b.pt"
    assert store_of(item.uri).fetch(item, 0, 3) == b"abc"


@pytest.mark.parametrize(
    "text", ["s3://b/x", "S3://b/x", "hf://org/repo/x", "https://a/x", "file:///x"]
)
def test_addresses(text):
    assert is_address(text)


@pytest.mark.parametrize("text", ["x.pt", "/x.pt", "C:\\x.pt", "c:/x", "a:b", "://x", "s3:/x"])
def test_paths(text):
    assert not is_address(text)


def test_a_scheme_that_nobody_knows():
    with pytest.raises(RemoteError):
        names_at("nosuchscheme://x/y.pt")
