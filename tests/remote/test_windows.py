"""A remote object is read in few large pieces, and gives the same report as on disk."""

from __future__ import annotations

import argparse

import pytest
import torch

from checkpoint import bare_files as files
from torchload_lint.checkpoint import DEFAULT_LIMITS, inspect_bytes, inspect_source, shallow
from torchload_lint.remote import windows
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.windows import HEAD, TAIL, RemoteSource


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
    return source, inspect_source(source, name, limits=shallow(DEFAULT_LIMITS))


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
    assert report == inspect_bytes(data, "m.pt")
    assert source.requests <= 3
    assert source.bytes_read <= HEAD + TAIL + HEAD


def test_the_size_of_a_file_does_not_matter(tmp_path):
    """A file of two terabytes has its pickle in front and its directory behind."""
    data = saved(tmp_path / "m.pt", VALUES["namespace"])
    at = data.rfind(b"PK\x05\x06")
    directory = int.from_bytes(data[at + 16 : at + 20], "little")
    whole = RemoteSource(len(data), lambda start, end: data[start:end])
    report = inspect_source(whole, "m.pt", limits=shallow(DEFAULT_LIMITS))
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
    assert report == inspect_bytes(data, "m.pt")


def test_what_cannot_be_read_is_an_unreadable_report():
    def fetch(_start, _end):
        raise RemoteError("s3://b/m.pt: it may not be read with these credentials")

    report = inspect_source(RemoteSource(10, fetch), "m.pt")
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
    report = inspect_source(source, "m.pt", limits=shallow(DEFAULT_LIMITS))
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
    assert far.asked[2:] == [(5_000_000, 5_000_000 + HEAD)]
