"""One thing after the other, what is waited for first; garbage in between."""

from __future__ import annotations

import asyncio
import gc
import weakref
from functools import partial

import pytest

from torchload_lint.editors import garbage
from torchload_lint.editors.lane import ASKED, BACKGROUND, TYPED, Lane

SECONDS = 60


class Knot:
    """What only its own cycle keeps."""

    def __init__(self) -> None:
        self.itself = self


def run(work):
    """The result of a coroutine function, within bounds."""
    return asyncio.run(asyncio.wait_for(work(), SECONDS))


def test_what_is_waited_for_comes_first_and_the_newest_of_it():
    done = []

    async def ask() -> None:
        lane, loop = Lane("test"), asyncio.get_running_loop()
        begun, release = asyncio.Event(), asyncio.Event()

        def first() -> None:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result(SECONDS)

        waiting = [asyncio.ensure_future(lane.do(BACKGROUND, first))]
        await begun.wait()
        for urgency, name in (
            (BACKGROUND, "others"),
            (TYPED, "cancelled"),
            (TYPED, "old"),
            (TYPED, "new"),
            (ASKED, "asked"),
        ):
            work = partial(done.append, name)
            waiting.append(asyncio.ensure_future(lane.do(urgency, work)))
        await asyncio.sleep(0)
        waiting.pop(2).cancel()
        release.set()
        await asyncio.gather(*waiting)

    run(ask)
    assert done == ["asked", "new", "old", "others"]


def test_garbage_is_collected_between_answers(monkeypatch):
    monkeypatch.setattr(garbage, "SHORTEST_SECONDS", 0.0)

    async def ask() -> None:
        knot = await Lane("test").do(ASKED, lambda: weakref.ref(Knot()))
        assert knot() is not None
        while knot() is not None:  # noqa: ASYNC110 - nothing tells of what is freed
            await asyncio.sleep(0.01)

    was_on = gc.isenabled()
    gc.disable()
    try:
        run(ask)
    finally:
        if was_on:
            gc.enable()


def test_collecting_takes_a_small_share(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(garbage.time, "thread_time", lambda: now[0])
    monkeypatch.setattr(garbage.gc, "collect", lambda: now.__setitem__(0, now[0] + 0.5))
    kept = garbage.Garbage()
    kept.add(garbage.SHORTEST_SECONDS / 2)
    assert not kept.is_due()
    kept.add(garbage.SHORTEST_SECONDS)
    assert kept.is_due()
    kept.collect()
    kept.add(0.5 * garbage.SHARE)
    assert not kept.is_due()
    kept.collect()  # not due: nothing is done
    assert now == [0.5]
    kept.add(0.1)
    assert kept.is_due()


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyError("gone")])
def test_what_goes_wrong_is_the_askers(error):
    def fail() -> None:
        raise error

    async def ask() -> int:
        lane = Lane("test")
        with pytest.raises(type(error)):
            await lane.do(ASKED, fail)
        return await lane.do(ASKED, lambda: 5)

    assert run(ask) == 5
