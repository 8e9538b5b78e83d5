"""Files that pickle wrote and torch.save did not: plain values, arrays, tensors, modules."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from migrate.helpers import load, notes, same
from torchload_lint.migrate import NoteKind, migrate_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

PICKLED = {
    "numbers": {"a": [1, 2.5, None], b"key": {"x", "y"}},
    "arrays": {"w": np.arange(6.0).reshape(2, 3), "n": np.float32(0.5)},
    "tensors": {"w": torch.arange(6.0).reshape(2, 3).t(), "h": torch.ones(2, dtype=torch.bfloat16),
                "c": torch.tensor([1 + 2j]), "p": torch.nn.Parameter(torch.ones(2)),
                "e": torch.empty(0)},
}  # fmt: skip
CARRIED = {
    "numbers": PICKLED["numbers"],
    "arrays": {"w": torch.arange(6.0, dtype=torch.float64).reshape(2, 3), "n": 0.5},
    "tensors": PICKLED["tensors"],
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", PICKLED)
def test_plain_pickle(kind: str, protocol: int, tmp_path: Path) -> None:
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(PICKLED[kind], protocol))
    found = migrate_file(tmp_path / "plain.pkl", tmp_path / "out.pt")
    assert found.plan.container == "pickle"
    assert same(load(tmp_path / "out.pt"), CARRIED[kind])


def test_plain_pickle_of_a_module(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(model))
    migrate_file(tmp_path / "plain.pkl", tmp_path / "out.pt")
    found = load(tmp_path / "out.pt")
    assert same(found, model.state_dict())
    assert found._metadata == model.state_dict()._metadata


def test_bytes_in_a_plain_pickle_that_are_no_storage(tmp_path: Path) -> None:
    class Storage:
        def __reduce__(self) -> tuple[Any, ...]:
            return torch.storage._load_from_bytes, (b"anything",)

    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"a": 1, "s": Storage()}))
    found = migrate_file(tmp_path / "plain.pkl", tmp_path / "out.pt").plan
    assert notes(found, NoteKind.LEFT_OUT) == [("['s']", "a storage")]
    assert load(tmp_path / "out.pt") == {"a": 1}
