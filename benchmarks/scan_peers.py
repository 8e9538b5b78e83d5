"""What judging checkpoints in a bucket costs beside other scanners, which download each as a whole.

One run, one server, the same objects for all: 100 kB, 1 MB and 20 MB, zip files and files from
before torch 1.6. ``two reads`` is a thread pool that reads head and tail, and judges nothing.
Processor time, each in a process of its own; the time of its imports is taken away.

    npm install s3rver
    python -m venv peers && peers/bin/pip install picklescan fickling modelaudit
    python benchmarks/scan_peers.py node_modules/.bin/s3rver peers/bin/python [--objects 120]
"""

from __future__ import annotations

# ruff: noqa: PLC0415 - the peers are in another environment, and this file runs in both
import argparse
import resource
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (100_000, 1_000_000, 20_000_000)
HEAD, TAIL = 64 * 1024, 128 * 1024
OURS = ("torchload-lint", "two reads")
PEERS = ("picklescan", "fickling", "modelaudit")


def by_scan(urls: list[str]) -> int:
    """As ``scan`` reads and judges what it has listed; the bytes that were read."""
    from torchload_lint.scan import RemoteObject, scan_batch
    from torchload_lint.scan.judging import judged_rows
    from torchload_lint.workspace import Projects, Settings

    project = Projects(Settings()).project_of("checkpoint")
    given = [url.split("|") for url in urls]
    rows = scan_batch([RemoteObject(uri, int(size), etag) for _, uri, size, etag in given])
    judged_rows(rows, project)
    return sum(row["bytes_read"] for row in rows)


def by_threads(urls: list[str]) -> int:
    """The head and the tail of each, and nothing else."""
    from torchload_lint.remote.addresses import store_of
    from torchload_lint.remote.remote_stores import RemoteObject

    store = store_of(urls[0].split("|")[1])

    def read(url: str) -> int:
        _, uri, size, etag = url.split("|")
        one = RemoteObject(uri, int(size), etag)
        head = store.fetch(one, 0, min(one.size, HEAD if one.size > HEAD + TAIL else one.size))
        is_zip = one.size > HEAD + TAIL and head.startswith(b"PK")
        return len(head) + (len(store.fetch(one, one.size - TAIL, one.size)) if is_zip else 0)

    with ThreadPoolExecutor(16) as pool:
        return sum(pool.map(read, urls))


def downloaded(judge: Callable[[str], object]) -> Callable[[list[str]], int]:
    """Download each, and let a peer judge it."""

    def run(urls: list[str]) -> int:
        read = 0
        with tempfile.TemporaryDirectory() as room:
            path = Path(room, "m.pt")
            for url in urls:
                urllib.request.urlretrieve(url.split("|")[0], path)
                read += path.stat().st_size
                judge(str(path))
        return read

    return run


def by_picklescan() -> Callable[[list[str]], int]:
    from picklescan.scanner import scan_file_path

    return downloaded(scan_file_path)


def by_fickling() -> Callable[[list[str]], int]:
    import zipfile

    from fickling.analysis import check_safety
    from fickling.fickle import Pickled, PickleDecodeError

    def judge(path: str) -> None:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next(one for one in archive.namelist() if one.endswith("/data.pkl"))
                check_safety(Pickled.load(archive.read(name)))
            return
        with Path(path).open("rb") as file, suppress(PickleDecodeError):
            for _ in range(5):  # what torch wrote before the storages
                check_safety(Pickled.load(file))

    return downloaded(judge)


def by_modelaudit() -> Callable[[list[str]], int]:
    from modelaudit.core import scan_model_directory_or_file

    return downloaded(scan_model_directory_or_file)


def processor_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (used.ru_utime + used.ru_stime)


def as_tool(name: str, urls: list[str]) -> None:
    """One tool over all objects: prints milliseconds of processor time, and bytes."""
    runs = {"torchload-lint": lambda: by_scan, "two reads": lambda: by_threads}
    runs |= {"picklescan": by_picklescan, "fickling": by_fickling, "modelaudit": by_modelaudit}
    run = runs[name]()
    run(urls[:1])
    before = processor_ms()
    read = run(urls)
    print("cost", processor_ms() - before, read)


def main() -> None:
    """Measure, and tell."""
    if sys.argv[1:2] == ["--tool"]:
        as_tool(sys.argv[2], sys.stdin.read().split("\n"))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("s3rver", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("--objects", type=int, default=120)
    options = parser.parse_args()
    from scan_store import BUCKET, fill, serving

    from torchload_lint.scan import list_all

    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "store")
        fill(root, options.objects, SIZES)
        with serving(options.s3rver, root) as server:
            listed, _ = list_all([f"s3://{BUCKET}"])
            urls = "\n".join(
                f"{server.url}/{one.uri.removeprefix('s3://')}|{one.uri}|{one.size}|{one.etag}"
                for one in listed
            )
            costs = {}
            for tool in (*OURS, *PEERS):
                python = sys.executable if tool in OURS else options.peers.absolute()
                command = [python, Path(__file__).absolute(), "--tool", tool]
                done = subprocess.run(
                    command, input=urls, capture_output=True, text=True, cwd=name, check=False
                )
                told = [line for line in done.stdout.splitlines() if line.startswith("cost ")]
                if not told:
                    print(f"{tool}: failed: {done.stderr[-300:]}")
                    continue
                _, spent, read = told[-1].split()
                costs[tool] = float(spent) / len(listed)
                ratio = costs[tool] / costs[OURS[0]]
                print(
                    f"{tool:16} {costs[tool]:8.2f} ms an object, {ratio:6.1f} times; "
                    f"{int(read):,} bytes"
                )


if __name__ == "__main__":
    main()
