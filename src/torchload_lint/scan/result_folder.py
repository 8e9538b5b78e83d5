"""A folder of results: what is known in it, what is new, and the whole as one table."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import closing, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from torchload_lint import __version__
from torchload_lint.scan.engines import Unit, read_units
from torchload_lint.scan.judging import judged_rows, policy_name
from torchload_lint.scan.parquet_files import (
    JUDGED_COLUMNS,
    READ_COLUMNS,
    STATE,
    TableWriter,
    clear_unfinished,
    read_rows,
    rows_below,
    unit_name,
    write_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.remote.remote_stores import RemoteObject
    from torchload_lint.scan.engines import DaskWorkers, LocalWorkers
    from torchload_lint.scan.object_reading import ReadSettings, Row
    from torchload_lint.workspace.projects import Project

UNIT = 200
"""Objects of one unit: small enough to lose with a worker, large enough for a file of its own."""
FAILED_TO_READ = frozenset({"unreachable", "worker-died"})
"""Problems of the network, not of the object: the next run reads it again."""


class Results:
    """What a folder holds; a run adds to it and loses nothing when it is killed."""

    def __init__(self, folder: Path, settings: ReadSettings) -> None:
        """Raises OSError, RemoteError."""
        self._read, self._judged = folder / "read", folder / "judged"
        self.table = folder / "table.parquet"
        self._settings = settings
        for one in (self._read, self._judged):
            one.mkdir(parents=True, exist_ok=True)
        clear_unfinished(folder)

    @property
    def _torch(self) -> str:
        return ".".join(map(str, self._settings.torch))

    def _known(self) -> set[bytes]:
        """The objects, in the states in which they were read by this version for this torch."""
        columns = [*STATE, "tool", "torch", "problem"]
        return {
            state_key(row["uri"], row["etag"], row["size"])
            for _, rows in rows_below(self._read, columns)
            for row in rows
            if self._is_current(row)
        }

    def _is_current(self, row: dict[str, Any]) -> bool:
        this = row["tool"] == __version__ and row["torch"] == self._torch
        return this and row["problem"] not in FAILED_TO_READ

    def read_new(
        self,
        listed: Sequence[RemoteObject],
        workers: Callable[[], LocalWorkers | DaskWorkers],
        show: Callable[[int, int], None],
    ) -> int:
        """Read what is not known yet; how many could not be read.

        ``workers`` is asked only where there is something; ``show``: how many of how many are done.
        """
        known = self._known()
        new = [one for one in listed if _state_of(one) not in known]
        done = failed = 0
        with closing(workers()) if new else nullcontext() as open_workers:
            units = read_units(units_of(new), self._settings, open_workers) if open_workers else ()
            for unit, rows in units:
                self._keep(unit, rows)
                done += len(rows)
                failed += sum(row["problem"] in FAILED_TO_READ for row in rows)
                show(done, len(new))
        return failed

    def _keep(self, unit: Unit, rows: list[Row]) -> None:
        """Write what was read of a unit. Raises OSError."""
        name = unit_name(unit.objects, __version__, self._torch)
        write_rows(self._read / f"{name}.parquet", rows, READ_COLUMNS)

    def judge(self, project: Project) -> int:
        """Judge what this policy has not judged yet; how many rows that were."""
        policy, count = policy_name(project), 0
        for path, rows in rows_below(self._read):
            judged = self._judged / f"{path.stem}-{policy}.parquet"
            with suppress(OSError, ValueError):
                if len(read_rows(judged, ["uri"])) == len(rows):
                    continue
            write_rows(judged, judged_rows(rows, project), JUDGED_COLUMNS)
            count += len(rows)
        return count

    def tabulate(self, listed: Sequence[RemoteObject], project: Project) -> Counter[str]:
        """Write the table of the objects that are there now; how many of each judgement."""
        counts: Counter[str] = Counter()
        left = set(map(_state_of, listed))
        with TableWriter(self.table, {**READ_COLUMNS, **JUDGED_COLUMNS}) as table:
            for rows in self._best_rows(policy_name(project), left):
                table.add(rows)
                counts.update(row["judgement"] for row in rows)
        return counts

    def _best_rows(self, policy: str, left: set[bytes]) -> Iterator[list[dict[str, Any]]]:
        """One row for each object: one that was read, rather than one that failed."""
        failed: dict[bytes, dict[str, Any]] = {}
        for path, rows in rows_below(self._read):
            judged = read_rows(self._judged / f"{path.stem}-{policy}.parquet")
            good = []
            for row, judgement in zip(rows, judged, strict=True):
                key = state_key(row["uri"], row["etag"], row["size"])
                if key not in left:
                    continue
                if self._is_current(row):
                    left.discard(key)
                    good.append({**row, **judgement})
                else:
                    failed[key] = {**row, **judgement}
            yield good
        yield [row for key, row in failed.items() if key in left]


def state_key(uri: str, etag: str, size: int) -> bytes:
    """One state of an object, in sixteen bytes: there may be millions."""
    text = f"{uri}\0{etag}\0{size}".encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=16).digest()


def _state_of(item: RemoteObject) -> bytes:
    return state_key(item.uri, item.etag, item.size)


def units_of(objects: Iterable[RemoteObject]) -> Iterator[Unit]:
    """Units of neighbours."""
    held: list[RemoteObject] = []
    for one in objects:
        held.append(one)
        if len(held) == UNIT:
            yield Unit(tuple(held))
            held = []
    if held:
        yield Unit(tuple(held))
