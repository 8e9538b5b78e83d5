"""A scan by a Dask cluster whose workers are killed, and that is interrupted and taken up again.

Two workers; one of them is ended with SIGKILL ten times, the run itself is interrupted (SIGINT) and
then ended with SIGKILL, and started again each time. Then: a run that finds everything done, and
one under another policy.

    npm install s3rver
    python benchmarks/scan_killed.py node_modules/.bin/s3rver [--objects 20000]

Ends with 1 where a row is lost, doubled or wrong, or where the last two runs read anything.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from distributed import LocalCluster
from scan_store import BUCKET, fill, serving, wrong_rows

from torchload_lint.scan.parquet_files import read_rows, rows_below

KILLS = 10
SIZES = (100_000, 1_000_000, 20_000_000)


class Trouble(threading.Thread):
    """Ends a worker, or the run itself, each time that so many more units are done."""

    def __init__(
        self, done: Path, units: int, cluster: LocalCluster, run: subprocess.Popen
    ) -> None:
        super().__init__(daemon=True)
        self._done, self._cluster, self._run = done, cluster, run
        self._every = max(1, units // (KILLS + 3))

    def between(self, killed: list[int], stop_run: int | None) -> None:
        """``killed``: the workers that were ended before; ``stop_run``: how the run ends, if so."""
        self.killed, self._stop_run = killed, stop_run

    def run(self) -> None:
        at_first = len(list(self._done.glob("*.parquet")))
        here = 0
        while self._run.poll() is None:
            new = len(list(self._done.glob("*.parquet"))) - at_first
            if new >= (here + 1) * self._every and len(self.killed) < KILLS:
                here += self._kill_worker()
            if self._stop_run is not None and new >= 4.5 * self._every:
                self._run.send_signal(self._stop_run)
                return
            time.sleep(0.05)

    def _kill_worker(self) -> bool:
        """End one that is at work; Dask gives one up that ends while it starts."""
        known = self._cluster.scheduler.workers
        working = [
            one.process.pid
            for one in self._cluster.workers.values()
            if one.process and one.process.pid and one.worker_address in known
        ]
        if not working:
            return False
        self.killed.append(random.choice(working))
        os.kill(self.killed[-1], signal.SIGKILL)
        return True


def scan(out: Path, *more: str) -> subprocess.Popen:
    """A run of the command."""
    command = [
        sys.executable,
        "-m",
        "torchload_lint",
        "scan",
        f"s3://{BUCKET}",
        "--out",
        out,
        *more,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finished(run: subprocess.Popen) -> tuple[float, str]:
    """The seconds until it ends, and what it says."""
    started = time.perf_counter()
    said, _ = run.communicate()
    return time.perf_counter() - started, said.partition("\n")[0]


def main() -> int:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("s3rver", type=Path)
    parser.add_argument("--objects", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root, out = Path(name, "store"), Path(name, "out")
        os.chdir(name)
        fill(root, options.objects, SIZES)
        with serving(options.s3rver.absolute(), root) as server:
            return measured(root, out, options.objects, server.reads)


def measured(root: Path, out: Path, count: int, reads: object) -> int:
    """All runs; the exit status."""
    killed: list[int] = []
    (out / "read").mkdir(parents=True)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        spent = 0.0
        for stop in (signal.SIGINT, signal.SIGKILL, None):
            cluster.scale(0)
            cluster.scale(2)  # also where Dask has given one up
            cluster.wait_for_workers(2)
            run = scan(out, "--scheduler", cluster.scheduler_address)
            trouble = Trouble(out / "read", count // 200, cluster, run)
            trouble.between(killed, stop)
            trouble.start()
            seconds, said = finished(run)
            trouble.join()
            spent += seconds
            parts = len(list((out / "read").glob("*.parquet")))
            print(f"run: {seconds:.0f} s, status {run.returncode}, {parts} units, "
                  f"{len(killed)} workers killed so far. {said}")  # fmt: skip
    rows = read_rows(out / "table.parquet")
    read = sum(len(part) for _, part in rows_below(out / "read", ["uri"]))
    before = reads()
    asked = sum(row["requests"] for row in rows)
    print(f"{len(rows):,} rows, {len({row['uri'] for row in rows}):,} objects, {read:,} rows kept")
    print(f"judgements: {dict(Counter(row['judgement'] for row in rows))}")
    print(
        f"{asked:,} requests stand in the rows; the server saw {before:,}, "
        "with those of killed workers"
    )
    listing, _ = finished(scan(out, "--dry-run"))
    print(f"listing alone: {listing:.1f} s")
    again, said = finished(scan(out, "--workers", "1"))
    second = reads() - before
    print(f"second run: {again:.1f} s, {second} reads. {said}")
    Path("torchload-lint.toml").write_text('trusted = ["foreign.*"]\n')
    judged, said = finished(scan(out, "--workers", "1"))
    third = reads() - before
    print(f"another policy: {judged:.1f} s, {third} reads. {said}")
    wrong = wrong_rows(rows, root, count)
    print(f"wrong rows: {wrong}")
    return 1 if wrong or read != count or second or third or len(killed) < KILLS else 0


if __name__ == "__main__":
    sys.exit(main())
