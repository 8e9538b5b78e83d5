"""Checkpoints written on a GPU: does the tool say what torch does with them?

    python benchmarks/cuda_checkpoints.py > docs/cuda-checkpoints.md

Needs a torch that has a CUDA device. Each checkpoint is written in both formats of torch.save, its
report is put beside what torch does with it (verdict, that the allowlist loads the file, that no
entry can be spared), and it is migrated to both formats of ``migrate``: what torch then loads must
be equal, tensor by tensor, and in torch format on the same device. Ends with 1 where one differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch import nn  # noqa: E402

from checkpoint.agreement import disagreements, report_on  # noqa: E402
from checkpoint.oracle import Oracle  # noqa: E402
from torchload_lint.migrate import MigrationError, migrate_file  # noqa: E402
from torchload_lint.migrate.results import MigrationOptions, TargetFormat  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GPU = torch.device("cuda", 0)
DTYPES = """float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool
    complex64 complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz""".split()


def layers() -> nn.Sequential:
    """A small network with parameters and buffers, on the GPU."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Linear(4, 2)).to(GPU)


def trained(capturable: bool) -> dict[str, Any]:
    """Model and optimizer after a step, with the state of a gradient scaler."""
    model = nn.Linear(4, 2).to(GPU)
    optimizer = torch.optim.AdamW(model.parameters(), capturable=capturable)
    scaler = torch.amp.GradScaler("cuda")
    scaler.scale(model(torch.randn(3, 4, device=GPU)).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scaler": scaler.state_dict(),
    }


def views() -> dict[str, torch.Tensor]:
    """Tensors that share a storage, in every order of their bytes."""
    whole = torch.randn(6, 8, device=GPU)
    return {
        "whole": whole,
        "row": whole[1],
        "transposed": whole.t(),
        "strided": whole[::2, 1::3],
        "expanded": whole[:, :1].expand(6, 5),
        "channels_last": torch.randn(2, 3, 4, 4, device=GPU).to(memory_format=torch.channels_last),
        "conjugated": torch.randn(3, device=GPU, dtype=torch.complex64).conj(),
        "negated": torch.randn(3, device=GPU, dtype=torch.complex64).conj().imag,
    }


CASES: dict[str, Callable[[], Any]] = {
    "state_dict": lambda: layers().state_dict(),
    "module": layers,
    "lstm": lambda: nn.LSTM(4, 3).to(GPU),
    "data_parallel_state": lambda: nn.DataParallel(layers()).state_dict(),
    "data_parallel": lambda: nn.DataParallel(layers()),
    "trained": lambda: trained(capturable=False),
    "trained_capturable": lambda: trained(capturable=True),
    "optimizer": lambda: torch.optim.SGD(layers().parameters(), lr=0.1, momentum=0.9),
    "rng_states": lambda: [torch.get_rng_state(), torch.cuda.get_rng_state_all()],
    "dtypes": lambda: {
        name: torch.zeros(3, device=GPU, dtype=getattr(torch, name)) for name in DTYPES
    },
    "views": views,
    "parameter": lambda: nn.Parameter(torch.randn(3, device=GPU)),
    "buffer": lambda: nn.Buffer(torch.randn(3, device=GPU)),
    "sparse_coo": lambda: torch.eye(4, device=GPU).to_sparse(),
    "sparse_csr": lambda: torch.eye(4, device=GPU).to_sparse_csr(),
    "nested": lambda: torch.nested.nested_tensor(
        [torch.randn(2, 3), torch.randn(4, 3)], device=GPU, layout=torch.jagged
    ),
    "nested_strided": lambda: torch.nested.nested_tensor(
        [torch.randn(2, 3), torch.randn(4, 3)], device=GPU
    ),
    "mixed_devices": lambda: {"gpu": torch.ones(2, device=GPU), "cpu": torch.ones(2)},
    "pinned": lambda: torch.randn(5).pin_memory(),
    "device": lambda: {"device": GPU, "weights": torch.ones(2, device=GPU)},
    "arguments": lambda: {
        "args": argparse.Namespace(device=GPU, lr=0.1),
        "loss": nn.CrossEntropyLoss(weight=torch.ones(3, device=GPU)),
    },
    "empty": lambda: torch.empty(0, 3, device=GPU),
    "scalar": lambda: torch.tensor(3.0, device=GPU),
    "typed_storage": lambda: torch.ones(4, device=GPU).storage(),
    "untyped_storage": lambda: torch.ones(4, device=GPU).untyped_storage(),
    "quantized": lambda: torch.quantize_per_tensor(
        torch.randn(3, device=GPU), 0.1, 0, torch.quint8
    ),
    "generator_state": lambda: torch.Generator(device=GPU).get_state(),
}


UNDECIDED = frozenset({"nested_strided_legacy"})
"""torch reads the sizes from memory that nothing has been written to yet: it may load, or fail."""


def written(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each checkpoint in both formats; what torch cannot save is told on standard error."""
    for name, make in CASES.items():
        for suffix, as_zip in (("zip", True), ("legacy", False)):
            path = folder / f"{name}_{suffix}.pt"
            try:
                torch.save(make(), path, _use_new_zipfile_serialization=as_zip)
            except Exception as error:  # noqa: BLE001 - whatever this torch or device does not offer
                print(f"not saved: {path.stem}: {error}", file=sys.stderr)
                continue
            yield path.stem, path


def tensors(value: Any, place: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Each tensor of plain containers, with its place."""
    if isinstance(value, torch.Tensor):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from tensors(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from tensors(item, f"{place}.{number}" if place else str(number))


def dense(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers of a tensor in bytes that can be compared, on the processor."""
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.int_repr()
    plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return plain.flatten().view(torch.uint8) if plain.numel() else plain


def unequal(before: Any, after: Any, *, device: bool) -> list[str]:
    """The places at which what torch loads from both is not the same."""
    old, new = dict(tensors(before)), dict(tensors(after))
    if old.keys() != new.keys():
        return [f"other tensors: {sorted(old.keys() ^ new.keys())}"]
    return [
        place
        for place, tensor in old.items()
        if tensor.dtype != new[place].dtype
        or tensor.shape != new[place].shape
        or (device and tensor.device != new[place].device)
        or not torch.equal(dense(tensor), dense(new[place]))
    ]


def migrated(path: Path) -> Iterator[str]:
    """What a migration of the file came to, a word for each format."""
    try:
        before = torch.load(path, weights_only=True)
    except Exception:  # noqa: BLE001 - then only the new file is looked at
        before = None
    nested = any(tensor.is_nested for _, tensor in tensors(before))
    for target, suffix in ((TargetFormat.TORCH, "pt"), (TargetFormat.SAFETENSORS, "safetensors")):
        out = path.with_name(f"{path.stem}_new.{suffix}")
        try:
            migrate_file(path, out, MigrationOptions(format=target))
        except MigrationError as error:
            yield f"refused: {str(error)[:70]}"
            continue
        after = torch.load(out, weights_only=True) if suffix == "pt" else load_file(out)
        if before is None:
            yield "loads"
        elif nested:  # becomes the tensors that it is made of, which the migration says
            yield "loads, as its parts"
        else:
            wrong = unequal(before, after, device=suffix == "pt")
            yield f"DIFFERS at {', '.join(wrong)}" if wrong else "equal"


def main() -> int:
    """Write, judge, migrate and compare; print Markdown."""
    shared = Oracle()
    version, failed, rows = shared.version(), 0, []
    shared.close()
    with tempfile.TemporaryDirectory() as folder:
        for name, path in written(Path(folder)):
            oracle = Oracle()  # afresh: what one file had imported must not answer for the next
            report = report_on(path, version)
            judged = "; ".join(disagreements(path, report, oracle.truth(path), oracle)) or "agree"
            oracle.close()
            judged = "undecided" if name in UNDECIDED else judged
            kept, plain = migrated(path)
            failed += judged not in {"agree", "undecided"} or "DIFFERS" in kept + plain
            rows.append(f"| `{name}` | {report.verdict.value} | {judged} | {kept} | {plain} |")
    print(
        f"# Checkpoints of a GPU\n\ntorch {torch.__version__}, {torch.cuda.get_device_name(GPU)}.\n"
    )
    print("| checkpoint | verdict | torch | migrated | to safetensors |\n|---|---|---|---|---|")
    print("\n".join(rows))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
