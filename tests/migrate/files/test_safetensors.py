"""Pure tensor content as a safetensors file, read back by the safetensors library."""

from __future__ import annotations

import contextlib
import json
import time
import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

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
    from collections.abc import Callable
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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_negated_halves_with_nan_are_refused(dtype: torch.dtype, tmp_path: Path) -> None:
    """torch gives their NaN other bits, and other ones on other machines; infinity stays."""
    numbers = torch.tensor([1.0, float("inf"), float("-inf"), 0.0], dtype=dtype)
    found = written({"t": torch._neg_view(numbers)}, tmp_path)["t"]
    assert bits_of(found) == bits_of(-numbers)
    (tmp_path / "out.safetensors").unlink()
    signalling = torch.full((3,), -1, dtype=torch.int16 if dtype.itemsize == 2 else torch.int32)
    negated = {"t": torch._neg_view(signalling.view(dtype))}
    if dtype == torch.float32:
        assert bits_of(written(negated, tmp_path)["t"]) == bits_of(negated["t"].resolve_neg())
        return
    with pytest.raises(MigrationError, match=r"'t' .a negated view of .* with NaN. has other bits"):
        written(negated, tmp_path)
    assert not (tmp_path / "out.safetensors").exists()


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
        "expanded": torch.randn(1500, 1).expand(1500, 1500),
        "few long columns": torch.randn(3, 2**20 + 7).t(),
        "turned round": torch.randn(5, 3, 2**18 + 1).permute(2, 0, 1),
        "channels last": torch.randn(256, 256, 3, 3).contiguous(memory_format=torch.channels_last),
    }
    start = time.process_time()
    found = written(tensors, tmp_path)
    assert time.process_time() - start < 5
    assert all(equal(found[name], tensor) for name, tensor in tensors.items())


def test_views_of_many_short_dimensions_take_no_time(tmp_path: Path) -> None:
    """Rows of two elements were copied one by one: 22 dimensions took 20 seconds."""
    tensors = {
        "turned round": torch.randn([2] * 21).permute(*reversed(range(21))),
        "of pairs": torch.randn([3] * 12, dtype=torch.complex64).permute(*reversed(range(12))),
        "with gaps": torch.arange(4**10).reshape([4] * 10)[..., ::2, :, 1:].transpose(0, 9),
        "expanded": torch.randn([2, 1] * 9).expand([2] * 18).transpose(0, 17),
        "of bytes": torch.arange(63 * 63).to(torch.uint8).reshape(63, 63).t(),
    }
    start = time.process_time()
    found = written(tensors, tmp_path)
    assert time.process_time() - start < 5
    assert all(equal(found[name], tensor) for name, tensor in tensors.items())


def attributed(tensor: torch.Tensor, **attributes: object) -> torch.Tensor:
    for name, value in attributes.items():
        setattr(tensor, name, value)
    return tensor


def header(path: Path) -> dict[str, Any]:
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["torchload_lint"])


def test_attributes_are_in_the_header_or_listed(tmp_path: Path) -> None:
    value = OrderedDict(
        a=attributed(torch.ones(2), tag=["x", 1, None], odd=b"bytes", nan=float("nan")),
        b=attributed(torch.nn.Parameter(torch.ones(2)), tag={"k": (1, 2.5)}, held=torch.ones(1)),
        c=torch.nn.Buffer(torch.ones(1)),
    )
    value.run, value.seen = {"name": "r"}, {1, 2}  # type: ignore[attr-defined]
    torch.save(value, tmp_path / "in.pt")
    plan = migrate_file(tmp_path / "in.pt", tmp_path / "out.safetensors", SAFETENSORS).plan
    told = header(tmp_path / "out.safetensors")
    assert told["kind"] == "collections.OrderedDict"
    assert told["attributes"] == {
        "a": {"tag": ["x", 1, None]},
        "b": {"tag": {"k": [1, 2.5]}},
        "c": {"persistent": True, "_is_buffer": True},
    }
    assert told["state"] == {"run": {"name": "r"}}
    lost = {place for place, _ in notes(plan, NoteKind.LEFT_OUT)}
    assert lost == {"['a'].odd", "['a'].nan", "['b'].held", ".seen"}
    changed = {place for place, _ in notes(plan, NoteKind.CHANGED)}
    assert {"['a'].tag", "['b'].tag", ".run"} <= changed


def test_attributes_that_would_fill_the_header_are_left_out(tmp_path: Path) -> None:
    """A list that holds another twice, which holds a third twice, took hours and terabytes."""
    shared: list[Any] = [1]
    for _ in range(60):
        shared = [shared, shared]
    around: list[Any] = []
    around.append(around)
    long = ["x" * 100_000] * 99
    value = OrderedDict(
        a=attributed(torch.ones(2), tag=shared, here=1, long=long),
        b=attributed(torch.ones(2), long=long, around=around),
    )
    value.seen = (shared,)  # type: ignore[attr-defined]
    torch.save(value, tmp_path / "in.pt")
    plan = migrate_file(tmp_path / "in.pt", tmp_path / "out.safetensors", SAFETENSORS).plan
    assert header(tmp_path / "out.safetensors")["attributes"] == {"a": {"here": 1, "long": long}}
    lost = {place for place, _ in notes(plan, NoteKind.LEFT_OUT)}
    assert lost == {"['a'].tag", "['b'].long", "['b'].around", ".seen"}


def test_strides_and_devices_are_in_the_header(tmp_path: Path) -> None:
    value = {"t": torch.ones(2, 3).t(), "p": torch.ones(2)}
    torch.save(value, tmp_path / "in.pt")
    data = (tmp_path / "in.pt").read_bytes()
    migrate_file(tmp_path / "in.pt", tmp_path / "out.safetensors", SAFETENSORS)
    assert header(tmp_path / "out.safetensors") == {"order": ["t", "p"], "strides": {"t": [1, 3]}}
    assert data.count(b"X\x03\0\0\0cpu") == 1  # both storages recall the text
    (tmp_path / "in.pt").write_bytes(data.replace(b"X\x03\0\0\0cpu", b"X\x03\0\0\0mps"))
    migrate_file(tmp_path / "in.pt", tmp_path / "out.safetensors", SAFETENSORS)
    assert header(tmp_path / "out.safetensors")["devices"] == {"t": "mps", "p": "mps"}


# -- every dtype, layout and view ------------------------------------------------------------------

DTYPES = sorted({one for one in vars(torch).values() if isinstance(one, torch.dtype)}, key=str)
EXOTIC = ("bits", "quint", "qint", "float4", "complex32", "float8_e4m3fnuz", "float8_e5m2fnuz")
"""What safetensors does not take."""
BELOW_A_BYTE = {f"{sign}int{bits}" for sign in ("", "u") for bits in range(1, 8)}


def of_bytes(dtype: torch.dtype, *shape: int) -> torch.Tensor | None:
    """A tensor of any bytes; None where torch has no such tensors."""
    if str(dtype).startswith(("torch.q", "torch.uq")):
        return torch._empty_affine_quantized(shape, scale=0.1, zero_point=0, dtype=dtype)
    with contextlib.suppress(RuntimeError):
        size = torch.empty(1, dtype=dtype).element_size()
        count = torch.Size(shape).numel() * size
        numbers = torch.arange(1, count + 1).remainder(2 if dtype is torch.bool else 100)
        storage = numbers.to(torch.uint8).untyped_storage()
        return torch.empty(0, dtype=dtype).set_(storage, 0, shape, torch.empty(shape).stride())
    return None


VIEWS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "whole": lambda t: t,
    "transposed": lambda t: t.transpose(0, 2),
    "permuted": lambda t: t.permute(1, 2, 0),
    "slice": lambda t: t[1:],
    "step": lambda t: t[:, ::2, 1:],
    "element": lambda t: t[1, 2, 3],
    "expanded": lambda t: t[:1, :1].expand(3, 2, 5),
    "unfolded": lambda t: t.unfold(2, 2, 1),
    "diagonal": lambda t: t.diagonal(dim1=0, dim2=1),
    "empty": lambda t: t[:0],
    "more dimensions": lambda t: t[None, :, None],
    "conjugate": torch.conj,
    "conjugate transposed": lambda t: t.transpose(0, 1).conj(),
    "negative": torch._neg_view,
    "negative step": lambda t: torch._neg_view(t[:, ::2]),
    "conjugate imaginary": lambda t: t.conj().imag,
    "parameter": lambda t: torch.nn.Parameter(t, requires_grad=False),
}
LAYOUTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "coo": lambda t: torch.sparse_coo_tensor([[0, 1]], t[0, 0, :2], (3,)),
    "csr": lambda t: torch.sparse_csr_tensor([0, 1, 2], [0, 1], t[0, 0, :2]),
    "csc": lambda t: torch.sparse_csc_tensor([0, 1, 2], [0, 1], t[0, 0, :2]),
    "bsr": lambda t: torch.sparse_bsr_tensor([0, 1], [0], t[:1, :2, :2]),
    "bsc": lambda t: torch.sparse_bsc_tensor([0, 1], [0], t[:1, :2, :2]),
    "nested": lambda t: torch.nested.as_nested_tensor([t[0], t[1, :1]]),
    "jagged": lambda t: torch.nested.as_nested_tensor([t[0], t[1, :1]], layout=torch.jagged),
    "meta": lambda t: torch.empty_like(t, device="meta"),
    "quantized": lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8),
    "mkldnn": lambda t: t.to_mkldnn(),
}


def made(make: Callable[[torch.Tensor], torch.Tensor], of: torch.Tensor, path: Path) -> bool:
    """Whether torch can make such a tensor, and save it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            torch.save({"t": make(of)}, path)
        except (RuntimeError, KeyError, TypeError, NotImplementedError, ValueError):
            return False
    return True


@pytest.mark.filterwarnings("ignore")  # torch's own, about what is new or old
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_layout_and_view_of_a_dtype(dtype: torch.dtype, tmp_path: Path) -> None:
    """Equal, or refused by the name of its dtype, or of what it is."""
    whole = of_bytes(dtype, 3, 4, 5)
    name = str(dtype).removeprefix("torch.")
    assert whole is not None
    tried = 0
    for kind, make in {**VIEWS, **LAYOUTS}.items():
        source, target = tmp_path / "in.pt", tmp_path / "out.safetensors"
        if whole.is_quantized and kind.startswith("negative"):
            continue  # torch crashes where it saves one
        if not made(make, whole, source):
            continue
        tried += 1
        refusal = why_refused(source, target)
        if refusal:
            of_dtype = name.startswith((*EXOTIC, "complex128"))
            assert of_dtype or kind in LAYOUTS or kind.startswith("negative")
            assert "'t' (" in refusal
            continue
        assert kind in VIEWS
        wanted = torch.load(source, weights_only=True)["t"]
        assert bits_of(load_file(target)["t"]) == bits_of(wanted.resolve_neg().resolve_conj())
        target.unlink()
    has_bytes = name not in BELOW_A_BYTE
    assert tried >= (8 if has_bytes else 1)  # torch saves the others without storages alone


def why_refused(source: Path, target: Path) -> str:
    try:
        migrate_file(source, target, SAFETENSORS)
    except MigrationError as error:
        return str(error)
    return ""


def bits_of(tensor: torch.Tensor) -> tuple[object, ...]:
    flat = tensor.detach().contiguous().reshape(-1)
    data = bytes(flat.view(torch.uint8).numpy()) if flat.numel() else b""
    return tensor.dtype, tuple(tensor.shape), data
