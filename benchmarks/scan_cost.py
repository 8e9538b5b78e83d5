"""What a scan costs: requests, bytes and objects a second, with workers that are killed.

Checkpoints of five sizes from 100 kB to 1.5 GB lie in a folder (sparse: their tensors take no
space), zip files and files from before torch 1.6, each under many names. They are scanned as
objects of a store, by processes of this machine and by a Dask cluster whose workers are killed.

    python benchmarks/scan_cost.py [--objects 2000] [--dask 20000] [--kills 10]

Ends with 1 where a verdict is another than that of the file on disk, or a row is lost or doubled.
"""

from __future__ import annotations

import argparse
import io
import os
import pickle
import random
import signal
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from distributed import LocalCluster

from torchload_lint.checkpoint import inspect_file
from torchload_lint.scan.engines import DaskWorkers, LocalWorkers
from torchload_lint.scan.listed import list_all
from torchload_lint.scan.object_reading import ReadSettings
from torchload_lint.scan.parquet_files import read_rows, rows_below
from torchload_lint.scan.result_folder import Results
from torchload_lint.workspace import Projects, Settings

if TYPE_CHECKING:
    from torchload_lint.remote.remote_stores import RemoteObject

SIZES = (100_000, 1_000_000, 20_000_000, 300_000_000, 1_500_000_000)


class Storage:
    """What torch names a storage by in a pickle."""

    def __init__(self, key: str, numel: int, fields: int) -> None:
        self.pid = ("storage", Name("torch", "FloatStorage"), key, "cpu", numel)
        self.pid += (None,) * (fields - 5)


class Name:
    """A global that a pickle names."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Pickler(pickle._Pickler):
    """Writes globals and storages as torch.save does, without torch."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_name(self, name: Name) -> None:
        self.write(f"c{name.module}\n{name.name}\n".encode())

    def save_storage(self, storage: Storage) -> None:
        self.save(storage.pid)
        self.write(pickle.BINPERSID)

    def save_call(self, call: Call) -> None:
        self.save(call.callee)
        self.save(call.args)
        self.write(pickle.REDUCE)


class Call:
    """A call in a pickle."""

    def __init__(self, callee: Name, *args: object) -> None:
        self.callee, self.args = callee, args


Pickler.dispatch[Name] = Pickler.save_name
Pickler.dispatch[Storage] = Pickler.save_storage
Pickler.dispatch[Call] = Pickler.save_call


def pickled(value: object) -> bytes:
    """A value as a pickle of protocol 2."""
    out = io.BytesIO()
    Pickler(out, 2).dump(value)
    return out.getvalue()


def state(numel: int, fields: int, needs: str) -> dict[str, object]:
    """A state dict of one tensor; ``needs``: a class that it holds an instance of, or nothing."""
    tensor = Call(
        Name("torch._utils", "_rebuild_tensor_v2"),
        Storage("0", numel, fields), 0, (numel,), (1,), False,
        Call(Name("collections", "OrderedDict")),
    )  # fmt: skip
    module, _, name = needs.rpartition(".")
    return {"w": tensor, "args": Call(Name(module, name)) if needs else None}


def write_zip(path: Path, size: int, needs: str) -> None:
    """A zip file as torch writes them, whose tensor is a hole."""
    numel = size // 4
    records = [
        ("m/data.pkl", pickled(state(numel, 5, needs))), ("m/byteorder", b"little"),
        ("m/data/0", None), ("m/version", b"3\n"),
    ]  # fmt: skip
    directory = b""
    with path.open("wb") as file:
        for name, content in records:
            offset, length = file.tell(), numel * 4 if content is None else len(content)
            crc = 0 if content is None else zlib.crc32(content)
            header = (0, 0, 0, 0, crc, length, length, len(name), 0)
            file.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *header) + name.encode())
            file.seek(length, os.SEEK_CUR) if content is None else file.write(content)
            directory += struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *header, 0, 0, 0, 0, offset
            ) + name.encode()  # fmt: skip
        start = file.tell()
        end = (0, 0, len(records), len(records), len(directory), start, 0)
        file.write(directory + struct.pack("<4s4H2LH", b"PK\x05\x06", *end))


def write_legacy(path: Path, size: int, needs: str) -> None:
    """A file as torch wrote them before 1.6, whose tensor is a hole."""
    numel = size // 4
    sizes = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2}}
    parts = (0x1950A86A20F9469CFC6C, 1001, sizes, state(numel, 6, needs), ["0"])
    with path.open("wb") as file:
        for part in parts:
            file.write(pickled(part))
        file.write(numel.to_bytes(8, "little"))
        file.truncate(file.tell() + numel * 4)


def corpus(folder: Path, count: int) -> None:
    """``count`` names for checkpoints of all sizes, ages and needs."""
    needs = ("", "argparse.Namespace", "foreign.net.Net", "os.system")
    kinds = [
        (write, size, need)
        for write in (write_zip, write_legacy)
        for size in SIZES
        for need in needs
    ]
    first: dict[int, Path] = {}
    for number, (kind, (write, size, need)) in zip(range(count), cycle(enumerate(kinds))):
        path = folder / f"{number % 100:02}" / f"{number:06}.pt"
        path.parent.mkdir(exist_ok=True)
        if kind in first:
            os.link(first[kind], path)
        else:
            write(path, size, need)
            first[kind] = path


def scan(out: Path, listed: list[RemoteObject], workers: object) -> tuple[float, list[dict]]:
    """The seconds of a run, and the table."""
    project = Projects(Settings()).project_of("checkpoint")
    started = time.perf_counter()
    results = Results(out, ReadSettings())
    results.read_new(listed, lambda: workers, lambda *_: None)
    spent = time.perf_counter() - started
    results.judge(project)
    results.tabulate(listed, project)
    return spent, read_rows(out / "table.parquet")


def wrong_rows(rows: list[dict], listed: list[RemoteObject]) -> int:
    """Rows that are lost, doubled, or say something else than the file on disk does."""
    seen = Counter(row["uri"] for row in rows)
    wrong = sum(count - 1 for count in seen.values()) + len({one.uri for one in listed} - set(seen))
    known: dict[tuple[int, int], str] = {}
    for row in rows:
        path = Path(row["uri"].removeprefix("file://"))
        inode = path.stat().st_ino, path.stat().st_size
        if inode not in known:
            known[inode] = inspect_file(path).verdict.value
        wrong += row["verdict"] != known[inode]
    return wrong


def report(title: str, spent: float, rows: list[dict]) -> None:
    """One paragraph of figures."""
    requests = Counter(row["requests"] for row in rows)
    most = max(row["bytes_read"] for row in rows)
    print(f"{title}: {len(rows):,} rows in {spent:.1f} s, {len(rows) / spent:.0f} a second")
    print(f"  requests an object: {dict(sorted(requests.items()))}; most bytes of one: {most:,}")
    print(f"  verdicts: {dict(Counter(row['judgement'] for row in rows))}")


def kill_now_and_then(count: int, stop: threading.Event, processes: object) -> None:
    """End a worker's process ``count`` times, a second apart."""
    for _ in range(count):
        if stop.wait(1.0):
            return
        victims = [one.process.pid for one in processes() if one.process and one.process.pid]
        if victims:
            os.kill(random.choice(victims), signal.SIGKILL)


def main() -> int:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--dask", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "models")
        folder.mkdir()
        corpus(folder, options.objects)
        listed, _ = list_all([str(folder)], None, None)
        spent, rows = scan(Path(name, "out"), listed, LocalWorkers(2))
        report("2 processes", spent, rows)
        wrong += wrong_rows(rows, listed)
        if options.dask:
            wrong += with_dask(Path(name), options.dask, options.kills)
    print(f"wrong rows: {wrong}")
    return 1 if wrong else 0


def with_dask(room: Path, count: int, kills: int) -> int:
    """The same with two workers of a cluster that are killed; wrong rows."""
    folder = room / "many"
    folder.mkdir()
    corpus(folder, count)
    listed, _ = list_all([str(folder)], None, None)
    stop = threading.Event()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        killer = threading.Thread(
            target=kill_now_and_then, args=(kills, stop, cluster.workers.values)
        )
        killer.start()
        spent, rows = scan(room / "dask", listed, DaskWorkers(cluster.scheduler_address))
        stop.set()
        killer.join()
        report(f"2 Dask workers, {kills} kills", spent, rows)
        parts = sum(len(part) for _, part in rows_below(room / "dask" / "read", ["uri"]))
        print(f"  rows that were read: {parts:,}")
        again, rows = scan(room / "dask", listed, None)
        report("second run", again, rows)
    return wrong_rows(rows, listed)


if __name__ == "__main__":
    sys.exit(main())
