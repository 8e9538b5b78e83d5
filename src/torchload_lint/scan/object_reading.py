"""Read a batch of objects: pure, so that any engine can call it, on any machine.

What is read depends on nothing but the object, this program's version and the settings: no
project, no policy. That is judged afterwards, from what was read.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial
from threading import Lock
from time import monotonic, perf_counter, sleep
from typing import TYPE_CHECKING

from torchload_lint import __version__
from torchload_lint.checkpoint import (
    DEFAULT_LIMITS,
    CheckpointReport,
    Problem,
    Target,
    TorchVersion,
    Verdict,
    inspect_byte_source,
    shallow,
)
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.windows import RemoteSource
from torchload_lint.scan.stored_reports import as_stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.remote.remote_stores import RemoteObject, Store

Row = dict[str, "str | int | float | None"]
"""One row of the table (``scan/tables.py`` says what the columns are)."""
ATTEMPTS = 3
"""How often an object is read when the network fails, besides the client's own attempts."""
MOST_SECONDS = 60
"""After so long, an object is not tried again: one slow store must not hold up the others."""
_PAUSE = 0.5
"""Seconds before the second attempt; twice as long before each further one."""


class ReadSettings(NamedTuple):
    """How objects are read; the same for all rows of a table."""

    torch: tuple[int, int] = (2, 15)
    """The release whose weights-only unpickler is asked."""
    threads: int = 16
    """Objects that are read at the same time."""
    rate: float = 0.0
    """Requests a second at most of one process; 0 is no limit."""

    @property
    def release(self) -> str:
        """The release in words."""
        return ".".join(map(str, self.torch))


DEFAULTS = ReadSettings()


def scan_batch(objects: Sequence[RemoteObject], settings: ReadSettings = DEFAULTS) -> list[Row]:
    """One row for each object, in the same order. Never raises for what an object does.

    Each row has all of ``READ_COLUMNS`` (``scan/parquet_files.py``). Credentials come from the
    environment of the process that calls it, and are in no row.
    """
    places: dict[str, Store | RemoteError] = {}
    for one in objects:
        root = _root(one.uri)
        if root not in places:
            places[root] = _place(one.uri)
    brake = _BRAKES.setdefault(settings.rate, _Brake(settings.rate))
    with ThreadPoolExecutor(max(1, min(settings.threads, len(objects)))) as pool:
        return list(
            pool.map(lambda one: _row(one, places[_root(one.uri)], settings, brake), objects)
        )


class _Brake:
    """Lets requests through at most at a rate, whichever thread makes them."""

    def __init__(self, rate: float) -> None:
        self._pause = 1 / rate if rate > 0 else 0.0
        self._next = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Sleep until it is this request's turn."""
        if not self._pause:
            return
        with self._lock:
            now = monotonic()
            turn = max(self._next, now)
            self._next = turn + self._pause
        sleep(turn - now)


_BRAKES: dict[float, _Brake] = {}
"""One a rate for the whole process, which may read several batches at a time."""


def _root(uri: str) -> str:
    """The scheme and the bucket or host: what one client serves."""
    return "/".join(uri.split("/", 3)[:3])


def _place(uri: str) -> Store | RemoteError:
    try:
        return store_of(uri)
    except RemoteError as error:
        return error


def _row(
    item: RemoteObject, place: Store | RemoteError, settings: ReadSettings, brake: _Brake
) -> Row:
    started = perf_counter()
    if item.problem:
        return row_of(item, settings, _unread(item.uri, item.problem))
    if isinstance(place, RemoteError):
        return row_of(item, settings, _unread(item.uri, str(place)))
    source, report = _read(item, place, settings, brake)
    spent = round(1000 * (perf_counter() - started), 1)
    return row_of(item, settings, report, source.requests, source.bytes_read, spent)


def _read(
    item: RemoteObject, place: Store, settings: ReadSettings, brake: _Brake
) -> tuple[RemoteSource, CheckpointReport]:
    """The report, after another attempt where the network failed."""
    pause, started = _PAUSE, monotonic()
    for attempt in range(ATTEMPTS):
        said: list[RemoteError] = []
        source = RemoteSource(item.size, partial(_fetch, place, item, brake, said))
        target = Target(torch=TorchVersion(*settings.torch))
        report = inspect_byte_source(source, item.uri, target, None, shallow(DEFAULT_LIMITS))
        if not said:
            return source, report
        if monotonic() - started > MOST_SECONDS:
            break
        if attempt + 1 < ATTEMPTS:
            sleep(pause)
            pause *= 2
    return source, _unread(item.uri, str(said[0]))


def _fetch(
    place: Store, item: RemoteObject, brake: _Brake, said: list[RemoteError], start: int, end: int
) -> bytes:
    brake.wait()
    try:
        return place.fetch(item, start, end)
    except RemoteError as error:
        said.append(error)
        raise


def _unread(uri: str, why: str, code: str = "unreachable") -> CheckpointReport:
    problem = Problem(code, why, "look at the store, and scan again")
    return CheckpointReport(uri, code, Verdict.UNREADABLE, problems=(problem,))


def row_of_killer(item: RemoteObject, settings: ReadSettings) -> Row:
    """The row of an object that has ended every process that read it."""
    why = "the process that read it was ended each time"
    return row_of(item, settings, _unread(item.uri, why, "worker-died"))


def row_of(
    item: RemoteObject,
    settings: ReadSettings,
    report: CheckpointReport,
    requests: int = 0,
    bytes_read: int = 0,
    spent: float = 0.0,
) -> Row:
    """What was read of one object; ``spent`` in milliseconds."""
    return {
        **item._asdict(),
        "container": report.container,
        "protocol": report.protocol,
        "depth": "shallow",
        "verdict": report.verdict.value,
        "problem": report.problems[0].code if report.problems else "",
        "report": as_stored(report),
        "bytes_read": bytes_read,
        "requests": requests,
        "ms": spent,
        "tool": __version__,
        "torch": settings.release,
        "scanned_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }
