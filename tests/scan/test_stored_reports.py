"""A report comes back from its JSON as it was."""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import pathlib

import numpy as np
import pytest
import torch

from scanned import PROGRAMS, checkpoint
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.scan.stored_reports import as_stored, from_stored

VALUES = {
    "namespace": {"a": argparse.Namespace(x=[1])},
    "numpy": {"a": np.float64(1), "b": np.arange(3)},
    "partial": {"a": functools.partial(torch.nn.GELU)},
    "path": pathlib.PurePosixPath("a"),
    "date": dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc),
    "module": torch.nn.Sequential(torch.nn.Linear(1, 1)),
}


@pytest.mark.parametrize("name", VALUES)
def test_of_what_torch_saves(name, tmp_path):
    torch.save(VALUES[name], tmp_path / "m.pt")
    report = inspect_bytes((tmp_path / "m.pt").read_bytes(), "m.pt")
    assert report.globals
    assert from_stored(as_stored(report)) == report


def test_what_an_unsafe_load_would_call_comes_back():
    report = inspect_bytes(checkpoint("not-trusted"), "m.pt")
    report = report._replace(safe_globals=(), called=report.safe_globals)
    assert report.called
    assert from_stored(as_stored(report)) == report


@pytest.mark.parametrize("kind", [*PROGRAMS, "unreadable"])
def test_of_every_verdict(kind):
    report = inspect_bytes(checkpoint(kind), "m.pt")
    assert from_stored(as_stored(report)) == report


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"verdict": "loads"}', '{"verdict": 1}'])
def test_what_is_no_report(text):
    with pytest.raises(ValueError, match=r"."):
        from_stored(text)
