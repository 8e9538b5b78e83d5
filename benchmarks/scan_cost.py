"""What a scan costs: requests, bytes, processor time, for a bucket of checkpoints.

Zip files and files from before torch 1.6, of five sizes from 100 kB to 1.5 GB and four needs, each
under many names, in a store that speaks S3. They are scanned by processes of this machine.

    npm install s3rver
    python benchmarks/scan_cost.py node_modules/.bin/s3rver [--objects 2000]

Ends with 1 where a verdict is another than that of the file on disk, an object takes more than
three requests or 256 KiB, or a row is lost or doubled.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scan_store import BUCKET, SIZES, fill, serving, wrong_rows

from torchload_lint.scan.engines import LocalWorkers
from torchload_lint.scan.listed import list_all
from torchload_lint.scan.object_reading import ReadSettings, scan_batch
from torchload_lint.scan.parquet_files import read_rows
from torchload_lint.scan.result_folder import Results
from torchload_lint.workspace import Projects, Settings

MOST_REQUESTS, MOST_BYTES = 3, 256 * 1024
MILLION = 1_000_000


def processor_seconds() -> float:
    """Of this process and those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> int:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("s3rver", type=Path)
    parser.add_argument("--objects", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "store")
        fill(root, options.objects)
        with serving(options.s3rver, root) as server:
            listed, errors = list_all([f"s3://{BUCKET}"], None, None)
            assert not errors, errors
            project = Projects(Settings()).project_of("checkpoint")
            results = Results(Path(name, "out"), ReadSettings())
            started = time.perf_counter()
            results.read_new(listed, lambda: LocalWorkers(2), lambda *_: None)
            spent = time.perf_counter() - started
            results.judge(project)
            results.tabulate(listed, project)
            rows = read_rows(results.table)
            told = server.reads()
            before = processor_seconds()
            scan_batch(listed[:400])
            alone = processor_seconds() - before
        wrong = wrong_rows(rows, root, options.objects)
    requests = Counter(row["requests"] for row in rows)
    most = max(row["bytes_read"] for row in rows)
    total = sum(row["size"] for row in rows)
    read = sum(row["bytes_read"] for row in rows)
    each = sum(requests.elements()) / len(rows)
    print(
        f"{len(rows):,} objects of {len(SIZES)} sizes, {total / 1e9:,.0f} GB: {spent:.1f} s with 2 "
        "processes"
    )
    print(f"requests an object: {dict(sorted(requests.items()))}, the server saw {told:,} reads")
    print(f"bytes read: {read:,}; most of one: {most:,}")
    print(f"judgements: {dict(Counter(row['judgement'] for row in rows))}")
    print(f"processor time of the reader: {1000 * alone / min(400, len(listed)):.2f} ms an object")
    print(
        f"a million: {each * MILLION:,.0f} requests, {read / len(rows) * MILLION / 1e9:,.0f} GB, "
        f"{alone / min(400, len(listed)) * MILLION / 3600:.2f} hours of one core"
    )
    print(f"wrong rows: {wrong}")
    return 1 if wrong or most > MOST_BYTES or max(requests) > MOST_REQUESTS else 0


if __name__ == "__main__":
    sys.exit(main())
