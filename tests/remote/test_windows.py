"""A remote object is read in few large pieces, and gives the same report as on disk."""

from __future__ import annotations

import argparse
import zipfile

import pytest
import torch

from checkpoint import bare_files as files
from torchload_lint.checkpoint import DEFAULT_LIMITS, inspect_byte_source, inspect_bytes, shallow
from torchload_lint.remote import windows
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.windows import AROUND, HEAD, TAIL, RemoteSource


class Sparse:
    """Bytes at the beginning and at the end, and nothing between them."""

    def __init__(self, head, tail, size):
        self.head, self.tail, self.size, self.asked = head, tail, size, []

    def fetch(self, start, end):
        self.asked.append((start, end))
        data = bytearray(end - start)
        for offset, part in ((0, self.head), (self.size - len(self.tail), self.tail)):
            begin, stop = max(start, offset), min(end, offset + len(part))
            if begin < stop:
                data[begin - start : stop - start] = part[begin - offset : stop - offset]
        return bytes(data)


def saved(path, value, **options):
    torch.save(value, path, **options)
    return path.read_bytes()


def source_of(data):
    return RemoteSource(len(data), lambda start, end: data[start:end])


def read_far(data, name="m.pt"):
    source = source_of(data)
    return source, inspect_byte_source(source, name, limits=shallow(DEFAULT_LIMITS))


VALUES = {
    "tensors": {f"layer{n}": torch.zeros(50, 50) for n in range(40)},
    "namespace": {"w": torch.zeros(300_000), "args": argparse.Namespace(lr=1)},
    "small": {"w": torch.zeros(2)},
}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("name", VALUES)
def test_the_report_is_that_of_the_file_on_disk(tmp_path, name, legacy):
    data = saved(tmp_path / "m.pt", VALUES[name], _use_new_zipfile_serialization=not legacy)
    source, report = read_far(data)
    assert report == inspect_bytes(data, "m.pt")._replace(depth="shallow")
    assert source.requests <= 3
    assert source.bytes_read <= HEAD + TAIL + HEAD


def test_the_size_of_a_file_does_not_matter(tmp_path):
    """A file of two terabytes has its pickle in front and its directory behind."""
    data = saved(tmp_path / "m.pt", VALUES["namespace"])
    at = data.rfind(b"PK\x05\x06")
    directory = int.from_bytes(data[at + 16 : at + 20], "little")
    whole = RemoteSource(len(data), lambda start, end: data[start:end])
    report = inspect_byte_source(whole, "m.pt", limits=shallow(DEFAULT_LIMITS))
    assert report.verdict.value == "needs-safe-globals"
    assert whole.requests == 2
    assert len(data) - directory < TAIL


@pytest.mark.parametrize(
    "data",
    [
        files.archive(b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00x\x85R."),
        b"<html>",
        b"",
        b"PK\x03\x04",
    ],
)
def test_bad_files_are_told_as_on_disk(data):
    _, report = read_far(data)
    assert report == inspect_bytes(data, "m.pt")._replace(depth="shallow")


def test_what_cannot_be_read_is_an_unreadable_report():
    def fetch(_start, _end):
        raise RemoteError("s3://b/m.pt: it may not be read with these credentials")

    report = inspect_byte_source(RemoteSource(10, fetch), "m.pt")
    assert report.verdict.value == "unreadable"
    assert "it may not be read with these credentials" in report.problems[0].message


@pytest.mark.parametrize("given", [b"", b"x", b"x" * 11])
def test_answers_of_another_length_are_refused(given):
    source = RemoteSource(10, lambda _start, _end: given)
    with pytest.raises(RemoteError, match="bytes came where 10 were asked for"):
        source.read_at(0, 4)


def test_an_object_that_asks_for_gigabytes_is_left(monkeypatch):
    monkeypatch.setattr(windows, "MOST_BYTES", 1_000_000)
    far = Sparse(b"\x80\x02\x8e" + (2**40).to_bytes(8, "little"), b"", 2**40)
    source = RemoteSource(far.size, far.fetch)
    report = inspect_byte_source(source, "m.pt", limits=shallow(DEFAULT_LIMITS))
    assert report.verdict.value == "unreadable"
    assert "more than 1,000,000 bytes of it would have to be read" in report.problems[0].message
    assert source.bytes_read <= 1_000_000


def test_reading_is_within_the_object():
    source = source_of(bytes(range(100)))
    assert source.read_at(90, 50) == bytes(range(90, 100))
    assert source.read_at(100, 1) == b""
    assert source.read_at(-1, 1) == b""
    assert source.read_at(5, 0) == b""
    assert source.requests == 1


def test_what_was_read_is_not_asked_for_again():
    far = Sparse(b"PK\x03\x04", b"end", 10_000_000)
    source = RemoteSource(far.size, far.fetch)
    for offset in (0, 10, HEAD - 1, far.size - 3, far.size - TAIL):
        source.read_at(offset, 1)
    assert far.asked == [(0, HEAD), (far.size - TAIL, far.size)]
    source.read_at(5_000_000, 10)
    source.read_at(5_000_100, 10)
    assert far.asked[2:] == [(5_000_000 - AROUND, 5_000_000 + HEAD)]


def test_only_what_is_missing_is_read():
    far = Sparse(b"PK\x03\x04" + bytes(range(256)), b"end", 10_000_000)
    source = RemoteSource(far.size, far.fetch)
    assert source.read_at(0, 300_000)[:20] == b"PK\x03\x04" + bytes(range(16))
    assert far.asked[2:] == [(HEAD, 300_000 + AROUND)]
    assert source.read_at(far.size - TAIL - 5, TAIL + 5)[-3:] == b"end"
    begin = far.size - TAIL - 5 - AROUND
    assert far.asked[3:] == [(begin, far.size - TAIL)]
    assert source.read_at(begin, TAIL) == bytes(TAIL)
    assert len(far.asked) == 4


@pytest.mark.parametrize(
    ("tensors", "legacy", "requests", "besides"),
    [(1000, False, 3, 64), (1000, True, 2, 200), (5000, False, 4, 64), (5000, True, 3, 450)],
)
def test_larger_pickles_cost_few_large_reads(tmp_path, tensors, legacy, requests, besides):
    """Bytes: what the pickle and the directory have, and so many KiB besides."""
    names = {f"layers.{n}.attention.query.weight": torch.zeros(200) for n in range(tensors)}
    data = saved(tmp_path / "m.pt", names, _use_new_zipfile_serialization=not legacy)
    source, report = read_far(data)
    assert report.verdict.value == "loads"
    assert source.requests == requests
    pickle = data.find(b"\x00" * 600) if legacy else data.find(b"PK\x03\x04", 10)
    directory = 0 if legacy else len(data) - data.find(b"PK\x01\x02")
    assert source.bytes_read <= pickle + max(directory, TAIL) + besides * 1024


def test_records_in_another_order_cost_one_more_request(tmp_path):
    """As a program leaves them that unpacks an archive and packs it again."""
    saved(tmp_path / "m.pt", {f"layers.{n}.weight": torch.zeros(900) for n in range(400)})
    with zipfile.ZipFile(tmp_path / "m.pt") as old, zipfile.ZipFile(tmp_path / "n.pt", "w") as new:
        for name in sorted(old.namelist(), reverse=True):
            new.writestr(name, old.read(name))
    source, report = read_far((tmp_path / "n.pt").read_bytes())
    assert report.verdict.value == "loads"
    assert source.requests <= 3
    assert source.bytes_read <= 256 * 1024
