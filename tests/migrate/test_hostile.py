"""Any bytes give a migration or a MigrationError; what is written always loads."""

from __future__ import annotations

import argparse
import io
import pickle
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from torchload_lint.checkpoint import Verdict, inspect_file
from torchload_lint.migrate import MigrationError, migrate_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch


def saved(*, legacy: bool) -> bytes:
    stream = io.BytesIO()
    value = {
        "model": torch.nn.Sequential(torch.nn.Linear(2, 2)), "args": argparse.Namespace(a=[1, "x"]),
        "state": OrderedDict(w=torch.ones(3)),
    }  # fmt: skip
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def with_pickle(pickled: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ZIP)) as old, zipfile.ZipFile(stream, "w") as new:
        for info in old.infolist():
            data = pickled if info.filename.endswith("data.pkl") else old.read(info)
            new.writestr(info.filename, data)
    return stream.getvalue()


ZIP, LEGACY = saved(legacy=False), saved(legacy=True)
with zipfile.ZipFile(io.BytesIO(ZIP)) as _archive:
    PICKLE = next(_archive.read(n) for n in _archive.namelist() if n.endswith("data.pkl"))

PLAIN = pickle.dumps({"w": torch.ones(3), "args": argparse.Namespace(a=[1, "x"])})

CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4)


@pytest.mark.parametrize("kind", ["zip", "legacy", "pickle", "plain"])
@given(changes=CHANGES)
@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_changed_bytes(kind: str, changes: list[tuple[int, int]], tmp_path: Path) -> None:
    data = bytearray({"zip": ZIP, "legacy": LEGACY, "pickle": PICKLE, "plain": PLAIN}[kind])
    for at, byte in changes:
        data[at % len(data)] = byte
    path, out = tmp_path / "in.pt", tmp_path / "out.pt"
    path.write_bytes(with_pickle(bytes(data)) if kind == "pickle" else bytes(data))
    out.unlink(missing_ok=True)
    try:
        migrate_file(path, out)
    except (MigrationError, OSError):
        assert not out.exists()
    else:
        assert inspect_file(out).verdict is Verdict.LOADS


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    depth = 100_000
    (tmp_path / "in.pt").write_bytes(
        with_pickle(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".")
    )
    with pytest.raises(MigrationError, match="too deep"):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
