"""A store that speaks S3, with checkpoints of all sizes and ages, for the benchmarks of ``scan``.

s3rver (npm) keeps an object in a file, so that sparse files of 1.5 GB stand in its folder as they
are: their tensors are holes, and take no space. ``npm install s3rver``, then name
``node_modules/.bin/s3rver`` to the benchmark.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import socket
import struct
import subprocess
import sys
import time
import zlib
from contextlib import contextmanager, suppress
from itertools import cycle
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "models"
_READ = re.compile(r"\.pt 20[06] ")
"""How the server logs a part of an object that it gave."""
_OBJECT, _METADATA = "._S3rver_object", "._S3rver_metadata.json"
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


NEEDS = ("", "argparse.Namespace", "foreign.net.Net", "os.system")
"""What the checkpoints hold besides a tensor."""


def fill(root: Path, count: int, sizes: tuple[int, ...] = SIZES) -> None:
    """Put ``count`` objects into the store: of all sizes, ages and needs, in turn."""
    kinds = [
        (write, size, need)
        for write in (write_zip, write_legacy)
        for size in sizes
        for need in NEEDS
    ]
    first: dict[int, Path] = {}
    for number, (kind, (write, size, need)) in zip(range(count), cycle(enumerate(kinds))):
        key = root / BUCKET / f"{number % 100:02}" / f"{number:06}.pt"
        key.parent.mkdir(parents=True, exist_ok=True)
        path = key.with_name(key.name + _OBJECT)
        if kind in first:
            os.link(first[kind], path)
        else:
            write(path, size, need)
            first[kind] = path
        etag = hashlib.md5(str(kind).encode()).hexdigest()
        path.with_name(path.name + ".md5").write_text(etag)
        key.with_name(key.name + _METADATA).write_text("{}")


def path_of(root: Path, uri: str) -> Path:
    """The file behind an object."""
    return root / f"{uri.removeprefix('s3://')}{_OBJECT}"


class Server:
    """s3rver, and what it was asked for."""

    def __init__(self, log: Path, url: str) -> None:
        self._log = log
        self.url = url

    def reads(self) -> int:
        """How many parts of objects it has given so far."""
        return len(_READ.findall(self._log.read_text(errors="replace")))


@contextmanager
def serving(program: Path, root: Path) -> Iterator[Server]:
    """The server over a folder, on loopback; the environment leads there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = root.with_name("server.log")
    # It makes its continuation tokens by a cipher that OpenSSL 3 only has in that provider.
    command = [
        "node",
        "--openssl-legacy-provider",
        program,
        "-d",
        root,
        "-a",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}"
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url, "AWS_ALLOW_HTTP": "true",
    }  # fmt: skip
    try:
        _wait_for(port, process)
        yield Server(log, url)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            sys.exit("the server has ended by itself")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    sys.exit("the server does not answer")


def wrong_rows(rows: list[dict], root: Path, count: int) -> int:
    """Rows that are lost, doubled, or say something else than the file on disk does."""
    from torchload_lint.checkpoint import inspect_file  # noqa: PLC0415

    wrong = abs(count - len(rows)) + len(rows) - len({row["uri"] for row in rows})
    known: dict[int, tuple[str, list[str]]] = {}
    for row in rows:
        path = path_of(root, row["uri"])
        inode = path.stat().st_ino
        if inode not in known:
            report = inspect_file(path)
            needs = [str(needed.name) for needed in report.safe_globals]
            known[inode] = report.verdict.value, needs
        verdict, needs = known[inode]
        # A policy may judge a file that calls foreign code as dangerous: it lists no needs then.
        same_needs = row["needs"].splitlines() == needs or row["judgement"] == "dangerous"
        wrong += row["verdict"] != verdict or not same_needs
    return wrong
