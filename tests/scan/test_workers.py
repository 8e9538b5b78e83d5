"""Workers that die: every object has exactly one row, and the right one."""

from __future__ import annotations

import os
import signal
from collections import Counter
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import closing, contextmanager

import pytest

from scanned import checkpoint
from torchload_lint.remote.addresses import store_of
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject
from torchload_lint.scan import engines, object_reading
from torchload_lint.scan.engines import LocalWorkers, Unit, read_units
from torchload_lint.scan.object_reading import ReadSettings, scan_batch


class Mortal(Executor):
    """Runs at once, in this process; dies at chosen calls, as a pool does with all it holds."""

    def __init__(self, deadly):
        self.deadly = deadly
        self.is_broken = False

    def submit(self, function, /, *args):
        if self.is_broken:
            raise BrokenExecutor
        future = Future()
        if self.deadly(args[0]):
            self.is_broken = True
            future.set_exception(BrokenExecutor("a worker was ended"))
        else:
            future.set_result(function(*args))
        return future


class MortalWorkers:
    at_once, count = 2, 1

    def __init__(self, deadly):
        self.deadly = deadly
        self.made = 0

    @contextmanager
    def executor(self):
        self.made += 1
        yield Mortal(self.deadly)

    def check(self):
        pass


def objects_in(folder, count):
    found = []
    for number in range(count):
        path = folder / f"{number}.pt"
        path.write_bytes(checkpoint("loads" if number % 2 else "dangerous"))
        found.append(store_of(path.as_uri()).one(path.as_uri()))
    return found


def run(objects, workers, size=5):
    units = [Unit(tuple(objects[at : at + size])) for at in range(0, len(objects), size)]
    rows = [row for _, part in read_units(units, ReadSettings(), workers) for row in part]
    assert Counter(row["uri"] for row in rows) == Counter(one.uri for one in objects)
    return {row["uri"]: row for row in rows}


def test_workers_that_die_now_and_then_lose_nothing(tmp_path):
    objects = objects_in(tmp_path, 40)
    calls = iter(range(10_000))
    workers = MortalWorkers(lambda _: next(calls) % 3 == 1)
    rows = run(objects, workers)
    assert workers.made > 3
    assert Counter(row["verdict"] for row in rows.values()) == {"loads": 20, "dangerous": 20}


def test_a_lost_scheduler_is_told(tmp_path):
    class Lost(Executor):
        def submit(self, _function, /, *_given):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    class LostWorkers(MortalWorkers):
        @contextmanager
        def executor(self):
            yield Lost()

    with pytest.raises(RemoteError, match="the scheduler is lost; what was read is kept"):
        run(objects_in(tmp_path, 2), LostWorkers(None))


def test_a_cluster_without_workers_is_left_after_a_while(monkeypatch):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster:
        monkeypatch.setattr(engines, "monotonic", iter([1.0, 1.0, 302.0]).__next__)
        with closing(engines.DaskWorkers(cluster.scheduler_address)) as workers:
            workers.check()
            with pytest.raises(RemoteError, match="there was no worker for 300 seconds"):
                workers.check()


@pytest.mark.parametrize(("each", "attempts"), [(0.0, 3), (70.0, 1)])
def test_a_slow_store_is_not_tried_again(monkeypatch, each, attempts):
    now, asked = [0.0], []

    class Slow:
        def fetch(self, *given):
            asked.append(given)
            now[0] += each
            raise RemoteError("no answer")

    monkeypatch.setattr(object_reading, "store_of", lambda _: Slow())
    monkeypatch.setattr(object_reading, "monotonic", lambda: now[0])
    monkeypatch.setattr(object_reading, "sleep", lambda _: None)
    (row,) = scan_batch([RemoteObject("s3://b/m.pt", 10)])
    assert (row["problem"], len(asked)) == ("unreachable", attempts)


def test_the_rate_is_one_of_all_workers_together(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "torchload_lint.scan.engines.scan_batch", lambda *given: asked.append(given) or []
    )
    workers = MortalWorkers(lambda _: False)
    workers.count = 4
    list(read_units([Unit(tuple(objects_in(tmp_path, 1)))], ReadSettings(rate=100.0), workers))
    assert [settings.rate for _, settings in asked] == [25.0]


def test_batches_of_one_process_keep_to_one_rate(tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(object_reading, "sleep", waits.append)
    monkeypatch.setattr(object_reading, "monotonic", lambda: 0.0)
    monkeypatch.setattr(object_reading, "_BRAKES", {})
    for one in objects_in(tmp_path, 3):
        scan_batch([one], ReadSettings(rate=10.0))
    assert waits == pytest.approx([0.0, 0.1, 0.2])


def test_an_object_that_ends_every_worker_gets_a_row_that_says_so(tmp_path):
    objects = objects_in(tmp_path, 12)
    deadly = objects[7]
    rows = run(objects, MortalWorkers(lambda given: deadly in given))
    assert rows[deadly.uri]["problem"] == "worker-died"
    assert Counter(row["problem"] == "worker-died" for row in rows.values())[True] == 1


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_processes_that_are_killed_are_replaced(tmp_path, monkeypatch):
    objects = objects_in(tmp_path, 30)
    killed = []

    class Watched(LocalWorkers):
        @contextmanager
        def executor(self):
            with super().executor() as pool:
                submit = pool.submit

                def submit_and_kill(*args):
                    future = submit(*args)
                    if len(killed) < 2:
                        victim = next(iter(pool._processes))
                        os.kill(victim, signal.SIGKILL)
                        killed.append(victim)
                    return future

                monkeypatch.setattr(pool, "submit", submit_and_kill)
                yield pool

    rows = run(objects, Watched(1))
    assert len(killed) == 2
    assert Counter(row["verdict"] for row in rows.values()) == {"loads": 15, "dangerous": 15}


def test_a_cluster_reads_the_same(tmp_path):
    distributed = pytest.importorskip("distributed")
    from torchload_lint.scan.engines import DaskWorkers

    objects = objects_in(tmp_path, 10)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        closing(DaskWorkers(cluster.scheduler_address)) as workers,
    ):
        rows = run(objects, workers)
    alone = {row["uri"]: row for row in scan_batch(objects)}
    changing = {"ms", "scanned_at"}
    for uri, row in rows.items():
        assert {k: v for k, v in row.items() if k not in changing} == {
            k: v for k, v in alone[uri].items() if k not in changing
        }
