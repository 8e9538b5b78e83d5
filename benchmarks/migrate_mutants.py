"""Damaged checkpoints through ``migrate``: does anything crash, or give a file that torch refuses?

    python benchmarks/migrate_mutants.py [--mutants 100000] [--seed 0] [--jobs 1] [--to safetensors]

The checkpoints are those of the tests (tests/checkpoint/cases). A mutant has a few bytes changed,
or opcodes of its pickle left out, doubled, or put in another's place. What is written is loaded by
torch with nothing allowed, or by the safetensors library. Each fault is printed with the number
that makes its mutant again (``--only NUMBER --keep FOLDER``).
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import multiprocessing
import os
import pickletools
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 900
"""Seconds for one mutant."""
MEMORY = 6 * 2**30
"""Bytes that a process may have: what is larger is refused, or a fault."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--to", choices=("torch", "safetensors"), default="torch")
    parser.add_argument("--only", type=int, help="make this mutant alone")
    parser.add_argument("--keep", type=Path, help="a folder for the mutants with faults")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(exist_ok=True)
    sys.path.insert(0, str(ROOT / "tests"))
    wanted = [options.only] if options.only is not None else range(options.mutants)
    shares = [list(wanted[job :: options.jobs]) for job in range(options.jobs)]
    queue: multiprocessing.SimpleQueue[tuple[int, str]] = multiprocessing.SimpleQueue()
    workers = [
        multiprocessing.Process(
            target=work, args=(share, options.seed, options.keep, queue, options.to)
        )
        for share in shares
    ]
    for worker in workers:
        worker.start()
    counts: collections.Counter[str] = collections.Counter()
    begin = time.monotonic()
    for _ in wanted:
        number, outcome = queue.get()
        counts[outcome.partition(":")[0]] += 1
        if outcome.partition(":")[0] not in {"migrated", "refused"}:
            print(f"{number}: {outcome}", flush=True)
        if sum(counts.values()) % 1000 == 0:
            print(f"{sum(counts.values()):,} so far", file=sys.stderr, flush=True)
    print(f"{sum(counts.values()):,} mutants in {time.monotonic() - begin:,.0f} s: {dict(counts)}")
    raise SystemExit(bool(set(counts) - {"migrated", "refused"}))


def work(
    numbers: list[int],
    seed: int,
    keep: Path | None,
    queue: multiprocessing.SimpleQueue[tuple[int, str]],
    kind: str,
) -> None:
    """Try mutants in children, so that one that ends its process ends no other."""
    with tempfile.TemporaryDirectory() as name:
        seeds = dict(checkpoints(Path(name)))
        left = numbers
        while left:
            done = 0
            ours, theirs = multiprocessing.Pipe(duplex=False)
            child = os.fork()
            if child == 0:
                try:
                    try_each(left, seed, seeds, Path(name), keep, theirs, kind)
                finally:
                    os._exit(1)
            theirs.close()
            while done < len(left):
                if not ours.poll(PATIENCE):
                    os.kill(child, signal.SIGKILL)
                    break
                try:
                    queue.put(ours.recv())
                except EOFError:
                    break
                done += 1
            _, status = os.waitpid(child, 0)
            if done < len(left):
                queue.put((left[done], f"crash: the process ended with {status}"))
                done += 1
            left = left[done:]


def checkpoints(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every checkpoint of the tests, by its name."""
    warnings.simplefilter("ignore")
    from checkpoint.cases import CASES  # noqa: PLC0415
    from checkpoint.cases.registry import write_case  # noqa: PLC0415

    for name, case in sorted(CASES.items()):
        if not case.missing:
            path = write_case(case, folder)
            if path.is_file() and path.stat().st_size < 200_000:
                yield name, path.read_bytes()
                path.unlink()


def try_each(
    numbers: list[int],
    seed: int,
    seeds: dict[str, bytes],
    folder: Path,
    keep: Path | None,
    pipe: object,
    kind: str,
) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    names = list(seeds)
    for number in numbers:
        chance = random.Random(f"{seed} {number}")
        name = chance.choice(names)
        data = mutant(seeds[name], chance)
        path, out = folder / "in.pt", folder / "out.pt"
        path.write_bytes(data)
        outcome = tried(path, out, kind)
        if keep and outcome not in {"migrated", "refused"}:
            (keep / f"{number}.pt").write_bytes(data)
            if out.exists():
                out.rename(keep / f"{number}.out.pt")
        out.unlink(missing_ok=True)
        pipe.send((number, f"{outcome} ({name})" if ":" in outcome else outcome))


def tried(path: Path, out: Path, kind: str) -> str:
    """What came of one mutant; ``migrated`` and ``refused`` are as they should be."""
    from torchload_lint.migrate import (  # noqa: PLC0415
        MigrationError,
        MigrationOptions,
        TargetFormat,
        migrate_file,
    )

    try:
        migrate_file(path, out, MigrationOptions(format=TargetFormat(kind)))
    except (MigrationError, OSError):
        return "refused" if not out.exists() else "left: a file in spite of an error"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"crash: {error!r:.100} at {Path(place.filename).name}:{place.lineno}"
    try:
        load(out, kind)
    except Exception as error:  # noqa: BLE001
        return f"not loaded: {str(error)[-300:]!r}"
    return "migrated"


def load(path: Path, kind: str) -> None:
    if kind == "safetensors":
        from safetensors.torch import load_file  # noqa: PLC0415

        load_file(path)
        return
    import torch  # noqa: PLC0415

    torch.serialization.clear_safe_globals()
    torch.load(path, weights_only=True, map_location="cpu")


def mutant(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed anywhere, or the pickle of the archive changed and put back."""
    if chance.random() < 0.15:
        return changed_bytes(data, chance)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            inner = next(name for name in old.namelist() if name.endswith("data.pkl"))
            pickled = changed_pickle(old.read(inner), chance)
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as new:
                for info in old.infolist():
                    new.writestr(
                        info.filename, pickled if info.filename == inner else old.read(info)
                    )
    except (zipfile.BadZipFile, StopIteration, NotImplementedError, RuntimeError):
        return changed_pickle(data, chance)
    return stream.getvalue()


def changed_pickle(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return changed_bytes(data, chance)
    codes = opcodes(data)
    if len(codes) < 3:
        return changed_bytes(data, chance)
    rest = data[sum(map(len, codes)) :]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at, other = chance.randrange(len(codes)), chance.randrange(len(codes))
        kind = chance.randrange(4)
        if kind == 0:
            del codes[at]
        elif kind == 1:
            codes.insert(at, codes[other])
        elif kind == 2:
            codes[at] = codes[other]
        else:
            codes[at] = chance.choice(ATOMS)
        if not codes:
            break
    return b"".join(codes) + rest


ATOMS = [
    *(b"N", b"\x88", b"\x89", b"]", b"}", b")", b"K\x00", b"K\x01", b"J\xff\xff\xff\xff"),
    *(b"M\x00\xff", b"\x8a\x08" + b"\xff" * 7 + b"\x7f", b"G?\xf0" + b"\0" * 6),
    *(b"X\x01\x00\x00\x00a", b"0", b"R", b"b", b"\x85", b"\x86", b"h\x00", b"h\x01", b"h\x05"),
]
"""Small values, and calls with what lies there."""


def opcodes(data: bytes) -> list[bytes]:
    """The opcodes of a pickle with their arguments, as far as it can be read."""
    places = []
    with contextlib.suppress(ValueError, LookupError, EOFError, OverflowError):
        for _, _, place in pickletools.genops(data):
            places.append(place)
    ends = [*places[1:], places[-1] + 1] if places else []
    return [data[begin:end] for begin, end in zip(places, ends, strict=True)]


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data or b".")
    for _ in range(chance.choice((1, 1, 2, 4))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


if __name__ == "__main__":
    main()
