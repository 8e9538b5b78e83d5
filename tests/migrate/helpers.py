"""What the tests of migration share: save, migrate, load with nothing allowed, compare bits."""

from __future__ import annotations

import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import torch

from torchload_lint.migrate import MigrationOptions, MigrationPlan, NoteKind, migrate_file

if TYPE_CHECKING:
    from pathlib import Path


def migrated(
    value: Any, folder: Path, options: MigrationOptions | None = None, **saving: Any
) -> Any:
    """The value after torch.save, a migration, and a load that allows nothing."""
    return migrated_with_plan(value, folder, options, **saving)[0]


def migrated_with_plan(
    value: Any, folder: Path, options: MigrationOptions | None = None, **saving: Any
) -> tuple[Any, MigrationPlan]:
    before, after = folder / "before.pt", folder / "after.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, before, **saving)
    content = before.read_bytes()
    result = migrate_file(before, after, options or MigrationOptions())
    assert before.read_bytes() == content
    torch.serialization.clear_safe_globals()
    return load(after), result.plan


def load(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, weights_only=True)


_ROWS = ("crow_indices", "col_indices", "values")
_COLUMNS = ("ccol_indices", "row_indices", "values")
_PARTS = {
    torch.sparse_coo: ("_indices", "_values"),
    torch.sparse_csr: _ROWS,
    torch.sparse_bsr: _ROWS,
    torch.sparse_csc: _COLUMNS,
    torch.sparse_bsc: _COLUMNS,
}


def bits(tensor: torch.Tensor) -> tuple[Any, ...]:
    """All that makes a tensor what it is, down to its bytes."""
    if tensor.is_nested:
        return tuple(bits(part) for part in tensor.unbind())
    if tensor.layout is not torch.strided:
        parts = [getattr(tensor, name)() for name in _PARTS[tensor.layout]]
        return (tensor.layout, tuple(tensor.shape), *map(bits, parts))
    kind = (tensor.dtype, tuple(tensor.shape), tensor.stride(), tensor.requires_grad)
    if tensor.is_meta:
        return (*kind, "meta")
    if tensor.is_quantized:
        return (*kind, str(tensor.qscheme()), bits(tensor.int_repr()), *_scales(tensor))
    kind = (*kind, tensor.is_conj(), tensor.is_neg())
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return (*kind, bytes(flat.view(torch.uint8).numpy()) if flat.numel() else b"")


def _scales(tensor: torch.Tensor) -> tuple[Any, ...]:
    if tensor.qscheme() in {torch.per_tensor_affine, torch.per_tensor_symmetric}:
        return tensor.q_scale(), tensor.q_zero_point()
    return bits(tensor.q_per_channel_scales()), bits(tensor.q_per_channel_zero_points())


def same(left: Any, right: Any, seen: tuple[int, ...] = ()) -> bool:
    """Whether two state dicts (or nested values) are equal bit for bit, types included."""
    if id(left) in seen:
        return True  # inside itself
    if isinstance(left, (dict, list, tuple)):
        seen = (*seen, id(left))
    if isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor):
        return bits(left) == bits(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, torch.storage.TypedStorage):
        return left.dtype == right.dtype and left.tolist() == right.tolist()
    if isinstance(left, dict):
        keys = list(left) == list(right)
        return keys and all(same(left[key], right[key], seen) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(
            same(one, other, seen) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, (float, complex)):
        return repr(left) == repr(right)  # not a number is equal to itself here
    return bool(left == right)


def sharing(state: dict[str, Any]) -> dict[str, list[str]]:
    """Which entries of a state dict lie in the same storage."""
    found: dict[int, list[str]] = {}
    for name, value in state.items():
        if isinstance(value, torch.Tensor) and value.layout is torch.strided and value.numel():
            found.setdefault(value.untyped_storage().data_ptr(), []).append(name)
    return {names[0]: names for names in found.values()}


def notes(plan: MigrationPlan, kind: NoteKind) -> list[tuple[str, str]]:
    return [(note.place, note.what) for note in plan.of_kind(kind)]


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None  # every checksum is right
        return {info.filename: archive.read(info) for info in archive.infolist()}
