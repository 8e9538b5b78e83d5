"""Pure tensor content as a safetensors file, read back by the safetensors library."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from migrate.helpers import notes, same
from torchload_lint.migrate import (
    MigrationError,
    MigrationOptions,
    NoteKind,
    TargetFormat,
    migrate_file,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

SAFETENSORS = MigrationOptions(format=TargetFormat.SAFETENSORS)


def written(
    value: object, folder: Path, options: MigrationOptions = SAFETENSORS
) -> dict[str, torch.Tensor]:
    torch.save(value, folder / "in.pt")
    migrate_file(folder / "in.pt", folder / "out.safetensors", options)
    return load_file(folder / "out.safetensors")


def equal(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Bit for bit; strides are no matter of the format."""
    assert found.is_contiguous()
    packed = torch.empty(wanted.shape, dtype=wanted.dtype).copy_(wanted.resolve_conj())
    return same(found, packed)


TENSORS = {
    "matrix": torch.randn(3, 4),
    "transposed": torch.randn(3, 4).t(),
    "permuted": torch.randn(2, 3, 4).permute(2, 0, 1),
    "slice": torch.arange(30)[3:20:4],
    "rows": torch.randn(6, 5)[1:4],
    "columns": torch.randn(6, 5)[:, 1:3],
    "expanded": torch.ones(1, 3).expand(2, 3),
    "scalar": torch.tensor(2.5, dtype=torch.float64),
    "empty": torch.zeros(0, 3),
    "single": torch.randn(1, 1, 5)[:, :, 2],
    "half": torch.randn(3).half(),
    "bfloat16": torch.randn(3).bfloat16(),
    "float8": torch.randn(3).to(torch.float8_e5m2),
    "flags": torch.tensor([True, False]),
    "wide": torch.arange(3).to(torch.uint16),
    "conjugate": torch.randn(3, 2, dtype=torch.complex64).conj(),
    "conjugate transpose": torch.randn(3, 2, dtype=torch.complex64).mH,
    "negative": torch.randn(3, dtype=torch.complex64).conj().imag,
    "negative zeros": torch._neg_view(torch.zeros(20)),
    "conjugate zeros": torch.zeros(20, dtype=torch.complex64).conj(),
    "channels last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "windows": torch.arange(8.0).unfold(0, 4, 1),
    "diagonal": torch.randn(3, 4, 5).diagonal(dim1=0, dim2=2),
    "six": torch.randn(2, 3, 2, 3, 2, 2).permute(5, 3, 1, 0, 2, 4),
    "one expanded": torch.tensor(2.5).expand(3, 2),
}


@pytest.mark.parametrize("name", TENSORS)
def test_each_kind_of_tensor(name: str, tmp_path: Path) -> None:
    found = written({"t": TENSORS[name]}, tmp_path)["t"]
    assert equal(found, TENSORS[name])


def test_all_in_one_file_and_a_module(tmp_path: Path) -> None:
    found = written(TENSORS, tmp_path)
    assert set(found) == set(TENSORS)
    assert all(equal(found[name], tensor) for name, tensor in TENSORS.items())
    model = torch.nn.Linear(2, 3)
    model.tied = model.weight
    found = written(model, tmp_path)
    assert all(same(found[name], value) for name, value in model.state_dict().items())


def test_other_content_is_refused_by_name(tmp_path: Path) -> None:
    value = {"state": {"w": torch.ones(1)}, "epoch": 3}
    with pytest.raises(MigrationError, match=r"also holds: 'state' \(no tensor\), 'epoch' \(no"):
        written(value, tmp_path)
    assert not (tmp_path / "out.safetensors").exists()
    found = written(
        value, tmp_path, MigrationOptions(format=TargetFormat.SAFETENSORS, only=("state",))
    )
    assert list(found) == ["w"]


@pytest.mark.parametrize("value", [[torch.ones(1)], torch.ones(1), 3])
def test_what_is_not_a_dict_is_refused(value: object, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="not a dict"):
        written(value, tmp_path)


def test_sparse_tensors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="also holds: 'eye'"):
        written({"eye": torch.eye(2).to_sparse()}, tmp_path)


@pytest.mark.parametrize(
    ("key", "why"), [("__metadata__", "keeps this name"), ("\ud800", "no Unicode"), (3, "no text")]
)
def test_keys_that_the_format_does_not_take(key: object, why: str, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match=why):
        written({key: torch.ones(1)}, tmp_path)


NOT_TAKEN = {
    "complex128": lambda: torch.randn(2, dtype=torch.complex128),
    "negated complex": lambda: torch._neg_view(torch.zeros(20, dtype=torch.complex64)),
    "negated integers": lambda: torch._neg_view(torch.arange(3)),
    "quantised": lambda: torch.quantize_per_tensor(torch.randn(3), 0.1, 0, torch.qint8),
    "meta": lambda: torch.ones(1, device="meta"),
    "csr": lambda: torch.eye(2).to_sparse_csr(),
}


@pytest.mark.filterwarnings("ignore")  # torch's own, about layouts and quantisation
@pytest.mark.parametrize("name", NOT_TAKEN)
def test_tensors_that_the_format_does_not_take(name: str, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="also holds: 't'"):
        written({"t": NOT_TAKEN[name]()}, tmp_path)


def test_what_the_format_has_no_room_for_is_in_the_header(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    torch.save(
        OrderedDict(model.state_dict(), z=torch.ones(1, dtype=torch.float64)), tmp_path / "in.pt"
    )
    plan = migrate_file(tmp_path / "in.pt", tmp_path / "out.safetensors", SAFETENSORS).plan
    assert ("['1.weight']", "the bytes that '0.weight' has too") in notes(plan, NoteKind.CHANGED)
    with safe_open(tmp_path / "out.safetensors", "pt") as file:
        told = json.loads(file.metadata()["torchload_lint"])
    assert told["order"] == ["0.weight", "0.bias", "1.weight", "1.bias", "z"]
    assert told["shared"] == [["0.weight", "1.weight"]]


def test_large_views_take_no_time(tmp_path: Path) -> None:
    """Megabytes of them took seconds to minutes, element by element."""
    tensors = {
        "transposed": torch.randn(1500, 1500).t(),
        "channels last": torch.randn(256, 256, 3, 3).contiguous(memory_format=torch.channels_last),
    }
    start = time.process_time()
    found = written(tensors, tmp_path)
    assert time.process_time() - start < 5
    assert all(equal(found[name], tensor) for name, tensor in tensors.items())
