"""Pure tensor content as a safetensors file, read back by the safetensors library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

from migrate.helpers import same
from torchload_lint.migrate import MigrationError, MigrationOptions, TargetFormat, migrate_file

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
    packed = torch.empty(wanted.shape, dtype=wanted.dtype).copy_(wanted)
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
    with pytest.raises(MigrationError, match="also holds: 'state', 'epoch'"):
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
