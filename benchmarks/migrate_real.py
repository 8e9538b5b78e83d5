"""Real checkpoints that do not load plainly: which of them a migration makes loadable.

    python benchmarks/migrate_real.py FOLDER [SUFFIX ...] > docs/migrate-real.md

Each file under FOLDER is migrated (nothing of it is run), and torch then loads the new file with
``weights_only=True`` and no allowlist. Where torch also loads the old file under the allowlist that
``inspect`` gives (classes of other packages played by empty stubs), the tensors of both are
compared bit for bit: all parameters, buffers and plain tensors.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
sys.argv.append("--stubs")  # for the oracle's worker, whose stubs are used here

from checkpoint import oracle_worker  # noqa: E402
from torchload_lint.checkpoint import Verdict, inspect_file  # noqa: E402
from torchload_lint.migrate import MigrationError, NoteKind, migrate_file  # noqa: E402

SKIPPED = frozenset({".py", ".json", ".txt", ".md", ".log"})


def main() -> None:
    folder = Path(sys.argv[1])
    counts: Counter[str] = Counter()
    rows, refused = [], []
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name, "out.pt")
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.suffix in SKIPPED:
                continue
            plainly = loads(path)
            kind = "load plainly" if plainly is not None else "do not load plainly"
            counts[kind] += 1
            shown = path.relative_to(folder).as_posix()
            try:
                plan = migrate_file(path, out).plan
            except MigrationError as error:
                counts[f"{kind}: refused"] += 1
                if plainly is None:
                    refused.append(f"| {shown} | {str(error).partition(';')[0]} |")
                continue
            made = loads(out)
            if made is None:
                counts[f"{kind}: BROKEN"] += 1
                rows.append(f"| {shown} | {plan.container} | BROKEN | | |")
                continue
            counts[f"{kind}: migrated"] += 1
            verdict = compared(path, made, plainly)
            counts[f"{kind}: tensors {verdict}"] += 1
            if plainly is None or verdict == "DIFFER":
                left_out = len(plan.of_kind(NoteKind.LEFT_OUT))
                what = Counter(note.what for note in plan.of_kind(NoteKind.CHANGED))
                told = ", ".join(f"{k} ({n:,})" for k, n in what.most_common(3))
                rows.append(f"| {shown} | {plan.container} | {told} | {left_out} | {verdict} |")
    tell(counts, rows, refused)


def tell(counts: Counter[str], rows: list[str], refused: list[str]) -> None:
    print(f"# Real checkpoints, migrated\n\ntorch {torch.__version__}\n")
    print("".join(f"- {kind}: {count}\n" for kind, count in sorted(counts.items())))
    print("## Made loadable\n\n| file | container | carried as plain data | left out | tensors |")
    print("|---|---|---|---|---|")
    print("\n".join(rows))
    print("\n## Refused\n\n| file | why |\n|---|---|")
    print("\n".join(refused))


def loads(path: Path) -> Any:
    torch.serialization.clear_safe_globals()
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except Exception:  # noqa: BLE001 - every reason counts the same
        return None


def compared(path: Path, made: Any, plainly: Any) -> str:
    """``equal``, ``DIFFER``, or ``not comparable`` where torch cannot load the old file at all."""
    old = plainly if plainly is not None else with_allowlist(path)
    if old is None:
        return "not comparable"
    return "equal" if tensors(made) == tensors(old) else "DIFFER"


def with_allowlist(path: Path) -> Any:
    report = inspect_file(path)
    if report.verdict not in {Verdict.NEEDS_SAFE_GLOBALS, Verdict.NEEDS_STAND_IN}:
        return None
    entries = []
    for needed in (*report.safe_globals, *report.stand_ins):
        spelling = needed.spelling
        try:
            found = oracle_worker.attribute(spelling.module, spelling.name)
            found = eval(spelling.template.replace("{}", "it"), {"it": found, "type": type})
        except (ImportError, AttributeError):
            found = player(needed.name.module, needed.name.qualname)
        entries.append((found, str(needed.name)))
    torch.serialization.clear_safe_globals()
    try:
        with torch.serialization.safe_globals(entries):
            return torch.load(path, weights_only=True, map_location="cpu")
    except Exception:  # noqa: BLE001
        return None


def player(module: str, qualname: str) -> type:
    """An empty class of that name, which keeps the attributes that a file gives it."""
    members = {
        "__module__": module,
        "__qualname__": qualname,
        "__new__": lambda cls, *_args, **_options: object.__new__(cls),
        "__init__": lambda _self, *_args, **_options: None,
    }
    return type(qualname.rpartition(".")[2], (), members)


def attributes(value: Any) -> list[Any]:
    """What an object holds; of a module what its state dict tells."""
    held = getattr(value, "__dict__", {})
    if "_parameters" not in held or "_modules" not in held:
        return list(held.values())
    absent = held.get("_non_persistent_buffers_set", ())
    buffers = [item for name, item in held["_buffers"].items() if name not in absent]
    return [*held["_parameters"].values(), *buffers, *held["_modules"].values()]


def tensors(root: Any) -> set[tuple[Any, ...]]:
    """The content of every tensor that can be reached, numpy's arrays counted as tensors."""
    found: set[tuple[Any, ...]] = set()
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value).__module__ == "numpy" and hasattr(value, "dtype") and value.shape:
            value = torch.from_numpy(value.copy())
        if isinstance(value, torch.Tensor):
            found.add(content(value))
        elif isinstance(value, dict):
            waiting += [*value.values(), *value.keys()]
        elif isinstance(value, (list, tuple, set)):
            waiting += list(value)
        waiting += attributes(value)
    return found


def content(tensor: torch.Tensor) -> tuple[Any, ...]:
    data = tensor.detach().contiguous().reshape(-1)
    raw = bytes(data.view(torch.uint8).numpy()) if data.numel() else b""
    return str(tensor.dtype), tuple(tensor.shape), hashlib.sha256(raw).hexdigest()


if __name__ == "__main__":
    main()
