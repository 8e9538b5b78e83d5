"""What migrating a large checkpoint costs beside copying it: time, and the most memory used.

    python benchmarks/migrate_cost.py [--gigabytes 2] [--runs 5] [--folder DIR] [--legacy]

Writes one checkpoint of random weights (with an argparse.Namespace beside them, so that it does not
load plainly), then copies it with ``cp`` and migrates it, in turn, and prints medians as Markdown.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 64 * 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--legacy", action="store_true", help="the format of before torch 1.6")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        source, copy, new = (Path(name, file) for file in ("model.pt", "copy.pt", "new.pt"))
        in_a_process(make, source, int(options.gigabytes * 1e9), options.legacy)
        migrate = [sys.executable, "-m", "torchload_lint", "migrate", "--force", "--isolated"]
        commands = {
            "cp": ["cp", str(source), str(copy)],
            "migrate": [*migrate, str(source), "-o", str(new)],
        }
        print(f"{source.stat().st_size:,} bytes, {options.runs} runs each, after one warm-up\n")
        report(measure(commands, options.runs))
        in_a_process(load, new)
        print("torch.load(…, weights_only=True) loads the new file.")


def in_a_process(work: Callable[..., None], *given: object) -> None:
    """A child's peak begins with the size of its parent, so this process stays small."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=given)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} failed")


def make(path: Path, nbytes: int, legacy: bool) -> None:
    import torch  # noqa: PLC0415 - in the child alone

    state = {
        f"layers.{index}.weight": torch.frombuffer(bytearray(os.urandom(PIECE)), dtype=torch.int32)
        for index in range(max(1, nbytes // PIECE))
    }
    saved = {"state_dict": state, "args": argparse.Namespace(lr=0.1)}
    torch.save(saved, path, _use_new_zipfile_serialization=not legacy)


def load(path: Path) -> None:
    import torch  # noqa: PLC0415 - in the child alone

    torch.load(path, weights_only=True, mmap=True, map_location="cpu")


def measure(commands: dict[str, list[str]], runs: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and megabytes of each run, the commands taken in turn, each the first in turn."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in sorted(commands.items(), reverse=run % 2 == 0):
            Path(command[-1]).unlink(missing_ok=True)  # both write a new file
            os.sync()  # and neither waits for what the other has left to be written
            outcome = one_run(command)
            if run:
                found[name].append(outcome)
    return found


def one_run(command: list[str]) -> tuple[float, float]:
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{command[0]} failed")
    return seconds, usage.ru_maxrss / 1024


def report(found: dict[str, list[tuple[float, float]]]) -> None:
    print("| command | seconds (median) | min | max | peak MB |")
    print("|---|---|---|---|---|")
    for name, runs in found.items():
        seconds = [one for one, _ in runs]
        peak = max(memory for _, memory in runs)
        median = statistics.median(seconds)
        print(f"| {name} | {median:.2f} | {min(seconds):.2f} | {max(seconds):.2f} | {peak:.0f} |")
    ratios = [a[0] / b[0] for a, b in zip(found["migrate"], found["cp"], strict=True)]
    print(f"\nmigrate / cp, pair by pair: median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
