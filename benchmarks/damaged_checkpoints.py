"""Damaged checkpoints: does real torch do what the report says?

    python benchmarks/damaged_checkpoints.py [--mutants 20000] [--seed 0] [--jobs 1]
        [--cases 'np_*'] [--keep FOLDER] [--only NUMBER]

The checkpoints are those of the tests (tests/checkpoint/cases). In a mutant, values of the pickle
are replaced, exchanged, left out or doubled, or bytes of the file or of a member are changed. torch
is asked in a child process, with `weights_only=True` and exactly the named entries; only names
that hold data are ever allowed. Each disagreement is printed with the number that makes its mutant
again, and a Markdown table at the end; the exit status is 1 where there was one.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import warnings
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrate_mutants import changed_bytes, checkpoints, opcodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.report import CheckpointReport

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120
"""Seconds for one mutant."""
MEMORY = 6 * 2**30
LARGEST = 100_000
"""Bytes of a checkpoint that is changed."""

DATA = tuple(
    "numpy. datetime. decimal.Decimal fractions.Fraction uuid.UUID pathlib. argparse.Namespace "
    "collections. builtins.slice builtins.range builtins.frozenset builtins.complex builtins.list "
    "builtins.dict builtins.tuple builtins.int builtins.float builtins.str builtins.bool "
    "builtins.object torch.nn. torch.optim. torch.Size torch.torch_version. copyreg._reconstructor "
    "checkpoint.sample_classes.".split()
)
"""Beginnings of the names that may be allowed: what rebuilds data and runs nothing else."""
NO_ENTRY = "none"
"""What stands for an entry that no library has."""
NEVER = frozenset("load memmap fromfile tofile open save loadtxt genfromtxt DataSource".split())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cases", default="*", help="a pattern for the names of the checkpoints")
    parser.add_argument("--only", type=int, help="make this mutant alone")
    parser.add_argument(
        "--keep", type=Path, help="a folder for the mutants that torch judges otherwise"
    )
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(exist_ok=True)
    sys.path.insert(0, str(ROOT / "tests"))
    wanted = [options.only] if options.only is not None else range(options.mutants)
    shares = [list(wanted[job :: options.jobs]) for job in range(options.jobs)]
    queue: multiprocessing.SimpleQueue[tuple[int, str, str]] = multiprocessing.SimpleQueue()
    for share in shares:
        multiprocessing.Process(target=work, args=(share, options, queue)).start()
    counts: collections.Counter[tuple[str, bool]] = collections.Counter()
    for _ in wanted:
        number, verdict, wrong = queue.get()
        counts[verdict, bool(wrong)] += 1
        if wrong:
            print(f"{number}: {verdict}: {wrong}", flush=True)
    print("| the report says | files | torch says otherwise |\n|---|--:|--:|")
    for verdict in sorted({verdict for verdict, _ in counts}):
        wrong = counts[verdict, True]
        print(f"| {verdict} | {counts[verdict, False] + wrong:,} | {wrong:,} |")
    return int(any(wrong for _, wrong in counts))


def work(numbers: list[int], options: argparse.Namespace, queue: Any) -> None:
    """Try mutants in children, so that one that ends its process ends no other."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        seeds = {
            case: data
            for case, data in checkpoints(Path(name))
            if fnmatch(case, options.cases) and len(data) < LARGEST
        }
    globals_ = sorted({code for data in seeds.values() for code in named(data)})
    left = numbers
    while left:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        child = os.fork()
        if child == 0:
            try:
                try_each(left, options, seeds, globals_, theirs)
            finally:
                os._exit(1)
        theirs.close()
        done = 0
        while done < len(left) and ours.poll(PATIENCE):
            try:
                queue.put(ours.recv())
            except EOFError:
                break
            done += 1
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if done < len(left):
            queue.put((left[done], "a load that ended the process", f"status {status}"))
            done += 1
        left = left[done:]


def try_each(
    numbers: list[int],
    options: argparse.Namespace,
    seeds: dict[str, bytes],
    globals_: list[bytes],
    pipe: Any,
) -> None:
    import torch  # noqa: PLC0415

    from checkpoint.sample_facts import sample_facts  # noqa: PLC0415
    from torchload_lint.checkpoint import inspect_bytes  # noqa: PLC0415
    from torchload_lint.checkpoint.known.torch_versions import Target  # noqa: PLC0415

    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)
    target = Target.of(torch.__version__.partition("+")[0], 2)
    target = target._replace(python=sys.version_info[:2])
    names = list(seeds)
    for number in numbers:
        chance = random.Random(f"{options.seed} {number}")
        name = chance.choice(names)
        data = mutant(seeds[name], chance, globals_)
        report = inspect_bytes(data, "mutant.pt", target, sample_facts)
        verdict, wrong = judged(report, data)
        if wrong and options.keep:
            (options.keep / f"{number}.pt").write_bytes(data)
        pipe.send((number, verdict, f"{wrong} ({name})" if wrong else ""))


def judged(report: CheckpointReport, data: bytes) -> tuple[str, str]:
    """What the report says, and what torch does otherwise."""
    verdict = report.verdict.value
    if any(problem.code == "internal" for problem in report.problems):
        return "an error of its own", report.problems[0].message
    if verdict == "dangerous" or report.stand_ins:
        return f"{verdict} (torch is not asked)", ""
    said = "; ".join(f"{one.code}: {one.message}" for one in report.problems)[:200]
    if verdict != "needs-safe-globals":
        error = load(data, [])
        wrong = bool(error) if verdict == "loads" else not error
        return verdict, (error or f"it loads, {said}") if wrong else ""
    entries = allowed(report)
    if entries is None:
        return f"{verdict} (no data: torch is not asked)", ""
    if any(problem.is_open for problem in report.problems):
        verdict += " and more"
    elif report.untried:
        verdict += ", untried whether enough"
    error = "there is no such entry" if NO_ENTRY in entries else load(data, entries)
    if error:
        return verdict, f"{error} [{said}] {[str(one.name) for one in report.safe_globals]}"
    for at in range(len(entries)):
        if not load(data, entries[:at] + entries[at + 1 :]):
            return verdict, f"{report.safe_globals[at].name} is not needed"
    return verdict, ""


def allowed(report: CheckpointReport) -> list[Any] | None:
    """The entries; None where one of them may do something."""
    from checkpoint.oracle import entry  # noqa: PLC0415
    from checkpoint.oracle_worker import resolved  # noqa: PLC0415

    found = []
    for needed in report.safe_globals:
        names = {str(needed.name), f"{needed.spelling.module}.{needed.spelling.name}"}
        is_data = all(name.startswith(DATA) for name in names)
        if needed.import_only or not is_data or not NEVER.isdisjoint(str(needed.name).split(".")):
            return None
        try:
            found.append(resolved(entry(needed)))
        except AttributeError:
            found.append(NO_ENTRY)
    return found


def load(data: bytes, entries: list[Any]) -> str:
    """What torch raises; empty where it loads."""
    import torch  # noqa: PLC0415
    from torch.serialization import clear_safe_globals, safe_globals  # noqa: PLC0415

    clear_safe_globals()
    try:
        with safe_globals(entries):
            try:
                torch.load(io.BytesIO(data), weights_only=True)
            except RuntimeError as error:
                if "CUDA device" not in str(error):
                    raise
                torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    except Exception as error:  # noqa: BLE001 - whatever torch or a class raises
        reason = str(error).rpartition("WeightsUnpickler error: ")[2].strip()
        return f"{type(error).__name__}: {reason.partition(chr(10))[0][:200]}"
    return ""


def mutant(data: bytes, chance: random.Random, globals_: list[bytes]) -> bytes:
    """A file of which a little is changed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            members = [(info.filename, old.read(info)) for info in old.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return changed_streams(data, chance, globals_)
    kind = chance.random()
    if kind < 0.1 or not members:
        return changed_bytes(data, chance)
    at = next((at for at, (name, _) in enumerate(members) if name.endswith("data.pkl")), 0)
    if kind > 0.85:
        at = chance.randrange(len(members))
    name, inside = members[at]
    members[at] = (
        name,
        changed_bytes(inside, chance) if kind > 0.85 else changed(inside, chance, globals_),
    )
    if kind > 0.97:
        del members[at]
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as new:
        warnings.simplefilter("ignore")
        for name, inside in members:
            new.writestr(zipfile.ZipInfo(name), inside)
    return stream.getvalue()


def changed_streams(data: bytes, chance: random.Random, globals_: list[bytes]) -> bytes:
    """One of the pickles that follow each other in the old format."""
    parts, rest = [], data
    while rest and len(parts) < 5:
        pickled = b"".join(opcodes(rest))
        if not pickled.endswith(b"."):
            break
        parts.append(pickled)
        rest = rest[len(pickled) :]
    if not parts or chance.random() < 0.1:
        return changed_bytes(data, chance)
    at = min(3, len(parts) - 1) if chance.random() < 0.8 else chance.randrange(len(parts))
    parts[at] = changed(parts[at], chance, globals_)
    return b"".join(parts) + rest


def changed(data: bytes, chance: random.Random, globals_: list[bytes]) -> bytes:
    """A pickle with one to three changes."""
    codes = opcodes(data)
    if len(codes) < 3:
        return changed_bytes(data, chance)
    rest = data[sum(map(len, codes)) :]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        values = [at for at, code in enumerate(codes) if code[:1] in VALUE_CODES]
        at = (
            chance.choice(values)
            if values and chance.random() < 0.7
            else chance.randrange(len(codes))
        )
        chance.choice(CHANGES)(codes, at, chance, globals_)
        if len(codes) < 3:
            break
    return b"".join(codes) + rest


def replace(codes: list[bytes], at: int, chance: random.Random, _: list[bytes]) -> None:
    codes[at] = chance.choice(VALUES)


def exchange(codes: list[bytes], at: int, chance: random.Random, _: list[bytes]) -> None:
    other = chance.randrange(len(codes))
    codes[at], codes[other] = codes[other], codes[at]


def rename(codes: list[bytes], _: int, chance: random.Random, globals_: list[bytes]) -> None:
    places = [at for at, code in enumerate(codes) if code[:1] == b"c"]
    if places and globals_:
        codes[chance.choice(places)] = chance.choice(globals_)


def nudge(codes: list[bytes], at: int, chance: random.Random, _: list[bytes]) -> None:
    if len(codes[at]) > 1:
        code = bytearray(codes[at])
        place = chance.randrange(1, len(code))
        code[place] = (code[place] + chance.choice((1, -1, 2, 8, 128))) % 256
        codes[at] = bytes(code)


CHANGES: list[Callable[..., None]] = [
    *(replace, replace, replace, replace, exchange, rename, nudge, nudge),
    lambda codes, at, *_: codes.pop(at),
    lambda codes, at, chance, _: codes.insert(at, chance.choice(VALUES)),
    lambda codes, at, *_: codes.insert(at, codes[at]),
]
VALUE_CODES = frozenset(bytes([code]) for code in b"X\x8cKJM\x8aG\x88\x89N)}]CBU\x8f")
"""How the opcodes of plain values begin."""
VALUES = [
    *(
        b"N",
        b"\x88",
        b"\x89",
        b"]",
        b"}",
        b")",
        b"\x8f",
        b"K\x00",
        b"K\x01",
        b"K\x07",
        b"K\x85\x85",
    ),
    *(b"M\xff\xff", b"J\xff\xff\xff\xff", b"J\xff\xff\xff\x7f", b"\x8a\x01\x05"),
    *(b"\x8a\x08" + b"\xff" * 7 + b"\x7f", b"\x8a\x09" + b"\xff" * 8 + b"\x7f"),
    *(b"G?\xe0\0\0\0\0\0\0", b"G\x7f\xf8\0\0\0\0\0\0", b"U\x01a", b"C\x01a"),
    *(b"X\x01\0\0\0a", b"X\0\0\0\0", b"X\x03\0\0\0cpu", b"X\x02\0\0\0f8", b"X\x01\0\0\0<"),
    *(b"K\x01\x85", b"K\x01K\x02\x86", b"K\0K\x01K\x02\x87", b"}X\x01\0\0\0aK\x01s", b"]K\x01a"),
]
"""Values of every kind that a pickle can hold."""


def named(data: bytes) -> list[bytes]:
    """The opcodes of a checkpoint's pickle that name data."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inner = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            codes = opcodes(archive.read(inner))
    except (zipfile.BadZipFile, StopIteration, NotImplementedError, RuntimeError, OSError):
        return []
    return [code for code in codes if code[:1] == b"c" and is_data(code)]


def is_data(code: bytes) -> bool:
    name = code[1:-1].decode(errors="replace").replace("\n", ".")
    return name.startswith((*DATA, "torch._utils.")) and NEVER.isdisjoint(name.split("."))


if __name__ == "__main__":
    raise SystemExit(main())
